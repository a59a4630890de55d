"""Cells to values: each kind of property has one way to read an Arrow column, and says which rows do not fit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

LONGEST_ID = 2_000
"""Characters; longer ids are refused, because no index of a graph store keeps them."""

_EXACT_FLOAT = 2**53
_LARGEST_INT = 2**63
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell: the end of 'property x ...', and what should have been there."""

    text: str
    expected: str


@dataclass(slots=True)
class Column:
    """Values of one column, None where there is nothing, with the faults by position in the batch."""

    values: list[Any]
    faults: dict[int, Fault] = field(default_factory=dict)


NOT_ONE_VALUE = Fault("must be one value", "text or a number, not a nested value")
NOT_A_NUMBER = Fault("must be a number", "a finite number")
NOT_A_TIME = Fault("must be a time", "unix seconds, an ISO date or a position")
NOT_AN_EMBEDDING = Fault("must be an embedding", "a list of finite numbers")
EMPTY_ID = Fault("must hold an id", "an id in every row")
LONG_ID = Fault("holds an id that is too long", f"at most {LONGEST_ID:,} characters")
NUL_ID = Fault("holds an id with a NUL character", "an id without NUL characters")
INEXACT_ID = Fault("holds an id that is not exact", "ids as text or whole numbers: a decimal number has lost digits")


def id_fault(uid: str) -> Fault | None:
    """What forbids a text as id, None where nothing does."""
    if len(uid) > LONGEST_ID:
        return LONG_ID
    return NUL_ID if "\0" in uid else None


def read_column(cells: pa.Array, kind: str, missing: Iterable[str] = (), separator: str | None = None) -> Column:
    """Values and faults of a column, read as a property type.

    Args:
        kind: a property type of the schema.
        missing: texts that mean 'nothing'.
        separator: the cells hold lists, written with this between the parts.
    """
    cells = cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells
    nothing = frozenset(missing)
    if separator is not None or (pa.types.is_list(cells.type) or pa.types.is_large_list(cells.type)):
        return _lists(cells, kind, nothing, separator)
    column = _READERS[kind](cells)
    if nothing:
        for row, text in enumerate(_texts(cells).values):
            if text in nothing:
                column.values[row] = None
                column.faults.pop(row, None)
    return column


def _texts(cells: pa.Array, exact: bool = False) -> Column:
    """Trimmed texts; whole numbers without '.0'. With ``exact``, decimals too large to be exact are faults."""
    kind = cells.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return Column([None if text is None else text.strip() or None for text in cells.to_pylist()])
    if pa.types.is_integer(kind):
        return Column(cells.cast(pa.string()).to_pylist())
    if pa.types.is_nested(kind):
        return Column([None] * len(cells), {row: NOT_ONE_VALUE for row in range(len(cells)) if cells[row].is_valid})
    column = Column([])
    for row, cell in enumerate(cells.to_pylist()):
        if isinstance(cell, float):
            if exact and not math.isnan(cell) and (abs(cell) >= _EXACT_FLOAT or not cell.is_integer()):
                column.faults[row] = INEXACT_ID
            cell = None if math.isnan(cell) else int(cell) if cell.is_integer() else cell
        elif isinstance(cell, bool):
            cell = str(cell).lower()
        elif isinstance(cell, bytes):
            try:
                cell = cell.decode()
            except UnicodeDecodeError:
                cell, column.faults[row] = None, Fault("must be text", "text in UTF-8")
        column.values.append(None if cell is None else str(cell).strip() or None)
    return column


def _ids(cells: pa.Array) -> Column:
    column = _texts(cells, exact=True)
    for row, uid in enumerate(column.values):
        if uid is not None and (fault := id_fault(uid)):
            column.faults[row] = fault
    return column


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
    if isinstance(cell, bool | bytes | date | time):
        raise ValueError(cell)
    if isinstance(cell, int) and abs(cell) < _LARGEST_INT:
        return cell
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(cell)
    return int(number) if number.is_integer() and abs(number) < _EXACT_FLOAT else number


def _time(cell: Any) -> float | None:
    if isinstance(cell, str) and (cell := cell.strip()) and not _NUMBER.fullmatch(cell):
        cell = datetime.fromisoformat(cell)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        cell = datetime.combine(cell, time())
    if isinstance(cell, datetime):
        return (cell if cell.tzinfo else cell.replace(tzinfo=UTC)).timestamp()
    number = _number(cell)
    return None if number is None else float(number)


def _embedding(cell: Any) -> list[float] | None:
    if isinstance(cell, str):
        cell = json.loads(cell) if cell.strip() else None
    if cell is None:
        return None
    numbers = [_number(each) for each in cell]
    if None in numbers:
        raise ValueError(cell)
    return [float(number) for number in numbers if number is not None]


def _each(read: Callable[[Any], Any], fault: Fault) -> Callable[[pa.Array], Column]:
    """A reader of columns made of a reader of cells."""

    def reader(cells: pa.Array) -> Column:
        column = Column([])
        for row, cell in enumerate(cells.to_pylist()):
            try:
                value = read(cell)
            except (TypeError, ValueError, OverflowError):
                value, column.faults[row] = None, fault
            column.values.append(value)
        return column

    return reader


_any_numbers = _each(_number, NOT_A_NUMBER)
_seconds = _each(_time, NOT_A_TIME)


def _finite(cells: pa.Array) -> list[float | None] | None:
    """Cells of a column of numbers at once, None for nothing; None where something in it is no finite number."""
    if not (pa.types.is_floating(cells.type) or pa.types.is_signed_integer(cells.type)):
        return None
    numbers = cells.cast(pa.float64(), safe=False)
    if pc.any(pc.is_inf(numbers)).as_py():
        return None
    found: list[float | None] = pc.if_else(pc.is_nan(numbers), None, numbers).to_pylist()
    return found


def _numbers(cells: pa.Array) -> Column:
    numbers = _finite(cells) if pa.types.is_floating(cells.type) else None
    if numbers is None:
        return _any_numbers(cells)
    exact = _EXACT_FLOAT
    return Column([int(x) if x is not None and x.is_integer() and abs(x) < exact else x for x in numbers])


def _times(cells: pa.Array) -> Column:
    kind = cells.type
    if (seconds := _finite(cells)) is not None:
        return Column(seconds)
    if not pa.types.is_timestamp(kind):
        return _seconds(cells)
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    return Column([None if tick is None else tick / per_second for tick in cells.cast(pa.int64()).to_pylist()])


_READERS: dict[str, Callable[[pa.Array], Column]] = {
    "id": _ids,
    "category": _texts,
    "text": _texts,
    "number": _numbers,
    "time": _times,
    "embedding": _each(_embedding, NOT_AN_EMBEDDING),
}


def _lists(cells: pa.Array, kind: str, nothing: frozenset[str], separator: str | None) -> Column:
    """Lists of texts or numbers; parts that mean nothing are left out, and a list without parts is nothing."""
    column = Column([])
    for row, cell in enumerate(cells.to_pylist()):
        parts = cell.split(separator) if isinstance(cell, str) else [cell] if separator and cell is not None else cell
        if parts is None:
            column.values.append(None)
            continue
        kept = [part for each in parts if each is not None and (part := str(each).strip()) and part not in nothing]
        value: list[Any] | None = kept or None
        if kind in ("number", "time", "embedding"):
            try:
                value = [_time(part) if kind == "time" else float(part) for part in kept] or None
                if value and not all(map(math.isfinite, value)):
                    raise ValueError(value)
            except ValueError:
                value, column.faults[row] = None, NOT_AN_EMBEDDING if kind == "embedding" else NOT_A_NUMBER
        column.values.append(value)
    return column
