"""Python values as Arrow columns: every cell comes back as it was given."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from kgrec_loaders.mixed_columns import NESTED, column, kinds_of

MOMENT = datetime(2020, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("values", "type"),
    [
        (["a", None], pa.string()),
        ([1, None, -5], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([2**60, 1], pa.int64()),
        ([True, None], pa.bool_()),
        ([b"a"], pa.binary()),
        ([date(2020, 1, 2)], pa.date32()),
        ([MOMENT], pa.timestamp("us")),
        ([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")),
        ([time(3, 4)], pa.time64("us")),
        ([Decimal("1.50"), Decimal("2.25")], pa.decimal128(3, 2)),
        ([["a"], [], None], pa.list_(pa.string())),
        ([[1, 2.5], [3]], pa.list_(pa.float64())),
        ([[None]], pa.list_(pa.string())),
        ([None], pa.string()),
        ([], pa.string()),
    ],
)
def test_one_kind_is_one_type(values: list[Any], type: pa.DataType) -> None:
    made = column(values)
    assert (made.type, made.to_pylist()) == (type, values)


@pytest.mark.parametrize(
    "values",
    [
        ["a", 1, None, True],
        [1, "a"],
        [0.5, 2**53 + 1, 7],
        [b"a", "a", 1],
        [["a"], "a", None, [1, "b", None]],
        [MOMENT, date(2020, 1, 2), MOMENT.replace(tzinfo=UTC)],
        [Decimal("1.5"), 2],
    ],
)
def test_several_kinds_keep_their_own_type(values: list[Any]) -> None:
    made = column(values)
    assert made.to_pylist() == values
    assert [type(value) for value in made.to_pylist()[:2]] == [type(value) for value in values[:2]]


def test_all_parts_of_a_long_column_have_one_type() -> None:
    kinds = {kind for value in ["a", 1, None, ["b", 2]] for kind in kinds_of(value)}
    parts = [column(["a", 1], kinds), column([None, None], kinds), column([["b", 2], 3], kinds)]
    assert len({part.type for part in parts}) == 1
    assert [value for part in parts for value in part.to_pylist()] == ["a", 1, None, None, ["b", 2], 3]


def test_classes_of_text_and_bytes_are_written_out() -> None:
    number = uuid.UUID(int=5)
    assert column([number, ipaddress.ip_address("10.0.0.1")]).to_pylist() == [str(number), "10.0.0.1"]
    assert column([memoryview(b"a"), bytearray(b"b")]).to_pylist() == [b"a", b"b"]
    east = MOMENT.replace(tzinfo=timezone(timedelta(hours=1)))
    assert column([east]).to_pylist() == [east]


def test_large_numbers_keep_every_digit() -> None:
    assert column([2**70, 10**80]).to_pylist() == [str(2**70), str(10**80)]
    assert column([Decimal(10) ** 80]).to_pylist() == ["1" + "0" * 80]
    (nothing,) = column([Decimal("NaN")]).to_pylist()
    assert nothing != nothing


def test_objects_are_nested_and_no_text() -> None:
    made = column([{"k": "é"}, None])
    assert (made.type, made.to_pylist()) == (NESTED, [{"json": '{"k": "é"}'}, None])
    assert column([[[1], "a"]]).to_pylist() == [[{"json": '{"list": [1]}'}, "a"]]
    assert column([timedelta(1)]).type == NESTED
