"""What a number counts, by its size."""

from __future__ import annotations

import pytest

from kgrec.data.time_units import PER_SECOND, unit_of

NOW = 1_700_036_119


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("seconds", [1.1e8, NOW, 4.1e9])
def test_a_moment_is_told_in_every_unit(unit: str, seconds: float) -> None:
    assert unit_of(seconds * PER_SECOND[unit]) == unit


def test_small_numbers_are_positions() -> None:
    assert [unit_of(x) for x in (0, 1, 99_999_999)] == ["position"] * 3


@pytest.mark.parametrize("number", [-1, 5e9, 20231114101500, 13_344_509_719_000_000, 1e19, float("nan")])
def test_what_fits_no_unit(number: float) -> None:
    assert unit_of(number) is None
