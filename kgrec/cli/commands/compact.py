"""`kgrec compact`: a smaller bundle that answers as well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.progress_bars import progress_bars
from kgrec.errors import ConfigError
from kgrec.plain_text import local_path
from kgrec.progress import Progress

_MB = 1e6


def compact(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="What `kgrec train` wrote.")],
    max_loss: Annotated[
        float,
        typer.Option("--max-loss", min=0.0, max=1.0, help="Share of ndcg@10 that may be lost."),
    ] = 0.005,
    out: Annotated[
        str,
        typer.Option("--out", metavar="FOLDER", help="Where to write it; by default beside BUNDLE, as BUNDLE.compact."),
    ] = "",
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Make a bundle smaller: what says little is left out, what stays takes a byte; the lists are compared before."""
    folder = out or f"{bundle.rstrip('/')}.compact"
    with progress_bars(quiet, verbose) as progress:
        report = _make_smaller(local_path(bundle), local_path(folder), max_loss, progress)
    if as_json:
        output.print_json({"bundle": folder, **report})
        return
    before, after = report["bytes"]["before"], report["bytes"]["after"]
    parts = sorted(before.keys() | after.keys(), key=lambda part: -before.get(part, 0))
    rows = [(part, *_sizes(before.get(part, 0), after.get(part, 0))) for part in parts]
    whole = ("all of it", *_sizes(sum(before.values()), sum(after.values())))
    output.show(output.table(("MB of", "before", "after", "smaller by"), [*rows, whole]))
    output.show_facts({"bundle": folder, **_comparison(report)})
    output.note(
        "note: the weights have learned from the hidden items, too: this compares two models, and measures neither"
    )


def _make_smaller(source: Path, folder: Path, max_loss: float, progress: Progress) -> dict[str, Any]:
    """What was done as plain data; whoever was forgotten since the bundle was learned is not in the smaller one."""
    from kgrec.bundle.bundle import Bundle
    from kgrec.bundle.bundle_versions import BundleVersions
    from kgrec.bundle.part_sizes import part_sizes
    from kgrec.bundle.without_users import without_users
    from kgrec.evaluation.compaction import compacted
    from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenMeanwhile, ForgottenUsers, save_without_forgotten

    if folder.resolve() == source.resolve():
        raise ConfigError(
            "a bundle is not written over by a smaller one.",
            where="--out",
            found=str(folder),
            expected="another folder than the bundle's",
            next="name another one; then move it where the bundle is served from",
        )
    places = source / FORGOTTEN, BundleVersions(source).folder / FORGOTTEN
    meanwhile, forgotten = [ForgottenMeanwhile(path) for path in places], ForgottenUsers(*places)
    bundle = Bundle.load(source)
    gone = [user for user in bundle.persons.every_account(bundle.users) if user in forgotten]
    done = compacted(without_users(bundle, gone), max_loss, progress.named("Compact"))
    saved = done.bundle
    for of in meanwhile:
        saved = save_without_forgotten(saved, folder, of)
    return {"bytes": {"before": part_sizes(source), "after": part_sizes(folder)}, **done.as_dict()}


def _sizes(before: int, after: int) -> tuple[object, ...]:
    times = f"{before / after:.1f} x" if after else ""
    return tuple(map(output.figure, (f"{before / _MB:,.2f}", f"{after / _MB:,.2f}", times)))


def _comparison(report: dict[str, Any]) -> dict[str, str]:
    lists, ms = report["comparison"], report["milliseconds of a list"]
    loss, at_most = (100 * lists[name] for name in ("loss", "loss with its standard error"))
    return {
        "ndcg@10 of hidden items": f"{lists['ndcg@10']:.4f}, before {lists['ndcg@10 before']:.4f} "
        f"({lists['users']:,} users, whose newest fifth was hidden)",
        "loss": f"{loss:.2f} %, {at_most:.2f} % with its standard error",
        "items of top-10 lists that stay": f"{100 * lists['items that stay in lists']:.1f} %",
        "a list takes": f"{ms['after']:.2f} ms, before {ms['before']:.2f} ms",
    }
