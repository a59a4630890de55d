"""`kgrec ingest`: sources into the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.exits import resumable
from kgrec.cli.progress_bars import progress_bars
from kgrec.config import MAX_DROPPED, MAX_REMOVED
from kgrec.errors import ConfigError, NothingLeftError
from kgrec.plain_text import visible


def ingest(
    schema: opt.Schema = "",
    source: opt.Sources | None = None,
    store: opt.Store = opt.DEFAULT_STORE,
    follow: opt.Follow = None,
    events: opt.Events = "",
    on_error: Annotated[
        Literal["fail", "skip"], typer.Option("--on-error", help="Stop at a row that does not fit, or leave it out.")
    ] = "fail",
    max_dropped: Annotated[
        float,
        typer.Option(
            "--max-dropped",
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="Fail where more of a table's rows must be left out: they do not fit, or name unknown nodes.",
        ),
    ] = MAX_DROPPED,
    partial: Annotated[
        bool, typer.Option("--partial", help="Another import brings the users, items or interactions that are missing.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="At the end remove what the same sources stated before and no longer state."),
    ] = False,
    max_removed: Annotated[
        float,
        typer.Option(
            "--max-removed",
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="With --replace: remove nothing and fail where more of a type's records would go; 0 only counts.",
        ),
    ] = MAX_REMOVED,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Import sources into the graph. Stopped on the way, it continues when it is run again.

    With --follow, events of streams go into the graph as they come, after what --source names, until it is stopped.
    Ends with exit code 6 where every row of a type had to be left out.
    """
    from kgrec.live.streams import open_streams
    from kgrec.pipeline import ingest as import_sources

    streams = open_streams(follow or (), events)  # what cannot be followed is told before anything is imported
    report: dict[str, Any] = {}
    if schema or source or not streams:
        missing = [f"'--{name}'" for name, value in (("schema", schema), ("source", source)) if not value]
        if missing:
            raise ConfigError(f"Missing option {missing[0]}.", where="kgrec ingest", next="see `kgrec ingest --help`")
        with resumable(), progress_bars(quiet, verbose) as progress:
            report = import_sources(
                schema,
                source or [],
                store,
                on_error=on_error,
                max_dropped=max_dropped,
                partial=partial,
                replace=replace,
                max_removed=max_removed,
                progress=progress,
            ).as_dict()
        if not as_json:
            _show(report)
        elif not streams:
            output.print_json(report)
        _note(report, quiet)
    if streams:
        from kgrec.cli.followed import follow_until_stopped

        followed = follow_until_stopped(streams, store, events, quiet=quiet)
        if as_json:
            output.print_json(report | {"followed": followed})
        else:
            output.show_facts(followed, "Followed")


def _note(report: Mapping[str, Any], quiet: bool) -> None:
    """Say on stderr what should be known of an import; an exit code where it left out every row of a type."""
    for note in () if quiet else report["notes"]:
        output.note(f"note: {visible(note)}")
    for text in report["warnings"]:
        output.note(f"warning: {visible(text)}")
    _note_dangling(report["tables"])
    if report["nothing_left"]:
        output.note(f"every row was left out of: {visible(', '.join(report['nothing_left']))}")
        raise typer.Exit(NothingLeftError.exit_code)


def show_imports(tables: Iterable[Mapping[str, Any]]) -> None:
    """What an import did, table by table, with its rate."""
    columns = ("kind", "table", "rows", "created", "matched", "dangling", "rows_per_s")
    rows = [[row[name] for name in columns] for row in tables]
    if rows:
        output.show(Text("Imported", "bold"), output.table(columns, rows))


def _show(report: Mapping[str, Any]) -> None:
    """What an import did and left out, and what the store holds now."""
    show_imports(report["tables"])
    if report["skipped_batches"]:
        output.show(f"{report['skipped_rows']:,} rows were in from an interrupted import and were passed over.")
    output.show_facts({name: report[name] for name in ("replaced", "problems", "alignment", "counts") if report[name]})


def _note_dangling(tables: Iterable[Mapping[str, Any]]) -> None:
    """Say on stderr which tables refer to nodes that do not exist."""
    for row in tables:
        if row["dangling"]:
            which = f"{row['dangling']:,} of {row['rows']:,} {row['kind']} from {visible(row['table'])}"
            output.note(
                f"note: {which} refer to nodes that do not exist and were left out, "
                f"such as {visible(', '.join(row['missing']))}"
            )
