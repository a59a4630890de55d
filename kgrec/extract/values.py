"""Cells to values: each kind of property has one way to read an Arrow column, and says which rows do not fit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.id_texts import (
    NOT_ONE_VALUE,
    Binary,
    Fault,
    Texts,
    exact_texts,
    id_texts,
    is_list,
    plain_array,
    rows_of,
    union_parts,
    value_texts,
)
from kgrec.extract.times import TimeColumn, TimeRule

_EXACT_FLOAT = 2**53
_LARGEST_INT = 2**63
_WHOLE = re.compile(r"[+-]?\d+")
_WITH_COMMA = re.compile(r"[+-]?[\d.]*\d,[\d.,]*\d")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class Column:
    """Values of one column, None where there is nothing, with the faults by position in the batch.

    Args:
        values: a list, or an Arrow array where all are of one type.
        listed: makes the list of an array's values.
    """

    def __init__(
        self,
        values: list[Any] | pa.Array,
        faults: dict[int, Fault] | None = None,
        listed: Callable[[pa.Array], list[Any]] = pa.Array.to_pylist,
    ) -> None:
        self._values = values
        self._listed = listed
        self.faults = {} if faults is None else faults

    @property
    def values(self) -> list[Any]:
        """The values as Python has them."""
        if isinstance(self._values, pa.Array):
            self._values = self._listed(self._values)
        return self._values

    def array(self, type: pa.DataType) -> pa.Array:
        """The values as an Arrow array of a type."""
        if isinstance(self._values, pa.Array):
            return self._values if self._values.type == type else self._values.cast(type, safe=False)
        return pa.array(self._values, type)

    def empty(self) -> list[int]:
        """Positions without a value."""
        if not isinstance(self._values, pa.Array):
            return [row for row, value in enumerate(self._values) if value is None]
        return [] if self._values.null_count == 0 else rows_of(self._values.is_null())

    def leave_out(self, rows: list[int]) -> None:
        """Take the cells at some positions for nothing."""
        for row in rows:
            self.values[row] = None
            self.faults.pop(row, None)


NOT_A_NUMBER = Fault("must be a number", "a finite number")
NUMBER_WITH_COMMA = Fault("must be a number", "a number with a point before its fraction and no comma, such as 3.5")
NOT_AN_EMBEDDING = Fault("must be an embedding", "a list of finite numbers")


@dataclass(frozen=True, slots=True)
class CellRule:
    """How the cells of a column are read.

    Attributes:
        kind: a property type of the schema.
        missing: texts that mean 'nothing'.
        separator: the cells hold lists, written with this between the parts.
        several: a cell may hold several values.
        binary: how bytes are read; None refuses them.
        times: how times are read, over the batches of a column.
    """

    kind: str
    missing: frozenset[str] = frozenset()
    separator: str | None = None
    several: bool = True
    binary: Binary | None = None
    times: TimeColumn | None = None


def read_column(cells: pa.Array, rule: CellRule) -> Column:
    """Values and faults of a column, read by a rule; lists where a cell holds several values."""
    cells = plain_array(cells)
    if pa.types.is_union(cells.type) and not (rule.kind == "time" and rule.separator is None):
        return _scattered(cells, lambda part: read_column(part, rule))
    if is_list(cells.type):
        if rule.several or rule.kind == "embedding":
            return _grouped(cells.flatten(), pc.list_value_length(cells).to_pylist(), rule)
        return Column([None] * len(cells), _everywhere(cells, NOT_ONE_VALUE))
    if rule.separator is not None:
        texts = value_texts(cells, rule.binary)
        column = _grouped(*_split(texts.array, rule.separator), rule)
        column.faults |= texts.faults
        return column
    return _single(cells, rule)


def read_ids(cells: pa.Array, separator: str | None = None, binary: Binary | None = None) -> Column:
    """The ids of each cell: a list of them, each with whether it is a part of the cell; None where there is nothing.

    A text is taken apart at the separator. A cell that is a list holds its elements, and none where it is empty.

    Args:
        separator: stands between the ids of a text.
        binary: how bytes are read; None refuses them.
    """
    cells = plain_array(cells)
    if pa.types.is_union(cells.type):
        return _scattered(cells, lambda part: read_ids(part, separator, binary))
    if is_list(cells.type):
        lengths, faults = pc.list_value_length(cells).to_pylist(), dict[int, Fault]()
        ids = id_texts(cells.flatten(), binary)
    elif separator is not None:
        texts = exact_texts(cells, binary)
        parts, lengths = _split(texts.array, separator)
        ids, faults = id_texts(parts), texts.faults
    else:
        ids = id_texts(cells, binary)
        return Column([None if uid is None else [(uid, False)] for uid in ids.array.to_pylist()], ids.faults)
    column = Column([], faults)
    start, every = 0, ids.array.to_pylist()
    for row, length in enumerate(lengths):
        end = start + (length or 0)
        column.values.append(None if length is None else [(uid, True) for uid in every[start:end] if uid is not None])
        if ids.faults and (fault := next((ids.faults[i] for i in range(start, end) if i in ids.faults), None)):
            column.faults[row] = fault
        start = end
    return column


def _scattered(cells: pa.UnionArray, read: Callable[[pa.Array], Column]) -> Column:
    """A column of several types, read type by type."""
    column = Column([None] * len(cells))
    for rows, part in union_parts(cells):
        some = read(part)
        places = rows.tolist()
        for row, value in zip(places, some.values, strict=True):
            column.values[row] = value
        column.faults |= {places[position]: fault for position, fault in some.faults.items()}
    return column


def _split(texts: pa.Array, separator: str) -> tuple[pa.Array, list[int | None]]:
    """Parts of all texts one after the other, and how many each has."""
    parts: list[str] = []
    lengths: list[int | None] = []
    for text in texts.to_pylist():
        some = [] if text is None else text.split(separator)
        parts += some
        lengths.append(None if text is None else len(some))
    return pa.array(parts, pa.string()), lengths


def _grouped(cells: pa.Array, lengths: Sequence[int | None], rule: CellRule) -> Column:
    """Lists of values; parts that mean nothing are left out, and a list without parts is nothing."""
    kind = "number" if rule.kind == "embedding" else rule.kind
    parts = _single(cells, CellRule(kind, rule.missing, None, False, rule.binary, rule.times))
    column = Column([])
    start = 0
    for row, length in enumerate(lengths):
        end = start + (length or 0)
        some: list[Any] = parts.values[start:end]
        fault = next((parts.faults[i] for i in range(start, end) if i in parts.faults), None) if parts.faults else None
        if rule.kind == "embedding" and (fault or None in some):
            fault = NOT_AN_EMBEDDING
        if fault is not None:
            column.faults[row] = fault
        kept = [part for part in some if part is not None] if fault is None else []
        column.values.append((list(map(float, kept)) if kind == "number" else kept) or None)
        start = end
    return column


def _single(cells: pa.Array, rule: CellRule) -> Column:
    """One value a cell."""
    if pa.types.is_union(cells.type) and rule.kind != "time":
        return _scattered(cells, lambda part: _single(part, rule))
    if rule.kind in _TEXTS:
        texts = _TEXTS[rule.kind](cells, rule.binary)
        column = Column(texts.array, texts.faults)
    elif rule.kind == "time":
        column = Column(*(rule.times or TimeColumn(TimeRule())).read(cells))
    else:
        column = _embeddings(cells) if rule.kind == "embedding" else _numbers(cells)
    if rule.missing:
        texts = value_texts(cells, rule.binary)
        column.leave_out(rows_of(pc.is_in(texts.array, pa.array(sorted(rule.missing), pa.string()))))
    return column


_TEXTS: dict[str, Callable[[pa.Array, Binary | None], Texts]] = {
    "id": id_texts,
    "category": value_texts,
    "text": value_texts,
}


def _numbers(cells: pa.Array) -> Column:
    kind = cells.type
    if pa.types.is_floating(kind):
        numbers = cells.cast(pa.float64(), safe=False)
        if not pc.any(pc.is_inf(numbers)).as_py():
            return Column(pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers), listed=_whole)
    if pa.types.is_signed_integer(kind):
        return Column(cells)
    if pa.types.is_nested(kind) or pa.types.is_boolean(kind):
        return Column([None] * len(cells), _everywhere(cells, NOT_A_NUMBER))
    if pa.types.is_string(kind):
        given = pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
        if pc.all(pc.match_substring_regex(given, r"^-?[0-9]{1,15}$"), min_count=0).as_py():
            return Column(given.cast(pa.int64()))
        if pc.all(pc.match_substring_regex(given, r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"), min_count=0).as_py():
            return Column(given.cast(pa.float64()), listed=_whole)
    column = _each(cells, _number, NOT_A_NUMBER)
    for row in column.faults:
        cell = cells[row].as_py()
        if isinstance(cell, str) and _WITH_COMMA.fullmatch(cell.strip()):
            column.faults[row] = NUMBER_WITH_COMMA
    return column


def _whole(numbers: pa.Array) -> list[Any]:
    """Floats as Python has them, whole ones as integers."""
    exact = _EXACT_FLOAT
    return [int(x) if x is not None and x.is_integer() and abs(x) < exact else x for x in numbers.to_pylist()]


def _number(cell: Any) -> int | float | None:
    """A finite number, None for nothing.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(cell, str):
        cell = cell.strip()
        if not cell:
            return None
        if _WHOLE.fullmatch(cell):
            whole = int(cell) if len(cell) < 20 else _LARGEST_INT
            cell = whole if abs(whole) < _LARGEST_INT else float(cell)
        elif _NUMBER.fullmatch(cell):
            cell = float(cell)
        else:
            raise ValueError(cell)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, bytes | date | time):
        raise ValueError(cell)
    if isinstance(cell, int) and abs(cell) < _LARGEST_INT:
        return cell
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(cell)
    return int(number) if number.is_integer() and abs(number) < _EXACT_FLOAT else number


def _embeddings(cells: pa.Array) -> Column:
    """Embeddings that are no list cells: JSON texts."""
    return _each(cells, _embedding, NOT_AN_EMBEDDING)


def _embedding(cell: Any) -> list[float] | None:
    if not cell.strip():
        return None
    parsed = json.loads(cell)
    numbers = [None if isinstance(each, bool) else _number(each) for each in parsed]
    if not isinstance(parsed, list) or None in numbers:
        raise ValueError(cell)
    return [float(number) for number in numbers if number is not None]


def _each(cells: pa.Array, read: Callable[[Any], Any], fault: Fault) -> Column:
    column = Column([])
    for row, cell in enumerate(cells.to_pylist()):
        value = None
        if cell is not None:
            try:
                value = read(cell)
            except (AttributeError, TypeError, ValueError, OverflowError):
                column.faults[row] = fault
        column.values.append(value)
    return column


def _everywhere(cells: pa.Array, fault: Fault) -> dict[int, Fault]:
    """The fault in every cell that is not empty."""
    return dict.fromkeys(rows_of(cells.is_valid()), fault)
