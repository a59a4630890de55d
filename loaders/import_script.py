"""A loader as a graph import script: ``python -m kgrec_loaders.wikidata_films --store URL``."""

from __future__ import annotations

import argparse
import sys

from kgrec.errors import KgrecError


def run(loader: str, default_schema: str) -> None:
    """Parse the command line and import what the loader reads; exit with the error's code when it fails.

    Args:
        loader: name of the loader's entry point.
        default_schema: name of the shipped schema to use when none is given; empty: one must be given.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m kgrec_loaders.{loader}", description=f"Import {loader} into a graph store."
    )
    parser.add_argument("--store", required=True, metavar="URL", help="kglite:PATH or neo4j://HOST:PORT/DATABASE")
    parser.add_argument(
        "--schema",
        default=default_schema or None,
        required=not default_schema,
        metavar="NAME",
        help="a shipped graph schema or a YAML file" + (f" (default: {default_schema})" if default_schema else ""),
    )
    parser.add_argument("--location", default="", help="where the loader reads, see its documentation")
    options = parser.parse_args()

    # A loader knows records and errors only; as a script it is the one who asks for the whole flow.
    from kgrec.pipeline import ingest

    source = f"{loader}:{options.location}" if options.location else loader
    try:
        report = ingest(options.schema, [source], options.store)
        print(f"{options.store} holds {report.counts}")  # noqa: T201
    except KgrecError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
