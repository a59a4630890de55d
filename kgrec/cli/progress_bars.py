"""Progress on stderr: a bar for each stage of a run, and how long the whole of it will take.

Where stderr is no terminal there is a line for each stage when it is done, so that a log stays readable.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from kgrec.progress import Event, Progress, silent

_BAR_WIDTH = 16
_NAME_WIDTH = 12
_LEAST_SECONDS, _LEAST_SHARE = 3.0, 0.02
"""Of a run, before the time left is told: a guess from less would be far off."""


def progress_bars(quiet: bool, verbose: bool = False) -> AbstractContextManager[Progress]:
    """A progress to hand to long work; with ``quiet`` one that shows nothing, with ``verbose`` one with every step."""
    if quiet:
        return nullcontext(silent)
    return ProgressBars(Console(stderr=True, highlight=False, emoji=False), verbose)


class ProgressBars:
    """Shows the stages of a run one after the other; a new stage ends the one before.

    Args:
        console: where to.
        verbose: whether every step that is done gets a line of its own.
    """

    def __init__(self, console: Console, verbose: bool = False) -> None:
        self._console, self._verbose = console, verbose
        self._stage: _Stage | None = None
        self._n_stages = 0
        self._started = self._heard = time.monotonic()
        self._drawn = _Drawn(console) if console.is_terminal else None

    def __enter__(self) -> Progress:
        self._started = self._heard = time.monotonic()
        if self._drawn is not None:
            self._drawn.live.start()
        return Progress(self._hear)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        now = time.monotonic()
        if kind is None:
            self._end_stage(now)
            if self._drawn is not None:
                self._drawn.end(now - self._started)
            elif self._n_stages > 1:
                self._say(f"Done in {duration(now - self._started)}")
        if self._drawn is not None:
            self._drawn.live.stop()

    def _hear(self, event: Event) -> None:
        now, step = time.monotonic(), None if self._stage is None else self._stage.step
        # What something new has done already was done since the last call, unless what went before is still at nothing.
        began = self._heard if event.done and (step is None or step.done) else now
        if self._stage is None or event.stage != self._stage.name:
            self._end_stage(began)
            self._stage = _Stage(event.stage, started=began)
            self._n_stages += 1
            if self._drawn is not None:
                self._drawn.begin(event.stage)
        if (ended := self._stage.hear(event, began, now)) is not None:
            self._say_step(ended, began)
        self._heard = now
        if self._drawn is not None and self._stage.step is not None:
            self._drawn.update(event, self._stage.step.words(with_note=False), now - self._started)

    def _end_stage(self, now: float) -> None:
        stage = self._stage
        if stage is None:
            return
        if stage.step is not None:
            self._say_step(stage.step, now)
        stage.end_step()
        if self._drawn is not None:
            self._drawn.end_stage(stage.words(now))
        else:
            self._say(f"{stage.name or 'Working'}: {stage.words(now)}")
        self._stage = None

    def _say_step(self, step: _Step, now: float) -> None:
        if self._verbose:
            self._say(f"  {step.words()}, {duration(now - step.started)}")

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


@dataclass
class _Step:
    """A step under way. ``first`` is what was done when its rate began to count, at ``counted_from``."""

    name: str
    started: float
    first: int
    counted_from: float
    heard: float = 0.0
    done: int = 0
    total: int | None = None
    unit: str = ""
    note: str = ""

    def take(self, event: Event, now: float) -> None:
        """The figures of an event."""
        self.done, self.total, self.unit, self.note, self.heard = event.done, event.total, event.unit, event.note, now

    def words(self, with_note: bool = True) -> str:
        """``training, 12 of 40 epochs, 2.1/s, loss 0.4``."""
        parts = [self.name]
        if self.total is not None and self.done != self.total:
            parts.append(f"{self.done:,} of {self.total:,} {self.unit}".rstrip())
        elif self.done:
            parts.append(f"{self.done:,} {self.unit}".rstrip())
        parts += _rate(self.done - self.first, self.heard - self.counted_from)
        return ", ".join([*parts, self.note] if self.note and with_note else parts)


@dataclass
class _Stage:
    """A stage under way, and what was counted in the steps of it that are done, by unit."""

    name: str
    started: float
    step: _Step | None = None
    counted: dict[str, int] = field(default_factory=dict)

    def hear(self, event: Event, began: float, now: float) -> _Step | None:
        """Take in an event; the step that it has ended, if any."""
        ended = None
        if self.step is None or event.step != self.step.name or event.done < self.step.done:
            ended = self.step
            self.end_step()
            # Where there is a total, the first figure may be that of a run which this one continues: it makes no rate.
            first, counted_from = (0, began) if event.total is None else (event.done, now)
            self.step = _Step(event.step, began, first, counted_from)
        self.step.take(event, now)
        return ended

    def end_step(self) -> None:
        """Count what the step under way has done."""
        if self.step is not None and self.step.unit:
            self.counted[self.step.unit] = self.counted.get(self.step.unit, 0) + self.step.done
        self.step = None

    def words(self, now: float) -> str:
        """``622,275 rows in 52 s, 11,967/s``: the rate only where one thing is counted."""
        seconds = now - self.started
        counted = [f"{number:,} {unit}" for unit, number in self.counted.items() if number]
        if not counted:
            return duration(seconds)
        words = [f"{', '.join(counted)} in {duration(seconds)}"]
        return ", ".join(words + _rate(sum(self.counted.values()), seconds) if len(counted) == 1 else words)


class _Drawn:
    """The bars on a terminal: one per stage, the whole run below them."""

    def __init__(self, console: Console) -> None:
        self._stages, self._run = (self._bars(console) for _ in range(2))
        self._whole = self._run.add_task("Whole run", total=1.0, figures="")
        self._stage: TaskID | None = None
        self._of_run = 0.0
        # Results go to stdout as ever; what is written to stderr meanwhile goes above the bars.
        self.live = Live(Group(self._stages, self._run), console=console, refresh_per_second=5, redirect_stdout=False)

    @staticmethod
    def _bars(console: Console) -> Bars:
        return Bars(
            TextColumn("{task.description}", markup=False, table_column=Column(width=_NAME_WIDTH, no_wrap=True)),
            BarColumn(bar_width=_BAR_WIDTH),
            TextColumn(
                "{task.fields[figures]}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=console,
            expand=True,
        )

    def begin(self, stage: str) -> None:
        self._stage = self._stages.add_task(stage or "Working", total=None, figures="")

    def update(self, event: Event, words: str, seconds: float) -> None:
        assert self._stage is not None
        total = 1.0 if event.total is not None or event.of_stage > 0 else None
        self._stages.update(self._stage, completed=event.of_stage, total=total, figures=words)
        self._of_run = max(self._of_run, event.of_run)
        self._run.update(self._whole, completed=self._of_run, figures=self._outlook(seconds))

    def end_stage(self, words: str) -> None:
        assert self._stage is not None
        self._stages.update(self._stage, completed=1.0, total=1.0, figures=words)

    def end(self, seconds: float) -> None:
        self._run.update(self._whole, completed=1.0, figures=f"done in {duration(seconds)}")

    def _outlook(self, seconds: float) -> str:
        """``45 %, about 2 min left``."""
        words = f"{self._of_run:.0%}"
        if seconds < _LEAST_SECONDS or self._of_run < _LEAST_SHARE:
            return words
        return f"{words}, about {rough(seconds * (1.0 - self._of_run) / self._of_run)} left"


def _rate(done: int, seconds: float) -> list[str]:
    """``["2.1/s"]``; nothing where nothing can be said."""
    if done <= 0 or seconds <= 0:
        return []
    return [f"{done / seconds:,.0f}/s" if done >= 10 * seconds else f"{done / seconds:.2g}/s"]


def duration(seconds: float) -> str:
    """A duration in words, such as ``4.2 s``, ``3 min 5 s`` or ``2 h 10 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def rough(seconds: float) -> str:
    """A duration that is only guessed: to ten seconds within two minutes, to the minute or hour beyond."""
    if seconds < 115:
        return f"{max(10, round(seconds, -1)):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"
