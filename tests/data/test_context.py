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


def test_circumstances_are_read_from_options() -> None:
    asked = Context.parse(5.0, "web", ["weather=rain=heavy", "device="])
    assert asked == Context(5.0, "web", {"weather": "rain=heavy", "device": ""})
    assert asked.contexts.codes("weather", ("sun", "rain=heavy")).tolist() == [1]
    assert asked.contexts.codes("device", ("tv",)).tolist() == [-1]
    assert asked.contexts.at.tolist() == [5.0]


@pytest.mark.parametrize("values", [["rain"], ["=rain"], ["weather=rain", "weather=sun"]])
def test_circumstances_that_cannot_be_read_are_refused(values: list[str]) -> None:
    with pytest.raises(ConfigError, match="NAME=VALUE, each name once"):
        Context.parse(None, None, values)


def test_circumstances_that_nobody_knows_are_refused_with_those_there_are() -> None:
    asked = Context(values={"wether": "rain"})
    asked.check_columns(None)
    asked.check_columns(["wether"])
    with pytest.raises(ConfigError, match="did you mean 'weather'") as raised:
        asked.check_columns(["weather", "device"])
    assert "device, weather" in str(raised.value)
    with pytest.raises(ConfigError, match="the schema declares no context"):
        asked.check_columns([])
