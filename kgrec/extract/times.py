"""Columns of times: their unit is recognised over the column, so that no row is read otherwise than its neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.id_texts import NOT_ONE_VALUE, Fault, is_list, plain_array, union_parts, value_texts
from kgrec.data.time_units import LATEST, PER_SECOND, UNITS, WORDS, units_of

_DATE = len(UNITS)
"""Stands beside the places of units: a cell that says its moment itself."""
_NOTHING = -2
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_YEAR_2 = -62_104_060_800.0
_YEAR_9999 = 253_370_764_800.0

NOT_A_TIME = Fault(
    "must be a time", "unix time, an ISO date or a position; other forms of date need a format in the schema"
)
NO_UNIT = Fault(
    "is no time in any unit",
    "unix seconds, milliseconds, microseconds or nanoseconds up to 2100, or a position below 100,000,000; a unit or "
    "format in the schema says what else it is",
)
NEGATIVE = Fault("must not be negative", "unix time from 1970 on, or a position")
PAST = Fault("must not lie before 1970", "a time at which something was done")
FUTURE = Fault("must not lie after 2100", "a time at which something was done; is the unit right?")
NO_YEAR = Fault("must be a date that there was", "a year from 2 to 9998: 1 and 9999 stand for 'unknown' and 'never'")
COMPACT = Fault(
    "must say what its eight digits are",
    'the format "%Y%m%d" in the schema where they are dates, or the unit position where they are not',
)
SERIAL = Fault(
    "must not count days as a spreadsheet does",
    "the date in words, such as 2024-01-01 07:00 for 45292.29, or the unit position where it is no date",
)

_Parts = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], dict[int, Fault]]


@dataclass(frozen=True, slots=True)
class TimeRule:
    """What a schema says of a column of times.

    Attributes:
        format: of dates, as :func:`datetime.datetime.strptime` reads it; None: ISO 8601, and numbers.
        zone: IANA name of the time zone of dates that state none; None: UTC.
        unit: of numbers; None: recognised.
        is_event: something was done then, so that it lies between 1970 and 2100.
    """

    format: str | None = None
    zone: str | None = None
    unit: str | None = None
    is_event: bool = False


class TimeColumn:
    """Reads the batches of one column of times: unix seconds, or positions.

    Without a rule, the first batch decides on the unit: the one that most of its cells have. What is in another one,
    there or later, is a fault; 0 has none.
    """

    def __init__(self, rule: TimeRule) -> None:
        self._rule = rule
        self._zone: tzinfo = UTC if rule.zone is None else ZoneInfo(rule.zone)
        self._unit = None if rule.unit is None else UNITS.index(rule.unit)
        self._zoneless = False

    @property
    def words(self) -> str | None:
        """How the column is read, in words; None before a cell said so."""
        if self._unit is None:
            return None
        if self._unit != _DATE:
            return WORDS[UNITS[self._unit]]
        return f"dates of the time zone {self._rule.zone or 'UTC'}" if self._zoneless else "dates with their time zone"

    def read(self, cells: pa.Array) -> tuple[pa.Array, dict[int, Fault]]:
        """Values of a batch (float64, null where there is nothing), and faults by position."""
        numbers, dates, faults = self._parts(cells)
        units = np.full(len(numbers), _NOTHING)
        with np.errstate(invalid="ignore"):
            units[(numbers != 0) & ~np.isnan(numbers)] = -1
            bare = (units == -1) & ~dates
        units[bare] = units_of(numbers[bare]) if self._rule.unit is None else self._unit
        units[dates] = _DATE
        if self._unit is None and (units >= 0).any():
            self._unit = int(np.bincount(units[units >= 0]).argmax())
        seconds = numbers.copy()
        if self._unit is not None and self._unit != _DATE:
            seconds[~dates] /= PER_SECOND[UNITS[self._unit]]
        for row, fault in self._offenders(numbers, seconds, units):
            faults.setdefault(row, fault)
        nothing = np.isnan(seconds)
        nothing[list(faults)] = True
        return pa.array(seconds, mask=nothing), faults

    def _offenders(
        self, numbers: npt.NDArray[np.float64], seconds: npt.NDArray[np.float64], units: npt.NDArray[Any]
    ) -> list[tuple[int, Fault]]:
        """Rows whose time cannot be, each with the reason; the first reason counts."""
        found: list[tuple[npt.NDArray[np.bool_], Fault]] = []
        moments = (units == _DATE) | ((units > 0) & (self._rule.unit is not None))
        bare = (units > _NOTHING) & (units != _DATE)
        with np.errstate(invalid="ignore"):
            found.append((bare & (numbers < 0) & (self._rule.is_event | ~moments), NEGATIVE))
            found.append((units == -1, NO_UNIT))
            if self._unit is not None and self._rule.unit is None:
                found.append(((units >= 0) & (units != self._unit), _mixed(self._unit)))
            if self._unit == 0 and self._rule.unit is None:
                found.append((_are_compact_dates(numbers, units == 0), COMPACT))
                found.append((_are_serial_dates(numbers, units == 0), SERIAL))
            if self._rule.is_event:
                found += [(moments & (seconds < 0), PAST), (moments & (seconds > LATEST), FUTURE)]
            found.append((moments & ((seconds < _YEAR_2) | (seconds >= _YEAR_9999)), NO_YEAR))
        return [(row, fault) for rows, fault in found for row in np.flatnonzero(rows).tolist()]

    def _parts(self, cells: pa.Array) -> _Parts:
        """Numbers of a column, NaN where there is nothing; which of them are unix seconds of dates; faults."""
        cells = plain_array(cells)
        kind, types = cells.type, pa.types
        if types.is_union(kind):
            numbers, dates, faults = np.full(len(cells), np.nan), np.zeros(len(cells), bool), dict[int, Fault]()
            for rows, part in union_parts(cells):
                numbers[rows], dates[rows], some = self._parts(part)
                faults |= {int(rows[position]): fault for position, fault in some.items()}
            return numbers, dates, faults
        if types.is_timestamp(kind) or types.is_date(kind):
            return self._arrow_dates(cells)
        if self._rule.format is None and (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
            numbers = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            infinite = np.flatnonzero(np.isinf(numbers)).tolist()
            return numbers, np.zeros(len(cells), bool), dict.fromkeys(infinite, NOT_A_TIME)
        if types.is_string(kind) or types.is_large_string(kind) or self._rule.format is not None:
            return self._texts(value_texts(cells).array)
        valid = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False)).tolist()
        fault = NOT_ONE_VALUE if is_list(kind) else NOT_A_TIME
        return np.full(len(cells), np.nan), np.zeros(len(cells), bool), dict.fromkeys(valid, fault)

    def _arrow_dates(self, cells: pa.Array) -> _Parts:
        moments = cells.cast(pa.timestamp("s")) if pa.types.is_date(cells.type) else cells
        if moments.type.tz is None:
            self._zoneless = True
            if self._rule.zone is not None:
                moments = pc.assume_timezone(moments, self._rule.zone, ambiguous="earliest", nonexistent="earliest")
        ticks = moments.cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return ticks / PER_SECOND[moments.type.unit], ~np.isnan(ticks), {}

    def _texts(self, texts: pa.Array) -> _Parts:
        if self._rule.format is None:
            try:
                numbers = texts.cast(pa.float64()).to_numpy(zero_copy_only=False)
                if np.isfinite(numbers).sum() == len(texts) - texts.null_count:
                    return numbers, np.zeros(len(texts), bool), {}
            except pa.ArrowInvalid:
                pass  # not all of them are numbers
        numbers, dates, faults = np.full(len(texts), np.nan), np.zeros(len(texts), bool), dict[int, Fault]()
        for row, text in enumerate(texts.to_pylist()):
            if text is not None:
                try:
                    numbers[row], dates[row] = self._read(text)
                except (ValueError, OverflowError):
                    faults[row] = NOT_A_TIME
        return numbers, dates, faults

    def _read(self, text: str) -> tuple[float, bool]:
        """A text as a number, and whether it is a date.

        Raises:
            ValueError: it is neither.
            OverflowError: a date that lies before the first year in UTC.
        """
        if self._rule.format is not None:
            moment = datetime.strptime(text, self._rule.format)
        elif _NUMBER.fullmatch(text):
            number = float(text)
            if not np.isfinite(number):
                raise ValueError(text)
            return number, False
        else:
            moment = datetime.fromisoformat(text.removesuffix(" UTC") + ("+00:00" if text.endswith(" UTC") else ""))
        if moment.tzinfo is None:
            self._zoneless = True
            moment = moment.replace(tzinfo=self._zone)
        return moment.timestamp(), True


def _mixed(unit: int) -> Fault:
    words = "dates" if unit == _DATE else WORDS[UNITS[unit]]
    return Fault("must have one unit of time", f"{words}, as most of its first rows have")


def _are_compact_dates(numbers: npt.NDArray[np.float64], positions: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The positions, where all of them could be dates such as 20231114; else none."""
    days = numbers[positions]
    year, month, day = days // 10_000, days // 100 % 100, days % 100
    dates = (year >= 1900) & (year <= 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return positions & bool(len(days) and (dates & (days == np.floor(days))).all())


def _are_serial_dates(numbers: npt.NDArray[np.float64], positions: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The positions, where all could be days since 1900 from 1982 to 2064, one with a time of day; else none.

    So spreadsheets keep dates. A position is a whole number.
    """
    days = numbers[positions]
    dates = (days >= 30_000) & (days < 60_000)
    return positions & bool(len(days) and dates.all() and (days != np.floor(days)).any())
