"""The setting of a baseline, chosen on validation within a budget of settings and seconds.

First the grid is tried, then how fast histories fade, then the neighbours of the best setting along each of its numbers
until none of them is better. A number whose best value is the least or the largest that was tried goes on beyond it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from kgrec.errors import KgrecError
from kgrec.evaluation.compared_system import Baseline, Fading, Fit, Setting, StoppedEarly, System
from kgrec.evaluation.task import Validation
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import Ranker

Quality = Callable[[Ranker], float]
"""What a ranker is worth on validation; systems that learn in epochs stop early by it."""

_RECENCY = "recency"


@dataclass(frozen=True)
class Budget:
    """How much every baseline may try on validation. What kgrec tries is not limited by it, but counted the same way.

    Attributes:
        settings: most settings that are tried; a longer grid is thinned out evenly.
        seconds: no further setting is begun after that long and no further epoch of a baseline that learns in epochs;
            the first is always tried.
    """

    settings: int = 100
    seconds: float = 1800.0

    def of_grid(self, grid: Sequence[Setting], n_items: int) -> Sequence[Setting]:
        """The settings to try; a third of them where the catalogue makes each of them dear (over 8,000 items)."""
        affordable = grid if n_items <= LIMITS.whole_grid_items else grid[2::3] or grid
        if len(affordable) <= self.settings:
            return affordable
        places = np.linspace(0, len(affordable) - 1, self.settings).round().astype(int)
        return [affordable[place] for place in places]


@dataclass(frozen=True)
class TunedBaseline:
    """What validation decided.

    Attributes:
        setting: the best of those tried, the first of equals; with ``epochs`` where the system stops early.
        fitted: that setting, fitted on train.
        quality: its validation metric; nan where there was nothing to choose.
        tried: number of settings that were measured on validation.
        capped: whether the budget ended the search before it found no better neighbour.
    """

    setting: Setting
    fitted: Baseline
    quality: float
    tried: int
    capped: bool


def tune_baseline(system: System, validation: Validation, budget: Budget | None = None, **reads: Any) -> TunedBaseline:
    """The setting of a system that is best on validation. The test set is no argument, so it cannot be looked at.

    Args:
        reads: what the system reads besides, by the names of :attr:`System.reads`.

    Raises:
        KgrecError: train and validation share pairs, or validation is empty.
    """
    budget = budget or Budget()
    fit = partial(system.fit, validation.train, validation.n_users, validation.n_items, **reads)
    recencies = system.recencies if validation.train.has_time else ()
    grid = budget.of_grid(system.grid, validation.n_items)
    if recencies:
        grid = [{**setting, _RECENCY: recencies[0]} for setting in grid]
    if len(grid) == 1 and not recencies and not system.stops_early:
        return TunedBaseline(grid[0], fit(**grid[0]), float("nan"), 0, False)
    search = _Search(fit, validation.quality(), system.stops_early, budget)
    for setting in grid:
        search.improves(setting)
    for recency in recencies:
        search.improves({**search.setting, _RECENCY: recency})
    axes = {name: sorted({setting[name] for setting in system.grid}) for name in _numbers(system.grid)}
    axes |= {_RECENCY: sorted(recencies)} if recencies else {}
    limits = {_RECENCY: 1.0, **system.at_most}
    moved = True
    while moved and not search.spent:
        moved = False
        for name, values in axes.items():
            for up in (False, True):
                while (value := beside(values, search.setting[name], up, limits.get(name))) is not None:
                    if not search.improves({**search.setting, name: value}, beyond_grid=True):
                        break
                    moved = True
    return search.found()


class _Search:
    """The best of the settings that were tried so far; what was tried is not tried again."""

    def __init__(self, fit: Fit, quality: Quality, stops_early: bool, budget: Budget) -> None:
        self._fit, self._quality, self._stops_early, self._budget = fit, quality, stops_early, budget
        self._started = time.perf_counter()
        self._tried: set[tuple[tuple[str, Any], ...]] = set()
        self._last: tuple[Setting, Baseline] | None = None
        self._best: TunedBaseline | None = None
        self._capped = False

    @property
    def setting(self) -> Setting:
        """The best so far, without the epochs that validation chose."""
        assert self._best is not None  # the first setting is always tried
        return {name: value for name, value in self._best.setting.items() if not self._stops_early or name != "epochs"}

    @property
    def spent(self) -> bool:
        """Whether the budget is used up."""
        if self._best is None:
            return False
        return len(self._tried) >= self._budget.settings or self._left() < 0

    def improves(self, setting: Setting, beyond_grid: bool = False) -> bool:
        """Whether a setting is better than all before it; one that was tried before is not.

        Args:
            beyond_grid: a setting that cannot be fitted is left, rather than the end of it all.
        """
        key = tuple(sorted(setting.items()))
        if key in self._tried:
            return False
        if self.spent:
            self._capped = True
            return False
        self._tried.add(key)
        try:
            fitted = self._fitted(setting)
        except KgrecError:
            if not beyond_grid:
                raise
            return False
        quality = self._quality(fitted)
        if self._best is not None and quality <= self._best.quality:
            return False
        chosen = setting | ({"epochs": fitted.epochs} if isinstance(fitted, StoppedEarly) else {})
        self._best = TunedBaseline(chosen, fitted, quality, 0, False)
        return True

    def found(self) -> TunedBaseline:
        """The best of all, and how it was found."""
        assert self._best is not None  # a grid holds at least one setting
        late = self._stops_early and self._left() < 0
        best = self._best
        return TunedBaseline(best.setting, best.fitted, best.quality, len(self._tried), self._capped or late)

    def _left(self) -> float:
        return self._budget.seconds - (time.perf_counter() - self._started)

    def _fitted(self, setting: Setting) -> Baseline:
        """A setting fitted on train; where only the recency differs from the last one, that one with this recency."""
        rest = {name: value for name, value in setting.items() if name != _RECENCY}
        if self._last is None or self._last[0] != rest:
            stopping = {"quality": self._quality, "seconds": self._left()} if self._stops_early else {}
            self._last = rest, self._fit(**rest, **stopping)
        fitted = self._last[1]
        if _RECENCY not in setting:
            return fitted
        assert isinstance(fitted, Fading)  # so says the system that has recencies
        return fitted.with_recency(setting[_RECENCY])


def beside(values: list[Any], value: Any, up: bool, at_most: float | None = None) -> Any | None:
    """The next value of a number after or before one; beyond the last it goes on by the same factor, and is added.

    Args:
        values: ascending, at least two; ints stay ints.
        value: one of them.
        at_most: the largest that makes sense.

    Returns:
        None where it goes no further: at 0, at ``at_most``, or where an int would stay what it is.
    """
    place = values.index(value) + (1 if up else -1)
    if 0 <= place < len(values):
        return values[place]
    inner = values[-2] if up else values[1]
    if not up and value <= 0:
        return None
    grown = value * value / inner if value > 0 and inner > 0 else 2 * value - inner
    if isinstance(value, int):
        grown = max(round(grown), 1)
    if at_most is not None:
        grown = min(grown, at_most)
    if grown == value:
        return None
    values.insert(len(values) if up else 0, grown)
    return grown


def _numbers(grid: Sequence[Setting]) -> list[str]:
    """Names of the numbers that have more than one value in a grid."""
    return [
        name
        for name in grid[0]
        if len({setting[name] for setting in grid}) > 1
        and all(isinstance(setting[name], int | float) and not isinstance(setting[name], bool) for setting in grid)
    ]
