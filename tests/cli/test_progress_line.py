"""Progress on stderr: one line for each finished stage."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from rich.console import Console

from kgrec.cli.progress_line import ProgressLine, progress_line
from kgrec.progress import silent


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows, as its only entry."""
    times = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: times[0])
    return times


def told(clock: list[float], *events: tuple[float, tuple[Any, ...]]) -> list[str]:
    stream = io.StringIO()
    with ProgressLine(Console(file=stream, width=100)) as progress:
        for at, event in events:
            clock[0] = at
            progress(*event)
    return stream.getvalue().splitlines()


def test_one_line_for_each_finished_stage(clock: list[float]) -> None:
    assert told(
        clock,
        (1.0, ("rows", 1000)),
        (2.0, ("rows", 3000)),
        (2.0, ("training", 0, 40)),
        (4.0, ("training", 1, 40, "loss 0.5")),
        (6.0, ("training", 2, 40, "loss 0.4")),
        (6.0, ("reading", 0, None, "folder [red]")),
        (9.0, ("gate search", 8, 8)),
    ) == [
        "rows: 3,000, 1,500/s, 2.0 s",
        "training: 2 of 40, 0.5/s, loss 0.4, 4.0 s",
        "reading: folder [red], 3.0 s",
        "gate search: 8, 0.0 s",
    ]


def test_a_stage_that_starts_again_is_a_new_one(clock: list[float]) -> None:
    again = [(float(at), ("fold", done, 2)) for at, done in enumerate([0, 1, 2, 1, 2])]
    assert told(clock, *again) == ["fold: 2, 1/s, 2.0 s", "fold: 2, 1/s, 2.0 s"]


def test_a_continued_stage_counts_its_own_work_only(clock: list[float]) -> None:
    """What a run that was stopped had done before makes no rate."""
    assert told(clock, (2.0, ("training", 31, 40)), (4.0, ("training", 33, 40))) == ["training: 33 of 40, 1/s, 4.0 s"]


def test_on_a_terminal_a_line_moves_and_the_finished_ones_stay() -> None:
    stream = io.StringIO()
    with ProgressLine(Console(file=stream, width=100, force_terminal=True, color_system=None)) as progress:
        progress("rows", 0, 10)
        progress("rows", 5, 10, "half")
        progress("texts", 1)
    assert "rows: 5 of 10, " in stream.getvalue()
    assert "texts: 1, " in stream.getvalue()


def test_a_stage_that_fails_is_not_said_to_be_finished() -> None:
    stream = io.StringIO()
    progress = ProgressLine(Console(file=stream))

    def fail() -> None:
        with progress:
            progress("rows", 5)
            raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        fail()
    assert stream.getvalue() == ""


def test_quiet() -> None:
    with progress_line(quiet=True) as progress:
        assert progress is silent
