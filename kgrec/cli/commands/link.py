"""`kgrec link`: which accounts are one person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.errors import ConfigError
from kgrec.plain_text import visible

if TYPE_CHECKING:
    from kgrec.data.persons import AccountLink
    from kgrec.graph.item_suggestions import SuggestedItems

link = typer.Typer(
    help="Accounts that are one person; each takes --json.",
    context_settings={"help_option_names": ["--help", "-h"]},
    no_args_is_help=True,
)
Account = Annotated[str, typer.Argument(metavar="USER", help="Id of an account.")]
_TRAIN = "note: lists follow at once; what is learned follows with the next `kgrec train`"


@link.command()
def add(
    user: Account,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Id of the account that is the same person's.")],
    confidence: Annotated[
        float | None, typer.Option("--confidence", help="From 0 to 1; less than the schema asks for is a proposal.")
    ] = None,
    since: Annotated[float | None, typer.Option("--since", metavar="SECONDS", help="Since when, unix seconds.")] = None,
    type: Annotated[
        str | None, typer.Option("--type", metavar="NAME", help="The edge type, where the schema has several.")
    ] = None,
    store: opt.Store = opt.DEFAULT_STORE,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Say that two accounts are one person; no import takes it back."""
    from kgrec.graph import open_store
    from kgrec.graph.link_editing import add_link, known_account

    with open_store(store, create=False) as graph:
        accounts = add_link(graph, user, other, confidence=confidence, since=since, type=type)
        together = known_account(graph, other) in accounts
        graph.checkpoint()
    if as_json:
        output.print_json({"user": user, "other": other, "accounts": accounts})
    elif together:
        output.show(f"One person: {', '.join(map(visible, accounts))}")
    else:
        output.show("Kept as a proposal: its confidence is less than the schema asks for.")
    if not quiet and together:
        output.note(_TRAIN)


@link.command()
def remove(
    user: Account,
    other: Annotated[str | None, typer.Argument(metavar="OTHER", help="The account that it is linked with.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="NAME", help="Take this key from the account, such as email.")
    ] = None,
    store: opt.Store = opt.DEFAULT_STORE,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Take a link back, or a key that links an account: it is as if it had never been."""
    from kgrec.graph import open_store
    from kgrec.graph.link_editing import known_account, linked_by_source, remove_key, remove_link
    from kgrec.graph.person_links import accounts_of

    if (other is None) == (key is None):
        raise ConfigError(
            "a link is named by the other account or by a key.",
            found="neither" if other is None else "both",
            expected="one of them",
            next="write `kgrec link remove USER OTHER`, or `kgrec link remove USER --key NAME`",
        )
    with open_store(store, create=False) as graph:
        links: list[AccountLink] = []
        if other is not None:
            links = remove_link(graph, user, other)
        elif key is not None:
            remove_key(graph, user, key)
        graph.checkpoint()
        accounts = accounts_of(graph, known_account(graph, user))
        still = other is not None and known_account(graph, other) in accounts
    if as_json:
        output.print_json({"user": user, "other": other, "key": key, "accounts": accounts})
    else:
        output.show(f"{visible(user)} is now {_in_words(accounts)}.")
    if still:
        output.note(f"warning: {visible(user)} and {visible(str(other))} are one person by further links or keys")
    if quiet:
        return
    stating = linked_by_source(links)
    if key or stating:
        who = f"of {visible(', '.join(stating))}" if stating else "that states the key"
        output.note(f"note: the next import {who} states it again: correct it at its source, too")
    output.note(_TRAIN)


@link.command("list")
def listed(
    user: Annotated[str | None, typer.Argument(metavar="USER", help="Only of the person who has this account.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Links that are shown; with --json all are.")] = 50,
    store: opt.Store = opt.DEFAULT_STORE,
    as_json: opt.Json = False,
) -> None:
    """List persons with several accounts, and what makes them one; also what does not."""
    from kgrec.graph import open_store
    from kgrec.graph.link_listing import linked_accounts

    with open_store(store, read_only=True, create=False) as graph:
        found = linked_accounts(graph, user)
    if as_json:
        output.print_json(found)
        return
    output.show(f"{len(found['persons']):,} persons have several accounts.")
    if found["persons"]:
        output.show(output.table(["person", "accounts"], _rows(found["persons"], limit)))
    if found["links"]:
        columns = ["account", "other", "by", "confidence", "since", "stated by", "says"]
        output.show(output.table(columns, ([row[name] for name in columns] for row in found["links"][:limit])))
    for text in found["left apart"]:
        output.note(f"warning: {visible(text)}")
    if max(len(found["persons"]), len(found["links"])) > limit:
        output.note(f"note: the first {limit}; --limit shows more, --json all")


@link.command()
def suggest(
    items: Annotated[
        bool, typer.Option("--items", help="Items of two platforms that may be one product, instead of accounts.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the likeliest first.")] = 20,
    least: Annotated[
        float | None,
        typer.Option(
            "--least",
            min=0.0,
            max=1.0,
            help="The smallest score that is shown; 0.3 where nothing is given, of items 0.5.",
        ),
    ] = None,
    store: opt.Store = opt.DEFAULT_STORE,
    as_json: opt.Json = False,
) -> None:
    """List accounts that may be one person, or items that may be one, with what speaks for it; nothing is linked."""
    from kgrec.data.same_items import LEAST_SHARE
    from kgrec.graph import open_store
    from kgrec.graph.item_suggestions import suggest_same_items
    from kgrec.graph.link_suggestions import LEAST_SCORE, suggest_links

    with open_store(store, read_only=True, create=False) as graph:
        if items:
            same = suggest_same_items(graph, limit, LEAST_SHARE if least is None else least)
            _show_items(same, as_json)
            return
        found = suggest_links(graph, limit, LEAST_SCORE if least is None else least)
    if as_json:
        output.print_json({"suggestions": [one.as_dict() for one in found]})
    elif found:
        rows = [(visible(one.account), visible(one.other), one.score, "; ".join(one.evidence)) for one in found]
        output.show(output.table(["account", "other", "score", "what speaks for it"], rows))
        output.note("note: proposals, of which some are wrong; `kgrec link add` makes one count")
    else:
        output.show("No accounts have so much in common that few others have.")


def _show_items(found: list[SuggestedItems], as_json: bool) -> None:
    if as_json:
        output.print_json({"suggestions": [one.as_dict() for one in found]})
    elif found:
        rows = [
            (*_named(one), one.score, f"{one.both} of the {one.either} people who took either took both")
            for one in found
        ]
        output.show(output.table(["item", "other", "score", "what speaks for it"], rows))
        output.note(
            "note: proposals; a property that both have, named under `align`, makes them one at the next import"
        )
    else:
        output.show("No items of different platforms were taken by the same people.")


def _named(one: SuggestedItems) -> list[str]:
    pairs = zip(one.names, (one.item, one.other), strict=True)
    return [visible(uid) if name in ("", uid) else f"{visible(name)} ({visible(uid)})" for name, uid in pairs]


def _rows(persons: Iterable[list[str]], limit: int) -> list[list[Any]]:
    return [[accounts[0], ", ".join(accounts)] for accounts in list(persons)[:limit]]


def _in_words(accounts: tuple[str, ...]) -> str:
    several = f"a person with the accounts {', '.join(map(visible, accounts))}"
    return several if len(accounts) > 1 else "a person of one account"
