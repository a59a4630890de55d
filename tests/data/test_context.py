"""The moment of asking is in seconds, or is refused with the word for what it is."""

from __future__ import annotations

import pytest

from kgrec.data.context import Context
from kgrec.errors import ConfigError


@pytest.mark.parametrize("at", [None, 0.0, 3.0, 1_700_036_119.5])
def test_seconds_and_positions_are_taken(at: float | None) -> None:
    assert Context(at).at == at


def test_another_unit_is_refused_with_its_name() -> None:
    with pytest.raises(ConfigError) as raised:
        Context(1_700_036_119_007)
    assert str(raised.value) == (
        "ConfigError: the time of asking is not in seconds.\n"
        "  where     at\n"
        "  found     1700036119007, milliseconds\n"
        "  expected  unix seconds, such as 1700036119\n"
        "  next      divide it by 1,000"
    )


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (1.7e15, "microseconds"),
        (1.7e18, "nanoseconds"),
        (-1.0, "a time before 1970"),
        (5e9, "no time up to 2100 in any unit"),
        (float("nan"), "no time up to 2100 in any unit"),
    ],
)
def test_what_is_no_moment_is_refused(at: float, found: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Context(at)
    assert found in str(raised.value.found)
