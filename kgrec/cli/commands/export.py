"""`kgrec export`: the graph as files for other tools."""

from __future__ import annotations

from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.progress_bars import progress_bars

export = typer.Typer(help="Write the graph as files for other tools; each takes --json.")


@export.command("neo4j-admin")
def neo4j_admin(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder to make, or an earlier export to replace.")],
    store: opt.Store = opt.DEFAULT_STORE,
    database: Annotated[
        str, typer.Option("--database", metavar="NAME", help="Neo4j database that the files are for.")
    ] = "neo4j",
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Write the graph for `neo4j-admin database import full`, the fastest way into an empty Neo4j database."""
    from kgrec.graph import open_store
    from kgrec.graph.export.neo4j_admin import CONSTRAINTS, SCRIPT, export_for_neo4j_admin

    with open_store(store, read_only=True) as opened, progress_bars(quiet, verbose) as progress:
        done = export_for_neo4j_admin(opened, folder, database=database, progress=progress)
    if as_json:
        output.print_json(done.as_dict())
        return
    output.show(
        output.table(("label or type", "rows"), done.rows.items()),
        "In the folder, as the server's user, while the database is stopped or does not exist yet:",
        f"  {done.command_line}",
        f"or run {SCRIPT} there, which says the same. The import makes no constraints: once the database is started,",
        f"  cypher-shell -d {database} -f {CONSTRAINTS}",
        "makes them. kgrec does so, too, when it opens the database for writing.",
    )
