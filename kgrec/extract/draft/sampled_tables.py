"""The first rows of every table of some sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from kgrec.data.id_texts import value_texts
from kgrec.data.records import Loader, Table
from kgrec.errors import SourceError
from kgrec.extract.sources import open_loader

SAMPLE_ROWS = 100_000
"""Rows of each table that are looked at: enough for most catalogues as a whole, and read in a second or two."""


@dataclass(frozen=True)
class SampledTable:
    """The first rows of a table.

    Attributes:
        name: what a schema calls the table by.
        where: the source in words.
        source: position of the source that has it.
        whole: whether these are all its rows.
    """

    name: str
    where: str
    source: int
    rows: pa.Table
    whole: bool


def sampled(sources: Sequence[str | Loader], most: int = SAMPLE_ROWS) -> list[SampledTable]:
    """The first rows of every table, in the order of the sources.

    Raises:
        ConfigError: an unknown loader.
        SourceError: a source that cannot be read, or two that have different tables of one name.
    """
    found: dict[str, SampledTable] = {}
    for position, source in enumerate(sources):
        loader = open_loader(source) if isinstance(source, str) else source
        for table in loader.tables():
            sample = _sample(table, position, most)
            other = found.get(table.name)
            if other is None:
                found[table.name] = sample
                continue
            if other.rows.column_names != sample.rows.column_names:
                raise SourceError(
                    f"two sources have a table '{table.name}', with different columns.",
                    where=f"{other.where} and {sample.where}",
                    found=f"{', '.join(other.rows.column_names)}; {', '.join(sample.rows.column_names)}",
                    expected="one name for one kind of rows: a schema knows a table by its name alone",
                    next="rename one of them",
                )
            rows = pa.concat_tables([other.rows, sample.rows], promote_options="permissive")
            found[table.name] = SampledTable(table.name, other.where, other.source, rows, other.whole and sample.whole)
    return list(found.values())


def _sample(table: Table, source: int, most: int) -> SampledTable:
    batches: list[pa.RecordBatch] = []
    size = 0
    whole = True
    for batch in table.batches:
        batches.append(batch.slice(0, most - size))
        whole = size + batch.num_rows <= most
        size += batches[-1].num_rows
        if not whole or size == most:
            whole = whole and table.rows == size
            break
    names = batches[0].schema.names if batches else []
    columns = [_joined([batch.column(position) for batch in batches]) for position in range(len(names))]
    return SampledTable(table.name, table.where, source, pa.Table.from_arrays(columns, names), whole)


def _joined(parts: list[pa.Array]) -> pa.ChunkedArray:
    """Parts of a column as one; texts where they have several types, as batches of a database may."""
    if len({part.type for part in parts}) > 1:
        parts = [value_texts(part).array for part in parts]
    return pa.chunked_array(parts)
