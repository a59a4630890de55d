"""`kgrec check`: what is odd in the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.text import Text

from kgrec.cli import options as opt
from kgrec.cli import output

if TYPE_CHECKING:
    from kgrec.extract.checks import CheckReport

_STYLES = {"PASS": "green", "WARN": "yellow", "FAIL": "bold red"}


def check(schema: opt.Schema, source: opt.Sources, as_json: opt.Json = False) -> None:
    """Say what is odd in the sources before anything is imported; exit 3 where something must be corrected."""
    from kgrec.pipeline import check_sources

    report = check_sources(schema, source)
    if as_json:
        output.print_json(report.as_dict())
    else:
        _show(report)
    if report.status == "FAIL":
        raise typer.Exit(3)


def _show(report: CheckReport) -> None:
    """Each question with its answer, and the worst of all."""
    rows = [(Text(c.status, _STYLES[c.status]), c.what, c.count, c.of, c.first or "") for c in report.checks]
    output.show(output.table(("", "check", "count", "of", "first"), rows), Text(report.status, _STYLES[report.status]))
