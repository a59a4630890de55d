"""Progress: how long work tells that it lives, and how much of a run is done.

A run has stages (import, read, choose ...), a stage has steps. Whoever calls hands each of its parts a share of the
run; whoever works tells what it is doing. Nobody below the command line draws anything.

Example:
    Three quarters of a run go to the first of two stages, which is half done:

    >>> told: list[Event] = []
    >>> reading, writing = Progress(told.append).parts(3, 1)
    >>> reading.named("Read")("rows of films", 50, 100, unit="rows")
    >>> told[0].stage, told[0].of_stage, told[0].of_run
    ('Read', 0.5, 0.375)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Event:
    """What work tells of itself.

    Attributes:
        stage: the part of the run, a word or two; empty where nobody has named one.
        step: what is being done, a few words; a new step ends the one before.
        done: how much of the step is done.
        total: how much there is; None where that is unknown.
        unit: what is counted, in the plural ("rows", "epochs").
        note: a figure worth showing beside it ("ndcg@10 0.171").
        of_stage, of_run: share of the stage and of the whole run that is done, 0 to 1.
    """

    stage: str
    step: str
    done: int
    total: int | None
    unit: str
    note: str
    of_stage: float
    of_run: float


@dataclass(frozen=True)
class Progress:
    """A share of a run, handed to the work that it is for.

    Attributes:
        listener: called with every event, from the thread of the work.
        share: where in the run it begins and ends, 0 to 1.
        stage: the stage that it belongs to.
        stage_share: where in the run this stage begins and ends.
    """

    listener: Callable[[Event], object]
    share: tuple[float, float] = (0.0, 1.0)
    stage: str = ""
    stage_share: tuple[float, float] = (0.0, 1.0)

    def __call__(self, step: str, done: int, total: int | None = None, note: str = "", *, unit: str = "") -> None:
        """Tell what is being done; the arguments are those of :class:`Event`."""
        start, end = self.share
        of_run = start + (end - start) * (min(done / total, 1.0) if total else 0.0)
        first, last = self.stage_share
        of_stage = (of_run - first) / (last - first) if last > first else 0.0
        self.listener(Event(self.stage, step, done, total, unit, note, of_stage, of_run))

    def parts(self, *weights: float) -> list[Progress]:
        """Shares of this share, one after the other, as large as their weights: the seconds that each may take."""
        (start, end), whole = self.share, sum(weights) or 1.0
        bounds = [start + (end - start) * part / whole for part in itertools.accumulate(weights, initial=0.0)]
        return [replace(self, share=share) for share in itertools.pairwise(bounds)]

    def named(self, stage: str) -> Progress:
        """The same share as a stage of its own; within a stage that has a name, it stays that stage."""
        return self if self.stage else replace(self, stage=stage, stage_share=self.share)


silent = Progress(lambda event: None)
"""No progress at all."""
