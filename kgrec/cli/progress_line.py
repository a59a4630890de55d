"""Progress on stderr: one living line while a stage runs, one lasting line when it is done.

Where stderr is no terminal there are only the lasting lines, so that a log stays readable.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from kgrec.progress import Progress, silent


def progress_line(quiet: bool) -> AbstractContextManager[Progress]:
    """A progress to hand to long work; with ``quiet`` one that shows nothing."""
    return nullcontext(silent) if quiet else ProgressLine(Console(stderr=True, highlight=False, emoji=False))


class ProgressLine:
    """Shows stages one after the other; a new stage, or one that starts again, ends the one before.

    Args:
        console: where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Bar | None = None
        if console.is_terminal:
            self._bar = Bar(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[figures]}", markup=False),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )
        self._task: TaskID | None = None
        self._stage: str | None = None
        self._note = ""
        self._first = self._done = 0
        self._total: int | None = None
        self._started = self._counted_from = self._heard = time.monotonic()

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish(time.monotonic())
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, done: int, total: int | None = None, note: str = "") -> None:
        """See :class:`kgrec.progress.Progress`."""
        now = time.monotonic()
        if stage != self._stage or done < self._done:
            # What a new stage has done already was done since the last call, unless the one before is still at nothing.
            started = self._heard if done and (self._stage is None or self._done) else now
            self._finish(started)
            self._begin(stage, done, total, started, now)
        self._heard = now
        self._done, self._total, self._note = done, total, note
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, figures=self._figures())

    def _begin(self, stage: str, done: int, total: int | None, started: float, now: float) -> None:
        self._stage, self._started = stage, started
        # Where there is a total, the first figure may be that of a run which this one continues: it makes no rate.
        self._first, self._counted_from = (0, started) if total is None else (done, now)
        if self._bar is not None:
            self._task = self._bar.add_task(stage, total=total, figures="")

    def _finish(self, ended: float) -> None:
        if self._stage is None:
            return
        seconds = ended - self._started
        figures = [text for text in (self._figures(), f"{seconds:.1f} s") if text]
        self._console.print(Text(f"{self._stage}: {', '.join(figures)}"), soft_wrap=True)
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
        self._stage, self._task, self._done = None, None, 0

    def _figures(self) -> str:
        """``500 of 2,000, 250/s, loss 0.4``."""
        parts = []
        if self._total is not None and self._done != self._total:
            parts.append(f"{self._done:,} of {self._total:,}")
        elif self._done:
            parts.append(f"{self._done:,}")
        seconds = self._heard - self._counted_from
        if self._done > self._first and seconds > 0:
            rate = (self._done - self._first) / seconds
            parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s")
        return ", ".join([*parts, self._note] if self._note else parts)
