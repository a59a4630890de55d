"""Columns by the names of the schema: what a table lacks is told at once, before any of its rows is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from kgrec.data.records import Table
from kgrec.errors import SourceError, did_you_mean
from kgrec.extract.row_reader import SchemaSource
from kgrec.schema.model import EdgeSource, InteractionSource, NodeSource
from kgrec.schema.origins import Location
from kgrec.schema.shape import properties_of

_MOST_SHOWN = 40


def used_columns(spec: NodeSource | EdgeSource | InteractionSource) -> Iterator[tuple[str, Location]]:
    """Each column that a source of the schema reads, with the key that names it there."""
    if isinstance(spec, NodeSource):
        yield spec.id, ("id",)
        if spec.type_column is not None:
            yield spec.type_column, ("type_column",)
        for name in spec.list_columns:
            yield spec.columns.get(name, name), ("list_columns", name)
    elif isinstance(spec, EdgeSource):
        for side, end in (("source", spec.source), ("target", spec.target)):
            yield end.column, (side, "column")
            if end.type_column is not None:
                yield end.type_column, (side, "type_column")
        if spec.relation_column is not None:
            yield spec.relation_column, ("relation_column",)
    else:
        yield spec.user, ("user",)
        yield spec.item, ("item",)
        named = {"kind_column": spec.kind_column, "time": spec.time, "weight": spec.weight}
        yield from ((column, (key,)) for key, column in named.items() if column is not None)
        yield from ((column, ("context", name)) for name, column in spec.context.items())
    if not isinstance(spec, InteractionSource):
        yield from ((column, ("columns", name)) for name, column in spec.columns.items())
    for key in ("where", "where_not"):
        yield from ((column, (key, column)) for column in getattr(spec, key))


def with_columns(table: Table, sources: Sequence[SchemaSource]) -> Table:
    """The table with every column that some sources of the schema read, under the name that they use.

    A name that differs from the table's in capitals and blanks around it only is the same, and said so; a column that
    may be absent holds nothing where it is.

    Raises:
        SourceError: while the batches are read, columns are not there or twice; all of them at once.
    """
    return replace(table, batches=_completed(table, sources))


def _completed(table: Table, sources: Sequence[SchemaSource]) -> Iterator[pa.RecordBatch]:
    known: list[str] | None = None
    taken: Mapping[str, str | None] = {}
    for batch in table.batches:
        if batch.schema.names != known:
            known = batch.schema.names
            taken = _taken(table, sources, known)
        for name, other in taken.items():
            cells = pa.nulls(batch.num_rows) if other is None else batch.column(other)
            batch = batch.append_column(name, cells)
        yield batch


def _taken(table: Table, sources: Sequence[SchemaSource], names: Sequence[str]) -> dict[str, str | None]:
    """Columns to add by name: another column of the table, or None for one that may be absent."""
    wanted: dict[str, str] = {}
    optional: set[str] = set()
    for source in sources:
        for column, key in used_columns(source.spec):
            if key[0] in ("columns", "list_columns") and _is_dropped(source, str(key[1])):
                continue  # it is read by nobody
            wanted.setdefault(column, source.schema.origin.at(*source.location, *key))
        optional.update(source.spec.optional_columns)
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise SourceError(
            f"table '{table.name}' has the column {_listed(twice)} twice.",
            where=table.where,
            found=f"columns {_shown(names)}",
            expected="; ".join(f"column '{name}', from {wanted[name]}" for name in twice),
            next="give the columns different names",
        )
    taken: dict[str, str | None] = {}
    missing = []
    for name in wanted:
        alike = [other for other in names if other.strip().casefold() == name.strip().casefold()]
        if name in names:
            if others := [other for other in alike if other != name and other not in wanted]:
                table.log.note(f"{table.where}: column '{name}' is read, column {_listed(others)} is passed over")
            continue
        if len(alike) == 1:
            taken[name] = alike[0]
            table.log.note(f"{table.where}: column '{alike[0]}' is read as '{name}'")
        elif name in optional:
            taken[name] = None
            table.log.note(f"{table.where}: no column '{name}', which the schema lets be absent")
        else:
            missing.append(name)
    if missing:
        raise _missing(table, names, {name: wanted[name] for name in missing})
    return taken


def _is_dropped(source: SchemaSource, name: str) -> bool:
    """Whether a property of what a source describes is left out of every row."""
    spec = properties_of(source.schema)[source.type].get(name)
    return spec is not None and spec.personal == "drop"


def _missing(table: Table, names: Sequence[str], wanted: Mapping[str, str]) -> SourceError:
    delimiter = next((sign for sign in "\t;|," if len(names) == 1 and sign in names[0]), None)
    hints = [(name, did_you_mean(name, names)) for name in wanted] if delimiter is None else []
    several = len(wanted) > 1
    hint = "".join(
        f", for '{name}': {question}" if several else f", {question}" for name, question in hints if question
    )
    what = "names of the columns" if several else "column's name"
    advice = f"correct the {what} in the schema or in the source; one that may be absent is named in `optional_columns`"
    if delimiter:
        advice = f"the table has one column only: read it with the delimiter {delimiter!r}"
    return SourceError(
        f"table '{table.name}' has no column {_listed(wanted)}.",
        where=table.where,
        found=f"columns {_shown(names)}{hint}",
        expected="\n".join(f"column '{name}', from {at}" for name, at in wanted.items()),
        next=advice,
    )


def _listed(names: Iterable[str]) -> str:
    """Names in quotes: 'a', 'b' and 'c'."""
    *before, last = (f"'{name}'" for name in names)
    return f"{', '.join(before)} and {last}" if before else last


def _shown(names: Sequence[str]) -> str:
    shown = names if len(names) <= _MOST_SHOWN else [*names[:_MOST_SHOWN], f"... ({len(names)})"]
    return ", ".join(shown)
