"""Python values as Arrow columns in which every cell keeps its own type, whatever stands beside it.

Sources without fixed types (JSON lines, SQLite) put text beside numbers. Such a column becomes a dense union: one
column per type and, for each row, where to look. Nothing is turned into something else to make the types fit; only
whole numbers beside fractions become fractions, where none is too large for that to be exact.
"""

from __future__ import annotations

import ipaddress
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

NESTED = pa.struct([("json", pa.string())])
"""Objects, as their JSON text: nested, so that nobody takes them for text."""

_EXACT = 2**53
_LARGEST = 2**63
_LIST = "list of "
_LISTS = (list, tuple, set, frozenset)
_KINDS: dict[type, str] = {
    type(None): "nothing",
    str: "text",
    uuid.UUID: "text",
    ipaddress.IPv4Address: "text",
    ipaddress.IPv6Address: "text",
    bool: "boolean",
    float: "float",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    date: "date",
}
_TYPES = {
    "text": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "large integer": pa.int64(),
    "float": pa.float64(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "moment": pa.timestamp("us"),
    "moment in UTC": pa.timestamp("us", "UTC"),
    "time": pa.time64("us"),
    "nested": NESTED,
    "nothing": pa.null(),
}


def kinds_of(value: object) -> Iterator[str]:
    """Yield names of the types in a value: one, or for a list ``list`` and ``list of ...`` for each type in it."""
    kind = _kind(value)
    if kind != "nothing":
        yield kind
    if isinstance(value, _LISTS):
        for element in value:
            yield _LIST + ("nested" if isinstance(element, _LISTS) else _kind(element))


def column(values: Sequence[object], kinds: Iterable[str] | None = None) -> pa.Array:
    """An Arrow array of the values: of one type where all are alike, else a dense union.

    Args:
        kinds: what :func:`kinds_of` said of a longer column that these are part of, so that all parts have one type.
    """
    found = {kind for value in values for kind in kinds_of(value)} if kinds is None else set(kinds)
    single = {"list" if kind.startswith(_LIST) else kind for kind in found} - {"nothing"}
    # Whole numbers go where they stay exact: with those too large for a float, else with the fractions.
    whole = next((kind for kind in ("large integer", "float") if kind in single), "integer")
    if "integer" in single:
        single = single - {"integer"} | {whole}
    if len(single) < 2:
        return _array(values, next(iter(single), "text"), found)
    order = sorted(single)
    parts: dict[str, list[object]] = {kind: [] for kind in order}
    codes, offsets = [], []
    for value in values:
        kind = order[0] if value is None else _kind(value)
        kind = whole if kind == "integer" else kind
        codes.append(order.index(kind))
        offsets.append(len(parts[kind]))
        parts[kind].append(value)
    arrays = [_array(parts[kind], kind, found) for kind in order]
    return pa.UnionArray.from_dense(pa.array(codes, pa.int8()), pa.array(offsets, pa.int32()), arrays, order)


def _kind(value: object) -> str:
    if kind := _KINDS.get(type(value)):
        return kind
    if isinstance(value, int):
        return "integer" if abs(value) < _EXACT else "large integer" if -_LARGEST <= value < _LARGEST else "text"
    if isinstance(value, Decimal):
        return "decimal" if value.is_finite() else "float"
    if isinstance(value, datetime):
        return "moment" if value.tzinfo is None else "moment in UTC"
    if isinstance(value, time):
        return "time" if value.tzinfo is None else "nested"
    return "list" if isinstance(value, _LISTS) else "nested"


def _array(values: Sequence[object], kind: str, found: set[str]) -> pa.Array:
    """Values of one kind, None among them, as an Arrow array."""
    if kind == "list":
        return _lists(values, {each.removeprefix(_LIST) for each in found if each.startswith(_LIST)})
    if kind == "decimal":
        return _decimals(values)
    if kind in _WRITTEN:
        values = [None if value is None else _WRITTEN[kind](value) for value in values]
    return pa.array(values, _TYPES[kind])


_WRITTEN: dict[str, Callable[[Any], object]] = {
    "text": str,
    "float": float,
    "bytes": bytes,
    "nested": lambda value: {"json": json.dumps(value, ensure_ascii=False, default=str)},
}
"""What makes values of a kind such as Arrow takes, where there are several classes of them."""


def _decimals(values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except pa.ArrowInvalid:  # more digits than any Arrow type has
        return pa.array([None if value is None else format(value, "f") for value in values], pa.string())


def _lists(values: Sequence[Any], kinds: set[str]) -> pa.Array:
    offsets = [0]
    elements: list[object] = []
    for value in values:
        if value is not None:
            elements += [{"list": each} if isinstance(each, _LISTS) else each for each in value]
        offsets.append(len(elements))
    # An offset that is null makes the list before the next one null.
    starts: list[int | None] = [None if value is None else start for value, start in zip(values, offsets, strict=False)]
    return pa.ListArray.from_arrays(pa.array([*starts, offsets[-1]], pa.int32()), column(elements, kinds))
