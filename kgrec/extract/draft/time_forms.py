"""How the times of a column are written: as ISO dates, in a format of their own, or as numbers of some unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?")
_DAY_NUMBER = "%Y%m%d"
_DAYS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", _DAY_NUMBER),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%Y年%m月%d日", "%Y-%m-%d"),
)
_CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p")
_BETWEEN = (" ", ", ", "T", ":")
_WHOLE_FORMATS = ("%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z", "%H:%M %d/%m/%Y", "%H:%M %d.%m.%Y")
_SWAPPED = {"%m/%d": "%d/%m", "%d/%m": "%m/%d", "%d-%m": "%m-%d", "%m-%d": "%d-%m"}
_LOOKS_LIKE_ONE = re.compile(r"(?=.*\d)[\w\s:.,/+年月日-]{6,40}")
_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_EARLIEST, _LATEST = 1e8, 5e9
"""Unix seconds of 1973 and 2128."""


@dataclass(frozen=True)
class TimeForm:
    """How times are written.

    Attributes:
        format: of :meth:`datetime.datetime.strptime`; None for ISO dates and numbers.
        unit: ``s``, ``ms``, ``us`` or ``ns`` of a number since 1970; None for texts.
        or_else: another format that reads every value as well, day and month the other way round.
    """

    format: str | None = None
    unit: str | None = None
    or_else: str | None = None


def time_form(texts: Sequence[str]) -> TimeForm | None:
    """How some distinct texts write times, None where they are none."""
    if not texts:
        return None
    if all(_ISO.fullmatch(text) for text in texts) and all(map(_is_iso, texts)):
        return TimeForm()
    if not all(_LOOKS_LIKE_ONE.fullmatch(text) for text in texts):
        return None
    found = [form for form in _formats_by_shape().get(_shape(texts[0]), ()) if _reads(form, texts)]
    if not found:
        return None
    best = found[0]
    start = next((pair for pair in _SWAPPED if best.startswith(pair)), None)
    swapped = None if start is None else best.replace(start, _SWAPPED[start], 1)
    return TimeForm(best, or_else=swapped if swapped in found else None)


def number_form(texts: Sequence[str]) -> TimeForm | None:
    """How some numbers say times of the last and the next decades; None where they say none.

    They are seconds or parts of seconds since 1970, told by their size, or days such as 20231115.
    """
    numbers = [float(text) for text in texts]
    if not numbers:
        return None
    low, high = min(numbers), max(numbers)
    unit = next((unit for unit, n in _UNITS.items() if _EARLIEST * n <= low and high <= _LATEST * n), None)
    if unit is not None:
        return TimeForm(unit=unit)
    is_day = low >= 19_000_101 and high <= 21_001_231 and _reads(_DAY_NUMBER, texts)
    return TimeForm(_DAY_NUMBER) if is_day else None


def _shape(text: str) -> str:
    """A text with one 0 for any digits, one a for any letters and one blank for any space: 02 Mar 2024 is 0 a 0."""
    return re.sub(r"\s+", " ", re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", text)))


@cache
def _formats_by_shape() -> Mapping[str, Sequence[str]]:
    """Formats by the shapes of what they write, for to try one that cannot fit costs a millisecond."""
    shapes: dict[str, list[str]] = {}
    for form in _formats():
        written = re.sub(r"%[abBp]", "a", re.sub(r"%[dmyYHIMSf]", "0", form))
        for zone in ("+0000", "-0000", "+00:00", "-00:00", "Z") if "%z" in written else ("",):
            shapes.setdefault(_shape(written.replace("%z", zone)), []).append(form)
    return shapes


def _formats() -> Iterator[str]:
    for day, clock in product(_DAYS, _CLOCKS):
        if not clock:
            yield day
            continue
        for between in _BETWEEN:
            yield f"{day}{between}{clock}"
            yield from (f"{day}{between}{clock}{zone}" for zone in (" %z", "%z", " UTC"))
    yield from _WHOLE_FORMATS


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _reads(form: str, texts: Sequence[str]) -> bool:
    try:
        for text in texts:
            datetime.strptime(text, form)
    except ValueError:
        return False
    return True
