"""Columns of times: units by size, dates by format and zone, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from kgrec.extract.times import (
    COMPACT,
    FUTURE,
    NEGATIVE,
    NO_UNIT,
    NO_YEAR,
    NOT_A_TIME,
    PAST,
    SERIAL,
    TimeColumn,
    TimeRule,
)

NOW = 1_700_036_119.0
EVENT = TimeRule(is_event=True)


def listed(column: TimeColumn, cells: pa.Array) -> tuple[list[float | None], dict[int, Any]]:
    values, faults = column.read(cells)
    return values.to_pylist(), faults


def read(values: list[Any], rule: TimeRule = EVENT, type: pa.DataType | None = None) -> list[float | None]:
    found, faults = listed(TimeColumn(rule), pa.array(values, type))
    assert faults == {}
    return found


def faults(values: list[Any], rule: TimeRule = EVENT, type: pa.DataType | None = None) -> dict[int, Any]:
    found, wrong = listed(TimeColumn(rule), pa.array(values, type))
    assert all(found[row] is None for row in wrong)
    return wrong


@pytest.mark.parametrize(
    ("factor", "words"), [(1, "seconds"), (10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")]
)
@pytest.mark.parametrize("type", [pa.int64(), pa.float64(), pa.string()])
def test_the_unit_is_recognised_and_told(factor: int, words: str, type: pa.DataType) -> None:
    column = TimeColumn(EVENT)
    numbers: list[Any] = [int(NOW) * factor, None, (int(NOW) + 60) * factor]
    kind = {pa.string(): str, pa.float64(): float}.get(type, int)
    cells = pa.array([None if number is None else kind(number) for number in numbers], type)
    assert column.words is None
    assert listed(column, cells) == ([NOW, None, NOW + 60], {})
    assert column.words == words


def test_small_whole_numbers_stay_positions() -> None:
    column = TimeColumn(EVENT)
    assert listed(column, pa.array([0, 1, 2])) == ([0.0, 1.0, 2.0], {})
    assert column.words == "positions"


def test_mixed_units_are_refused_within_a_batch_and_later() -> None:
    column = TimeColumn(EVENT)
    values, wrong = listed(column, pa.array([NOW, NOW * 1e3, NOW * 1e3, 0]))
    assert values == [None, NOW, NOW, 0.0]
    assert [(row, fault.text, fault.expected) for row, fault in wrong.items()] == [
        (0, "must have one unit of time", "milliseconds, as most of its first rows have")
    ]
    values, wrong = listed(column, pa.array([NOW, NOW * 1e3, 5]))
    assert (values, sorted(wrong)) == ([None, NOW, None], [0, 2])


def test_dates_beside_numbers_are_refused() -> None:
    assert list(faults(["2023-11-14", "2023-11-15", "1700036119"])) == [2]


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-15T08:15:19",
        "2023-11-15 08:15:19",
        "2023-11-15T08:15:19Z",
        "2023-11-15 08:15:19 UTC",
        "2023-11-15T09:15:19+01:00",
        "2023-11-15T08:15:19.000000000",
    ],
)
def test_iso_dates(text: str) -> None:
    assert read([text]) == [NOW]


def test_a_format_and_a_zone_of_the_schema() -> None:
    american = TimeRule("%m/%d/%Y %H:%M", "America/New_York", is_event=True)
    assert read(["11/15/2023 03:15"], american) == [datetime(2023, 11, 15, 8, 15, tzinfo=UTC).timestamp()]
    assert read(["07/15/2023 03:15"], american) == [datetime(2023, 7, 15, 7, 15, tzinfo=UTC).timestamp()]
    compact = TimeRule("%Y%m%d", is_event=True)
    wanted = datetime(2023, 11, 15, tzinfo=UTC).timestamp()
    assert read([20231115], compact) == read(["20231115"], compact) == read([20231115.0], compact) == [wanted]
    assert faults(["2023-11-15"], compact) == {0: NOT_A_TIME}


def test_dates_of_arrow_are_in_the_zone_of_the_schema() -> None:
    berlin = TimeRule(zone="Europe/Berlin", is_event=True)
    moment = datetime(2023, 11, 15, 8, 15, 19)
    for type in (pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns")):
        assert read([moment, None], EVENT, type) == [NOW, None]
        assert read([moment], berlin, type) == [NOW - 3600]
    assert read([moment.replace(tzinfo=UTC)], berlin, pa.timestamp("s", "Asia/Tokyo")) == [NOW]
    assert read([moment.date()], berlin, pa.date32()) == [datetime(2023, 11, 14, 23, tzinfo=UTC).timestamp()]


def test_a_stated_unit_is_taken_at_its_word() -> None:
    assert read([5e10], TimeRule(unit="ms")) == [5e7]  # of 1971: by its size, these would be seconds
    assert read([20231115], TimeRule(unit="position")) == [20231115.0]
    assert read([45292.5], TimeRule(unit="position")) == [45292.5]
    assert read([45292, 45293]) == [45292.0, 45293.0]
    assert read([1.5, 45293.5]) == [1.5, 45293.5]
    assert faults([NOW * 1e3], TimeRule(unit="s", is_event=True)) == {0: FUTURE}


def test_offenders() -> None:
    assert faults([-5, NOW]) == {0: NEGATIVE}
    assert faults(["0001-01-01"]) == {0: PAST}
    assert faults(["1969-12-31", "9999-12-31"]) == {0: PAST, 1: FUTURE}
    assert faults([datetime(1, 1, 1)], EVENT, pa.timestamp("us")) == {0: PAST}
    assert faults([20231114101500]) == {0: NO_UNIT}
    assert faults(["20231114", "20231130", "0"]) == {0: COMPACT, 1: COMPACT}
    assert faults(["45292.5", "45293", "0", None]) == faults([45292.5, 45293, 0, None]) == {0: SERIAL, 1: SERIAL}
    assert faults(["nan", "yesterday", "11/15/2023", "inf", "0000-00-00"]) == dict.fromkeys(range(5), NOT_A_TIME)
    assert faults([True], EVENT, pa.bool_()) == {0: NOT_A_TIME}
    assert faults([b"1"], EVENT, pa.binary()) == {0: NOT_A_TIME}


def test_a_property_may_lie_before_1970_but_not_in_the_year_1() -> None:
    anything = TimeRule()
    assert read(["1969-12-31"], anything) == [-86400.0]
    assert read([-86400], TimeRule(unit="s")) == [-86400.0]
    assert faults([-86400], anything) == {0: NEGATIVE}
    assert faults(["0001-01-01", "9999-12-31", "1895-12-28"], anything) == {0: NO_YEAR, 1: NO_YEAR}


def test_a_column_of_several_types_is_one_column() -> None:
    union = pa.UnionArray.from_dense(
        pa.array([0, 1, 0], pa.int8()),
        pa.array([0, 0, 1], pa.int32()),
        [pa.array([int(NOW) * 1000, 7]), pa.array([str(int(NOW) * 1000)])],
    )
    values, wrong = listed(TimeColumn(EVENT), union)
    assert (values, list(wrong)) == ([NOW, NOW, None], [2])
