"""`kgrec federate`: platforms that may not share rows share sums."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import check_output
from kgrec.errors import ConfigError
from kgrec.plain_text import local_path

if TYPE_CHECKING:
    from kgrec.learn.federated.item_sums import ItemSums

federate = typer.Typer(
    help="Platforms that may not share rows share sums; each takes --json.",
    context_settings={"help_option_names": ["--help", "-h"]},
    no_args_is_help=True,
)
Out = Annotated[str, typer.Option("--out", metavar="FILE", help="File to write.")]
_KEPT = "note: {own} stays here; take it away with `kgrec federate others` from what all platforms sum up to"


@federate.command()
def items(out: Out, store: opt.Store = opt.DEFAULT_STORE, as_json: opt.Json = False) -> None:
    """Write the ids of all items that somebody has taken, one a line: `sort -u` of several makes a common list."""
    check_output(out, folder=False)
    from kgrec.graph import opened
    from kgrec.graph.dataset_reader import read_dataset

    with opened(store) as graph:
        dataset = read_dataset(graph)
    ids = sorted({dataset.items[row] for row in set(dataset.interactions.item.tolist())})
    local_path(out).write_text("".join(f"{uid}\n" for uid in ids), encoding="utf-8")
    _said({"items": len(ids), "out": out}, as_json)


@federate.command()
def key(out: Out, as_json: opt.Json = False) -> None:
    """Make a secret key for masks and print the public one, which the other platforms need."""
    from kgrec.learn.federated.masks import new_key

    _said({"public key": new_key(local_path(out)), "out": out}, as_json)


@federate.command()
def sums(
    out: Out,
    common: Annotated[
        str, typer.Option("--items", metavar="FILE", help="Ids that all platforms agreed on, one a line.")
    ],
    store: opt.Store = opt.DEFAULT_STORE,
    own: Annotated[
        str | None, typer.Option("--own", metavar="FILE", help="The same without masks, for here. [default: OUT.own]")
    ] = None,
    clip: Annotated[
        float | None,
        typer.Option("--clip", metavar="C", min=1.0, help="Most that one user moves the sums. [default: no bound]"),
    ] = None,
    epsilon: Annotated[
        float | None, typer.Option("--epsilon", help="Add noise, so much that this privacy budget holds; needs --clip.")
    ] = None,
    delta: Annotated[float, typer.Option("--delta", help="Of that budget.")] = 1e-6,
    secret: Annotated[str | None, typer.Option("--key", metavar="FILE", help="Mask them, with this key.")] = None,
    peers: Annotated[
        list[str] | None, typer.Option("--peer", metavar="KEY", help="Public key of another platform. Can be repeated.")
    ] = None,
    round_name: Annotated[str, typer.Option("--round", metavar="NAME", help="Of masks; never the same twice.")] = "",
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Sum up which items were taken together, over all users of a graph."""
    if (secret is None) != (not peers) or (secret is not None and not round_name):
        raise ConfigError(
            "masks need a key, peers and a round.",
            found=", ".join(
                name for name, given in (("--key", secret), ("--peer", peers), ("--round", round_name)) if given
            ),
            expected="--key FILE, --peer KEY for each other platform, --round NAME",
            next="give all of them, or none",
        )
    kept = own or f"{out}.own"
    for path in (out, kept):
        check_output(path, folder=False)
    from kgrec.graph import opened
    from kgrec.graph.dataset_reader import read_dataset
    from kgrec.learn.federated.item_sums import ItemSums
    from kgrec.learn.federated.masks import masked
    from kgrec.learn.federated.noise import multiplier_for, noised

    ids = _lines(common)
    with opened(store) as graph:
        dataset = read_dataset(graph)
    bound = float("inf") if clip is None else clip
    plain = ItemSums.of(dataset.interactions, len(dataset.users), dataset.items, ids, bound)
    facts: dict[str, Any] = {"items": len(ids), "users": len(dataset.users)}
    if epsilon is not None:
        plain = noised(plain, multiplier_for(epsilon, delta))
        facts |= {"epsilon": epsilon, "delta": delta, "noise in clips": plain.noise}
    plain.save(local_path(kept))
    sent = plain if secret is None else masked(plain, local_path(secret), peers or [], round_name)
    sent.save(local_path(out))
    _said({**facts, "out": out, "own": kept}, as_json)
    if not quiet and not as_json:
        output.note(_KEPT.format(own=kept))


@federate.command()
def join(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Sums of the platforms.")],
    out: Out,
    as_json: opt.Json = False,
) -> None:
    """Add up the sums of several platforms; masks cancel when all are there."""
    check_output(out, folder=False)
    from kgrec.learn.federated.item_sums import ItemSums

    parts = [ItemSums.load(local_path(file)) for file in files]
    total = parts[0]
    for part in parts[1:]:
        total = total.plus(part)
    _check_complete(total)
    total.save(local_path(out))
    _said({"platforms": len(parts), "items": len(total.items), "out": out}, as_json)


@federate.command()
def others(
    total: Annotated[str, typer.Argument(metavar="TOTAL", help="Sums of all platforms, of `join`.")],
    own: Annotated[str, typer.Option("--own", metavar="FILE", help="Those of this platform, as `sums` kept them.")],
    out: Out,
    as_json: opt.Json = False,
) -> None:
    """Take the own sums away: what is left is what people elsewhere do, for `kgrec train --set sums=FILE`."""
    check_output(out, folder=False)
    from kgrec.learn.federated.item_sums import ItemSums

    rest = ItemSums.load(local_path(total)).minus(ItemSums.load(local_path(own)))
    rest.save(local_path(out))
    _said({"items": len(rest.items), "out": out}, as_json)


def _check_complete(total: ItemSums) -> None:
    if total.awaited:
        _ = total.gram  # says who is missing


def _lines(path: str) -> list[str]:
    try:
        return Path(local_path(path)).read_text(encoding="utf-8").split("\n")[:-1]
    except OSError as error:
        raise ConfigError(
            "the common list cannot be read.",
            where=path,
            found=error.strerror or type(error).__name__,
            expected="ids of items, one a line",
            next="make one: `kgrec federate items`, and `sort -u` of those of all platforms",
        ) from error


def _said(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.print_json(facts)
    else:
        output.show_facts(facts)
