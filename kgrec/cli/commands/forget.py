"""`kgrec forget`: people with all they did, out of everything that kgrec has written, with a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.exits import resumable
from kgrec.cli.progress_bars import progress_bars
from kgrec.errors import ConfigError, StillThereError, UnknownUserError
from kgrec.plain_text import local_path, visible

if TYPE_CHECKING:
    from kgrec.graph.people_in_graph import PeopleInGraph
    from kgrec.privacy.forgetting import Place, Proof

_NEVER_SEARCHED = (
    "backups, exports and log files that were not named (--also)",
    "the sources, from which an import brings them back",
)


def forget(
    users: Annotated[list[str] | None, typer.Argument(metavar="USER...", help="Ids of the users.")] = None,
    expired: Annotated[
        bool,
        typer.Option("--expired", help="Instead of users: what the graph's schema keeps no longer, see `keep_days`."),
    ] = False,
    store: opt.Store = opt.DEFAULT_STORE,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    events: opt.Events = "",
    keys: opt.Keys = "",
    state: opt.State = "",
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="PATH",
            help="A copy or another bundle, graph file, event log or file of keys; other files are searched only. "
            "Can be repeated.",
        ),
    ] = None,
    proof: Annotated[
        str | None,
        typer.Option("--proof", metavar="FILE", help="Where to write the proof. [default: forgotten-TIME.json]"),
    ] = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Take users out of the graph, bundles and their versions, the event log, keys and checkpoints, and prove it."""
    if expired == bool(users):
        raise ConfigError(
            "who or what is forgotten is not clear.",
            found="users and --expired" if users else "neither users nor --expired",
            expected="one of them",
            next="write `kgrec forget USER...`, or `kgrec forget --expired`",
        )
    if not users:
        from kgrec.cli.expired import forget_expired, show_expired

        with ExitStack() as opened, resumable():
            show_expired(forget_expired(store, bundle, events, opened), as_json, quiet)
        return
    from kgrec.bundle.people_in_bundle import PeopleInBundle
    from kgrec.cli.personal_places import (
        graph_place,
        ids_of_people,
        key_of_people,
        keys_place,
        not_named,
        opened_log,
        recognised,
    )
    from kgrec.live.people_in_log import PeopleInLog
    from kgrec.privacy.forgetting import Person
    from kgrec.privacy.forgetting import forget as take_out
    from kgrec.privacy.people_in_table import PeopleInTable
    from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers

    with ExitStack() as opened, resumable():
        graph = graph_place(store, users, opened)
        of_bundle = PeopleInBundle(bundle)
        ids_of = ids_of_people(graph, of_bundle, users)
        ids = list(dict.fromkeys(uid for known in ids_of.values() for uid in known))
        # Graph and bundles tell who is one person: they come last, for whoever is stopped and begins again.
        places: list[Place] = [PeopleInLog(opened_log(events, opened))] if events else []
        places += [keys_place(keys)] if keys else []
        places += [recognised(path, ids, opened) for path in also or ()]
        places += [graph, *([of_bundle] if of_bundle.exists else [])]
        key = key_of_people(graph)
        table = None if key is None or key.table is None else PeopleInTable(key, key.table)
        # Beside an id, a hash of its drawn pseudonym would say whose rows an old copy has.
        kept = sorted(key.table.among(ids)) if key and key.table and graph.pseudonymous else ids
        folders = [of_bundle.path, local_path(state) if state else of_bundle.versions]
        forgotten = ForgottenUsers(*(folder / FORGOTTEN for folder in folders))

        def check(found: Mapping[str, int]) -> None:
            _refuse_unknown(
                [user for user, known in ids_of.items() if not any(found[uid] or uid in forgotten for uid in known)],
                graph,
            )
            with suppress(OSError):  # it is said below
                folders[-1].mkdir(parents=True, exist_ok=True)
            ForgottenUsers(folders[-1] / FORGOTTEN).add(*kept)  # a training that is under way looks there at its end
            for folder in folders[:-1]:
                if folder.is_dir():
                    ForgottenUsers(folder / FORGOTTEN).add(*kept)

        progress = opened.enter_context(progress_bars(quiet, verbose))
        path = local_path(proof) if proof else _free(f"forgotten-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        said = take_out(
            [Person(user, graph.texts(user)) for user in ids],
            places,
            path,
            key=key,
            last=table,
            accept=lambda said: _refuse_half_done(said, path, ids, graph),
            not_searched=[*not_named(events, keys, of_bundle, bundle), *_NEVER_SEARCHED],
            check=check,
            progress=progress.named("Forget"),
        )
    _show(said, path, users, as_json, quiet)


def _refuse_unknown(unknown: Sequence[str], graph: PeopleInGraph) -> None:
    if unknown:
        raise UnknownUserError(
            f"nobody knows {len(unknown)} of the users; nobody was forgotten."
            if len(unknown) > 1
            else "no such user in the graph, nor anywhere else.",
            where=graph.where,
            found=", ".join(map(repr, unknown[:3])),
            next=graph.nearly(unknown[0]) or "correct the id",
        )


def _refuse_half_done(said: Proof, proof: Path, ids: Sequence[str], graph: PeopleInGraph) -> None:
    from kgrec.privacy.byte_search import Needles

    left = dict[str, int]()
    if said.files_left:
        theirs = Needles.of(set(ids) - graph.others_with(ids))  # some stand in what others are called
        left = {file: hits for file in said.files_left if (hits := theirs.hits(Path(file)))}
    if said.entries_left or left:
        raise StillThereError(
            "something of the people is left.",
            where=str(proof),
            found="\n".join(
                [
                    *(f"{one.entries_after} in {one.what} {one.where}" for one in said.places if one.entries_after),
                    *(f"{hits} times in {file}" for file, hits in left.items()),
                ]
            ),
            expected="no entry and no byte",
            next="stop what writes there, and run the same command again",
        )


def _free(name: str) -> Path:
    """A path in this folder that nobody has."""
    path, number = Path(f"{name}.json"), 2
    while path.exists():
        path, number = Path(f"{name}-{number}.json"), number + 1
    return path


def _show(said: Proof, proof: Path, users: Sequence[str], as_json: bool, quiet: bool) -> None:
    if as_json:
        output.print_json({"users": len(users), "proof": str(proof), **asdict(said)})
        return
    entries = sum(place.entries_before for place in said.places)
    who = f"{visible(users[0])} is" if len(users) == 1 else f"{len(users):,} users are"
    output.show(f"{who} forgotten: {entries:,} entries in {len(said.places)} places, 0 are left. Proof: {proof}")
    if quiet:
        return
    for sentence in said.waits:
        output.note(f"note: {visible(sentence)}")
    for sentence in said.not_searched:
        output.note(f"not searched: {visible(sentence)}")
