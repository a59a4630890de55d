"""`kgrec cypher`: the look-ups by name as plain Cypher for one's own graph, and how a statement is printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.errors import ConfigError, GraphError, shorten

if TYPE_CHECKING:
    from kgrec.schema.model import GraphSchema


def cypher(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The look-up to print; without it, a list.")
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option("--schema", metavar="NAME|PATH", help="The graph's schema. [default: the one of the store]"),
    ] = None,
    store: opt.Store = opt.DEFAULT_STORE,
    values: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="Value of a parameter, such as user=ann. Can be repeated."),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Print a look-up by name as Cypher, ready to paste into Neo4j Browser or cypher-shell."""
    from kgrec.graph.cypher.look_ups import READ_QUERIES
    from kgrec.graph.cypher.pasteable import look_up_statement

    if name is None:
        rows = [(look_up, query.about, (*query.types, *query.parameters)) for look_up, query in READ_QUERIES.items()]
        if as_json:
            output.print_json([{"name": n, "about": about, "parameters": given} for n, about, given in rows])
        else:
            output.show(output.table(("name", "what it says", "parameters"), [(*r[:2], ", ".join(r[2])) for r in rows]))
        return
    if name not in READ_QUERIES:
        raise ConfigError(
            "there is no look-up of that name.",
            where="cypher",
            found=shorten(name),
            expected=f"one of {', '.join(READ_QUERIES)}",
            next="run `kgrec cypher` for what each of them says",
        )
    given = _values(name, values or ())
    try:
        text = look_up_statement(_schema(schema, store), name, given)
    except ValueError as error:
        raise ConfigError(
            "a parameter has a value that cannot be.", where="--param", found=str(error), next="correct the value"
        ) from error
    if as_json:
        output.print_json({"name": name, "cypher": text})
    else:
        print_cypher(text)


def print_cypher(statement: str) -> None:
    """Write a statement, and nothing else, to stdout; where that takes no Unicode, with escapes that Cypher reads."""
    from kgrec.graph.cypher.pasteable import ascii_only

    plain = (sys.stdout.encoding or "ascii").lower() not in ("utf-8", "utf8")
    sys.stdout.write((ascii_only(statement) if plain else statement) + "\n")


def _values(name: str, texts: Sequence[str]) -> dict[str, str | int]:
    """The values of ``--param`` for a look-up, whole numbers as such."""
    from kgrec.graph.cypher.look_ups import NUMBERS, READ_QUERIES

    known = (*READ_QUERIES[name].types, *READ_QUERIES[name].parameters)
    values: dict[str, str | int] = {}
    for text in texts:
        parameter, equals, value = text.partition("=")
        if not equals or parameter not in known:
            raise ConfigError(
                f"the look-up {name} has no such parameter.",
                where="--param",
                found=shorten(text),
                expected=f"NAME=VALUE, NAME one of {', '.join(known)}" if known else "no parameter",
                next="correct the name" if known else "leave it out",
            )
        if parameter in NUMBERS and not value.isdecimal():
            raise ConfigError(
                f"{parameter} must be a whole number.", where="--param", found=shorten(value), next="correct the value"
            )
        values[parameter] = int(value) if parameter in NUMBERS else value
    return values


def _schema(named: str | None, store_url: str) -> GraphSchema:
    from kgrec.graph import open_store
    from kgrec.schema.load import load_schema

    if named is not None:
        return load_schema(named)
    with open_store(store_url, read_only=True) as store:
        if store.schema is None:
            raise GraphError(
                "the store is empty: no schema was applied yet.",
                where=store.url,
                next="run `kgrec ingest` first, or name the schema with --schema",
            )
        return store.schema
