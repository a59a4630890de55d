"""RowFilter: the rows of a table that a source of the schema takes, by what stands in some of their cells."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.id_texts import is_list, plain_array, rows_of
from kgrec.data.records import Table
from kgrec.errors import did_you_mean, shorten
from kgrec.extract.row_reader import Reader, SchemaSource
from kgrec.plain_text import composed

_MOST_KEPT = 20


class RowFilter:
    """``where`` and ``where_not`` of one source, from batch to batch.

    Cells are compared as their texts: those that ids have, and fractions. Of lists it is asked whether they are empty.

    Args:
        source: the source of the schema.
    """

    def __init__(self, source: SchemaSource) -> None:
        spec = source.spec
        self._source = source
        self._keep = {column: frozenset(map(composed, cells)) for column, cells in spec.where.items()}
        self._leave = {column: frozenset(map(composed, cells)) for column, cells in spec.where_not.items()}
        self._unmet = {
            (key, column, cell) for key in ("where", "where_not") for column, cell in _pairs(getattr(spec, key))
        }
        self._others: dict[str, dict[str, None]] = {column: {} for column in (*spec.where, *spec.where_not)}
        self._rows = self._kept = 0

    def apply(self, reader: Reader) -> None:
        """Let a batch go on with the rows that are taken."""
        self._rows += reader.batch.num_rows
        for key, chosen in (("where", self._keep), ("where_not", self._leave)):
            for column, cells in chosen.items():
                lists = plain_array(reader.cells(column))
                if cells == {""} and is_list(lists.type):
                    empty = pc.equal(pc.fill_null(pc.list_value_length(lists), 0), 0)
                    self._note(key, column, {""} if pc.any(empty).as_py() else set())
                    reader.keep(rows_of(empty if key == "where" else pc.invert(empty)))
                    continue
                texts = reader.texts(column, (key, column))
                every = [composed(text) for text in texts.dictionary.to_pylist()]
                self._note(key, column, set(every) | ({""} if texts.null_count else set()))
                fits = pa.array([(text in cells) == (key == "where") for text in every], pa.bool_())
                taken = pc.fill_null(fits.take(texts.indices), ("" in cells) == (key == "where"))
                reader.keep(rows_of(taken))
        self._kept += reader.batch.num_rows

    def _note(self, key: str, column: str, found: set[str]) -> None:
        self._unmet -= {(key, column, text) for text in found}
        others = self._others[column]
        for text in sorted(found) if len(others) < _MOST_KEPT else ():
            others.setdefault(text)

    def tell(self, table: Table) -> None:
        """Say of a table that was read what the filter never met, and if it took no row."""
        if not self._rows:
            return
        where = f"{table.where}, {self._source.about}"
        if (self._keep or self._leave) and not self._kept:
            table.log.note(f"{where}: `where` and `where_not` take none of {self._rows:,} rows")
        for key, column, cell in sorted(self._unmet):
            others = [text for text in self._others[column] if text != cell]
            hint = did_you_mean(cell, others, before=", ") or f", found {', '.join(map(shorten, others[:5]))}"
            table.log.note(f"{where}: no row has {shorten(cell)} in column '{column}', as `{key}` says{hint}")


def _pairs(chosen: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(column, cell) for column, cells in chosen.items() for cell in cells]
