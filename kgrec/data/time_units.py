"""Units of time: what a bare number of a source counts, told by its size.

Between March 1973 and 2100 seconds, milliseconds, microseconds and nanoseconds since 1970 have no number in common.
Smaller ones are positions in a sequence. What fits nowhere is no time until a schema says its unit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UNITS = ("position", "s", "ms", "us", "ns")
"""Names of units, as a schema writes them."""

WORDS = {"position": "positions", "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}

PER_SECOND = {"position": 1.0, "s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

EARLIEST = 1e8
"""Unix seconds from here on (March 1973) are told by their size; positions stay below."""

LATEST = 4_102_444_800.0
"""Unix seconds of the year 2100, up to which they are."""


def units_of(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """The unit of each number by its size, as a place in :data:`UNITS`; -1 where none fits, as for negative ones."""
    places = np.where((numbers >= 0) & (numbers < EARLIEST), 0, -1).astype(np.int8)
    for place, unit in enumerate(UNITS[1:], 1):
        seconds = numbers / PER_SECOND[unit]
        places[(seconds >= EARLIEST) & (seconds <= LATEST)] = place
    return places


def unit_of(number: float) -> str | None:
    """The unit of one number by its size; None where none fits."""
    place = int(units_of(np.array([number]))[0])
    return None if place < 0 else UNITS[place]
