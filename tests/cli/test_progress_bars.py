"""Progress on stderr: a bar or a line for each stage, and how long the whole run will take."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from kgrec.cli.progress_bars import ProgressBars, duration, progress_bars, rough
from kgrec.progress import Progress, silent


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows, as its only entry."""
    times = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: times[0])
    return times


def run(clock: list[float], progress: Progress) -> None:
    """Three stages, the last of which has a step that starts again and one that goes on from an earlier run."""
    importing, reading, training = progress.parts(1, 1, 2)
    films, ratings = importing.named("Import").parts(1, 1)
    clock[0] = 1.0
    films("nodes from films", 1000, unit="rows")
    clock[0] = 2.0
    films("nodes from films", 3000, unit="rows")
    clock[0] = 4.0
    ratings("interactions from ratings", 2000, unit="rows")
    reading.named("Read")("the graph [red]", 0)
    clock[0] = 9.0
    first, second = training.named("Train").parts(1, 1)
    for done in (31, 33):
        first("embeddings", done, 40, f"loss 0.{done}", unit="epochs")
        clock[0] += 2.0
    for done in (1, 2, 1, 2):
        second("mixtures", done, 2, unit="searches")
        clock[0] += 1.0


def told(clock: list[float], *, verbose: bool = False) -> list[str]:
    stream = io.StringIO()
    with ProgressBars(Console(file=stream, width=100), verbose) as progress:
        run(clock, progress)
    return stream.getvalue().splitlines()


def test_one_line_for_each_stage(clock: list[float]) -> None:
    assert told(clock) == [
        "Import: 5,000 rows in 4.0 s, 1,250/s",
        "Read: 5.0 s",
        "Train: 33 epochs, 4 searches in 8.0 s",
        "Done in 17.0 s",
    ]


def test_verbose_tells_every_step_with_its_figures(clock: list[float]) -> None:
    assert told(clock, verbose=True) == [
        "  nodes from films, 3,000 rows, 1,500/s, 2.0 s",
        "  interactions from ratings, 2,000 rows, 1,000/s, 2.0 s",
        "Import: 5,000 rows in 4.0 s, 1,250/s",
        "  the graph [red], 5.0 s",
        "Read: 5.0 s",
        "  embeddings, 33 of 40 epochs, 1/s, loss 0.33, 2.0 s",
        "  mixtures, 2 searches, 1/s, 3.0 s",
        "  mixtures, 2 searches, 1/s, 3.0 s",
        "Train: 33 epochs, 4 searches in 8.0 s",
        "Done in 17.0 s",
    ]


def test_on_a_terminal_there_is_a_bar_for_each_stage_and_one_for_all(clock: list[float]) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=90, force_terminal=True, color_system=None)
    with ProgressBars(console) as progress:
        run(clock, progress)
    last = [line for line in stream.getvalue().replace("\r", "").splitlines() if "━" in line][-4:]
    assert [line.removeprefix("\x1b[?25l").split()[0] for line in last] == ["Import", "Read", "Train", "Whole"]
    assert "5,000 rows in 4.0 s, 1,250/s" in last[0]
    assert "done in 17.0 s" in last[3]


def test_the_time_left_comes_from_the_share_that_is_done(clock: list[float]) -> None:
    stream = io.StringIO()
    bars = ProgressBars(Console(file=stream, width=90, force_terminal=True, color_system=None))

    def stop() -> None:
        with bars as progress:
            first, second = progress.named("Work").parts(1, 3)
            clock[0] = 100.0
            second("more than half", 1, 2)
            first("what is earlier moves nothing back", 1, 2)
            raise KeyboardInterrupt  # the last picture stays

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert "62%, about 60 s left" in stream.getvalue()


def test_a_stage_that_fails_is_not_said_to_be_finished() -> None:
    stream = io.StringIO()
    bars = ProgressBars(Console(file=stream))

    def fail() -> None:
        with bars as progress:
            progress.named("Import")("rows", 5)
            raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        fail()
    assert stream.getvalue() == ""


def test_quiet() -> None:
    with progress_bars(quiet=True) as progress:
        assert progress is silent


@pytest.mark.parametrize(
    ("seconds", "exact", "guess"),
    [
        (0.04, "0.0 s", "10 s"),
        (59.94, "59.9 s", "60 s"),
        (61.4, "1 min 1 s", "60 s"),
        (118, "1 min 58 s", "2 min"),
        (3599.6, "1 h 0 min", "60 min"),
        (9000, "2 h 30 min", "2.5 h"),
    ],
)
def test_durations_in_words(seconds: float, exact: str, guess: str) -> None:
    assert duration(seconds) == exact
    assert rough(seconds) == guess
