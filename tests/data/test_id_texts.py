"""One value, one id text: the table of the rule, value by value and type by type."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.id_texts import (
    BYTES,
    INEXACT_ID,
    NOT_ONE_VALUE,
    NOT_UTF8,
    NOT_UUID,
    id_texts,
    literal_text,
    value_texts,
)

SIXTEEN = bytes(range(16))
AS_UUID = "00010203-0405-0607-0809-0a0b0c0d0e0f"


def ids(values: list[Any], type: pa.DataType | None = None, binary: Any = None) -> list[str | None]:
    texts = id_texts(pa.array(values, type), binary)
    assert texts.faults == {}
    found: list[str | None] = texts.array.to_pylist()
    return found


@pytest.mark.parametrize(
    ("values", "type", "wanted"),
    [
        ([20, None, -3], pa.int8(), ["20", None, "-3"]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([20.0, -0.0, None, float("nan"), 2.0**53 - 1], pa.float64(), ["20", "0", None, None, "9007199254740991"]),
        ([20.0, 2.0**24 - 1], pa.float32(), ["20", "16777215"]),
        ([np.float16(20), None], pa.float16(), ["20", None]),
        ([Decimal("20.00"), Decimal("0.50"), Decimal("-0.00"), None], pa.decimal128(9, 2), ["20", "0.5", "0", None]),
        ([Decimal("1E+3"), Decimal(10) ** 37], pa.decimal128(38, 0), ["1000", "1" + "0" * 37]),
        ([Decimal("0.00000001")], pa.decimal128(9, 8), ["0.00000001"]),
        ([Decimal(10) ** 60], pa.decimal256(76, 2), ["1" + "0" * 60]),
        ([True, False, None], pa.bool_(), ["true", "false", None]),
        ([date(2020, 1, 2)], pa.date32(), ["2020-01-02"]),
        ([date(2020, 1, 2)], pa.date64(), ["2020-01-02"]),
        ([datetime(2020, 1, 2)], pa.timestamp("s"), ["2020-01-02T00:00:00"]),
        ([datetime(2020, 1, 2)], pa.timestamp("ns"), ["2020-01-02T00:00:00"]),
        ([datetime(2020, 1, 2, 3, 4, 5, 60_000)], pa.timestamp("ms"), ["2020-01-02T03:04:05.06"]),
        ([datetime(2020, 1, 2, 3, 4, 5, 60_000)], pa.timestamp("us"), ["2020-01-02T03:04:05.06"]),
        ([time(3, 4), time(3, 4, 5, 100_000)], pa.time32("ms"), ["03:04:00", "03:04:05.1"]),
        ([" a ", "", None, "007", "20.0", "1e3"], pa.string(), ["a", None, None, "007", "20.0", "1e3"]),
        (["a"], pa.large_string(), ["a"]),
        (["a"], pa.string_view(), ["a"]),
        ([None], pa.null(), [None]),
    ],
)
def test_the_text_of_a_value_whatever_its_type(values: list[Any], type: pa.DataType, wanted: list[str | None]) -> None:
    assert ids(values, type) == wanted
    assert id_texts(pa.array([], type)).array.to_pylist() == []


def test_moments_of_any_zone_are_one_moment() -> None:
    east = timezone(timedelta(hours=9))
    for moment in (datetime(2020, 1, 1, 23, tzinfo=UTC), datetime(2020, 1, 2, 8, tzinfo=east)):
        assert ids([moment], pa.timestamp("us", "Asia/Tokyo")) == ["2020-01-01T23:00:00+00:00"]


def test_encodings_of_a_column_do_not_show() -> None:
    assert ids(["a", "b", None, "a"], pa.dictionary(pa.int8(), pa.string())) == ["a", "b", None, "a"]
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([20.0, 7.0]))
    assert id_texts(runs).array.to_pylist() == ["20", "20", "7"]
    union = pa.UnionArray.from_dense(
        pa.array([1, 0, 1, 0], pa.int8()),
        pa.array([0, 0, 1, 1], pa.int32()),
        [pa.array(["x", "007"]), pa.array([2.0, 1.5])],
    )
    texts = id_texts(union)
    assert (texts.array.to_pylist(), texts.faults) == (["2", "x", None, "007"], {2: INEXACT_ID})
    assert id_texts(union.slice(1, 2)).array.to_pylist() == ["x", None]


@pytest.mark.parametrize(
    ("value", "type", "fault"),
    [
        (0.5, pa.float64(), INEXACT_ID),
        (2.0**53, pa.float64(), INEXACT_ID),
        (2.0**24, pa.float32(), INEXACT_ID),
        (2.0**11, pa.float16(), INEXACT_ID),
        (float("inf"), pa.float64(), INEXACT_ID),
        (b"1", pa.binary(), BYTES),
        (b"1", pa.large_binary(), BYTES),
        (b"1", pa.binary_view(), BYTES),
        (SIXTEEN, pa.binary(16), BYTES),
        ({"a": 1}, pa.struct([("a", pa.int64())]), NOT_ONE_VALUE),
        ([("a", 1)], pa.map_(pa.string(), pa.int64()), NOT_ONE_VALUE),
        (["a"], pa.list_(pa.string()), NOT_ONE_VALUE),
        (timedelta(1), pa.duration("s"), NOT_ONE_VALUE),
    ],
)
def test_what_is_no_id_is_refused(value: Any, type: pa.DataType, fault: Any) -> None:
    if type == pa.float16():
        value = np.float16(value)
    texts = id_texts(pa.array([None, value], type))
    assert (texts.array.to_pylist(), texts.faults) == ([None, None], {1: fault})


def test_bytes_are_what_the_schema_says() -> None:
    assert ids([SIXTEEN, None, b""], pa.binary(), "uuid") == [AS_UUID, None, None]
    assert ids([SIXTEEN], pa.binary(16), "uuid") == [AS_UUID]
    assert ids([b"\x00\xff"], pa.binary(), "hex") == ["00ff"]
    assert ids([" é ".encode(), b"  "], pa.binary(), "text") == ["é", None]
    assert id_texts(pa.array([b"123"]), "uuid").faults == {0: NOT_UUID}
    assert id_texts(pa.array([b"\xff"]), "text").faults == {0: NOT_UTF8}
    assert ids(["007"], pa.string(), "hex") == ["007"]  # text stays text


def test_a_uuid_says_of_itself_what_it_is() -> None:
    storage = pa.array([SIXTEEN, None], pa.binary(16))
    column = pa.ExtensionArray.from_storage(pa.uuid(), storage)
    assert id_texts(column).array.to_pylist() == [str(uuid.UUID(bytes=SIXTEEN)), None]


def test_ids_are_compared_in_the_composed_form() -> None:
    assert ids(["Ame\u0301lie", "Am\u00e9lie"]) == ["Am\u00e9lie", "Am\u00e9lie"]


def test_texts_to_read_keep_their_fraction() -> None:
    texts = value_texts(pa.array([0.1, 1e20, 1e-7, 20.0, None]))
    assert texts.array.to_pylist() == ["0.1", "100000000000000000000", "0.0000001", "20", None]
    assert value_texts(pa.array([0.1], pa.float32())).array.to_pylist() == ["0.1"]


@pytest.mark.parametrize(
    ("lexical", "datatype", "wanted"),
    [
        ("007", "integer", "7"),
        ("+7", "int", "7"),
        ("-0", "long", "0"),
        ("-007", "negativeInteger", "-7"),
        ("9" * 30, "nonNegativeInteger", "9" * 30),
        ("7", "unsignedShort", "7"),
        ("20.00", "decimal", "20"),
        ("01.50", "decimal", "1.5"),
        (".5", "decimal", "0.5"),
        ("2.0E1", "double", "20"),
        ("1.5E0", "float", "1.5"),
        ("INF", "double", "INF"),
        ("1", "boolean", "true"),
        ("false", "boolean", "false"),
        ("abc", "integer", "abc"),
        ("1.5", "integer", "1.5"),
        ("007", "string", "007"),
        ("2020-01-01", "date", "2020-01-01"),
        ("0099", "gYear", "0099"),
    ],
)
def test_literals_have_one_text(lexical: str, datatype: str, wanted: str) -> None:
    assert literal_text(lexical, f"http://www.w3.org/2001/XMLSchema#{datatype}") == wanted


def test_literals_without_a_type_of_xsd_stay() -> None:
    assert literal_text("007", None) == "007"
    assert literal_text("007", "http://example.org/integer") == "007"


@settings(deadline=None)
@given(st.integers(-(2**24) + 1, 2**24 - 1))
def test_a_whole_number_has_one_text_in_every_type(number: int) -> None:
    types = [pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.decimal128(20, 3), pa.decimal256(30, 0)]
    assert {ids([number], type)[0] for type in types} == {str(number)}
