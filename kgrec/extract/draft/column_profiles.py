"""What a sample says of each column: how many cells are filled, which texts they hold, what these are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.id_texts import is_list, plain_array, value_texts
from kgrec.extract.draft.cell_forms import Form, form_of
from kgrec.extract.draft.header_words import names_an_id
from kgrec.extract.draft.sampled_tables import SampledTable
from kgrec.extract.draft.time_forms import TimeForm, number_form
from kgrec.parallel.cached_attribute import cached_property


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """One column of a sample.

    Attributes:
        texts: cells as texts in row order, null where there is nothing; of a column of lists None.
        values: the distinct texts, those of the parts where cells hold several.
        counts: how often each occurs.
        rows: number of cells; ``filled`` of them are not empty.
        form: what the cells are.
    """

    table: str
    name: str
    texts: pa.StringArray | None
    values: pa.StringArray
    counts: pa.Int64Array
    rows: int
    filled: int
    form: Form

    @property
    def distinct(self) -> int:
        """Number of different values."""
        return len(self.values)

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows > 0 and self.filled == self.rows == self.distinct and self.texts is not None

    @property
    def called(self) -> str:
        """``table.column``."""
        return f"{self.table}.{self.name}"

    @property
    def per_value(self) -> float:
        """Mean number of cells, or parts of cells, per value."""
        total = pc.sum(self.counts).as_py()
        return float(total or 0) / max(1, self.distinct)

    @property
    def parts_per_cell(self) -> float:
        """Mean number of values in a cell that is not empty."""
        return float(pc.sum(self.counts).as_py() or 0) / max(1, self.filled)

    @property
    def can_be_id(self) -> bool:
        """Whether cells are texts or whole numbers, one in each."""
        return self.texts is not None and self.form.kind in ("text", "whole", "prose", "link")

    @property
    def can_be_ids(self) -> bool:
        """Whether cells hold several texts or whole numbers each."""
        return self.form.kind == "list"

    @cached_property
    def time(self) -> TimeForm | None:
        """How cells say times; also of numbers that may be something else."""
        if self.form.kind in ("whole", "number") and self.distinct:
            wanted = [text for text in self.values.to_pylist() if text not in self.form.missing]
            return number_form(wanted)
        return self.form.time

    @cached_property
    def span(self) -> tuple[float, float] | None:
        """Smallest and largest number; None where cells are none."""
        if self.form.kind not in ("whole", "number"):
            return None
        numbers = [float(text) for text in self.values.to_pylist() if text not in self.form.missing]
        return (min(numbers), max(numbers)) if numbers else None

    @cached_property
    def examples(self) -> tuple[tuple[str, int], ...]:
        """The most frequent values with their counts."""
        order = pc.array_sort_indices(self.counts, order="descending")[:30]
        return tuple(zip(self.values.take(order).to_pylist(), self.counts.take(order).to_pylist(), strict=True))


def profiles_of(table: SampledTable) -> Iterator[ColumnProfile]:
    """What the sample of a table says of each of its columns."""
    for name in table.rows.column_names:
        yield _profile(table.name, name, table.rows.column(name).combine_chunks())


def _profile(table: str, name: str, cells: pa.Array) -> ColumnProfile:
    rows = len(cells)
    cells = plain_array(cells)
    if is_list(cells.type):
        parts = cells.flatten()
        filled = int(pc.sum(pc.greater(pc.fill_null(pc.list_value_length(cells), 0), 0)).as_py() or 0)
        if _is_unusable(parts.type) or pa.types.is_floating(parts.type):
            return _unusable(table, name, rows, filled)
        values, counts = _counted(_texts(parts))
        return ColumnProfile(table, name, None, values, counts, rows, filled, Form("list"))
    if _is_unusable(cells.type):
        return _unusable(table, name, rows, rows - cells.null_count)
    texts = _texts(cells)
    values, counts = _counted(texts)
    form = form_of(values.to_pylist())
    filled = rows - texts.null_count
    if form.separator is not None and names_an_id(name) and _have_as_many_parts(values, form.separator):
        form = Form("text")  # 'TE/MS/001' is one id
    if form.separator is not None:
        split = pc.list_flatten(pc.split_pattern(pc.drop_null(texts), form.separator))
        values, counts = _counted(_texts(split))
        return ColumnProfile(table, name, None, values, counts, rows, filled, form)
    return ColumnProfile(table, name, texts, values, counts, rows, filled, form)


def _have_as_many_parts(texts: pa.StringArray, separator: str) -> bool:
    """Whether every text has the same number of parts, as codes have and lists seldom do."""
    return bool(pc.count_distinct(pc.count_substring(texts, separator)).as_py() == 1)


def _is_unusable(kind: pa.DataType) -> bool:
    """Whether cells are nothing that a text, number or time can be read from."""
    of_parts = pa.types.is_nested(kind) and not pa.types.is_union(kind)
    return bool(of_parts or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _unusable(table: str, name: str, rows: int, filled: int) -> ColumnProfile:
    nothing = pa.array([], pa.string())
    return ColumnProfile(table, name, None, nothing, pa.array([], pa.int64()), rows, filled, Form("unusable"))


def _texts(cells: pa.Array) -> pa.StringArray:
    """Cells as the texts that an import makes of them."""
    return value_texts(cells).array.cast(pa.string())


def _counted(texts: pa.StringArray) -> tuple[pa.StringArray, pa.Int64Array]:
    counted = pc.value_counts(pc.drop_null(texts))
    return counted.field("values"), counted.field("counts")
