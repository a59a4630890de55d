"""`kgrec demo`: the main job on real films."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import train_config
from kgrec.cli.commands.ingest import show_imports
from kgrec.cli.measurements import show_rows
from kgrec.cli.progress_bars import progress_bars
from kgrec.explanation.wording.languages import wording_of
from kgrec.pages.charts import evidence_of
from kgrec.plain_text import visible


def demo(
    out: Annotated[str, typer.Option("--out", metavar="PATH", help="Folder for report.json and report.html.")] = "demo",
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="URL", help="The graph to build. [default: a new one in the folder]"),
    ] = None,
    settings: opt.Settings = None,
    seed: opt.Seed = None,
    user: opt.User = None,
    lang: opt.Language = "en",
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """The whole way on real films: import, align, learn, measure, and recommend with reasons."""
    config = train_config(settings, seed) if settings or seed is not None else None
    from kgrec.cli.film_demo import film_demo

    with progress_bars(quiet, verbose) as progress:
        report = film_demo(out, store, config=config, user=user, progress=progress)
    if as_json:
        output.print_json(report)
    else:
        _show(report, out, lang)


def _show(report: Mapping[str, Any], folder: str, language: str) -> None:
    """The demo: counts, alignment, metrics, one person's list with its reasons, and where the page is."""
    show_imports(report.get("imports", ()))
    output.show_facts({name: report[name] for name in ("counts", "alignment")})
    rows = {"rows": report["metrics"], "rows_whole_catalogue": report["metrics_whole_catalogue"]}
    show_rows({**rows, "timings_s": report["timings_s"]})
    output.show(whom(report))
    for shown in report["explanations"]:
        output.show(*lines_of(shown, language))
    output.show(f"The page: {folder}/report.html")


def whom(report: Mapping[str, Any]) -> str:
    """For whom the list is, in a line."""
    user = report["user"]
    return f"For user {visible(user['id'])}, who knows {', '.join(map(visible, user['history'][:5]))}:"


def lines_of(shown: Mapping[str, Any], language: str) -> list[str]:
    """A recommended item in three lines: its rank, what its score is the sum of, and its reasons."""
    new = f" [{wording_of(language).labels.new}]" * shown["new"]
    parts: dict[str, float] = {}
    for reason in shown["reasons"]:
        name = evidence_of(reason).replace("_", " ")
        parts[name] = parts.get(name, 0.0) + reason["value"]
    ordered = [*sorted(parts.items(), key=lambda part: -abs(part[1])), ("scaling", shown["constant"])]
    return [
        f"{shown['rank']:>3}. {visible(shown['name'])}{new}  {shown['score']:.4f}",
        "     = " + "  ".join(f"{visible(name)} {value:+.2f}" for name, value in ordered),
        f"     {visible(shown['sentence'][language])}",
    ]
