"""What is said where no table can be taken for interactions: what was seen, and what to write by hand."""

from __future__ import annotations

from collections.abc import Sequence

from kgrec.errors import SourceError, shorten
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.header_words import ITEMS, USERS, noun_among
from kgrec.extract.draft.sampled_tables import SampledTable
from kgrec.extract.draft.table_links import Link, Profiles

_MOST_TABLES, _MOST_COLUMNS = 12, 12


def no_roles(samples: Sequence[SampledTable], profiles: Profiles, links: Sequence[Link]) -> SourceError:
    """The error that no table has both users and items."""
    triples = [sample.name for sample in samples if sample.name == "rdf_triples"]
    seen = [_seen(sample, profiles[sample.name]) for sample in samples[:_MOST_TABLES]]
    if len(samples) > _MOST_TABLES:
        seen.append(f"... ({len(samples)} tables)")
    joined = _two_halves(profiles, links)
    if joined is not None:
        advice = joined
    elif triples and len(samples) == len(triples):
        advice = "add the source of the interactions, such as tables:FOLDER; facts alone say nothing of users"
    else:
        advice = (
            "name the columns so that they say what they are (user_id, item_id, time), or write the schema by hand: "
            "graph_schemas/README.md begins with one to copy, and the schema `triples` needs none"
        )
    return SourceError(
        "no table tells which user did something with which item.",
        where=", ".join(sample.where for sample in samples[:3]) + (" ..." if len(samples) > 3 else ""),
        found="\n".join(seen) if seen else "no table at all",
        expected="a table with a row for each thing that a user did: one column of users' ids that repeats, and one of "
        "items' ids",
        next=advice,
    )


def _seen(sample: SampledTable, columns: Sequence[ColumnProfile]) -> str:
    shown = [f"{column.name} ({_what(column)})" for column in columns[:_MOST_COLUMNS]]
    more = [f"... ({len(columns)})"] if len(columns) > _MOST_COLUMNS else []
    rows = f"{sample.rows.num_rows:,}{'' if sample.whole else ' or more'} rows"
    return f"{sample.name}, {rows}: {', '.join([*shown, *more])}"


def _what(column: ColumnProfile) -> str:
    if not column.filled:
        return "empty"
    if column.form.kind == "unusable":
        return "nested"
    unique = "all different" if column.unique else f"{column.distinct:,} values"
    return f"{unique}, such as {shorten(column.examples[0][0], 20)}"


def _two_halves(profiles: Profiles, links: Sequence[Link]) -> str | None:
    """Advice where users are in one table and items in another that names its rows, as orders and their lines are."""
    for link in links:
        lines, orders = profiles[link.column.table], profiles[link.key.table]
        user = next((c for c in orders if noun_among(c.name, USERS) and c is not link.key), None)
        item = next((c for c in lines if noun_among(c.name, ITEMS) and c is not link.column), None)
        if user is not None and item is not None:
            a, b = link.column.table, link.key.table
            return (
                f"join them, since a schema reads one table at a time: SELECT {b}.{user.name}, {a}.{item.name}, ... "
                f"FROM {a} JOIN {b} ON {a}.{link.column.name} = {b}.{link.key.name}, as sql:URL#orders=SELECT ..."
            )
    return None
