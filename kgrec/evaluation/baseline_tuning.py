"""The settings of a baseline, chosen on validation within a budget that is the same for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kgrec.evaluation.compared_system import Baseline, Fit, Setting, StoppedEarly
from kgrec.evaluation.task import Validation
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import Ranker

Quality = Callable[[Ranker], float]
"""What a ranker is worth on validation; systems that learn in epochs stop early by it."""


@dataclass(frozen=True)
class Budget:
    """How much every system may try on validation, ours included.

    kgrec itself fits up to 44 settings: 42 of its behaviour channel (24 ridges with facts and degrees, 6
    neighbourhoods, 6 blends, 6 recencies; fewer in large catalogues) and two depths of its GNN, whose epochs are chosen
    by early stopping. Then it mixes what is fitted by about a hundred gate settings, each a weighted sum. A baseline
    may fit as many settings of its one part; their grids have from 6 (SLIM, each of which takes long) to 40, and epochs
    are chosen by early stopping where there are epochs.

    Attributes:
        settings: most settings that are tried; a longer grid is thinned out evenly.
        seconds: no further setting is begun after that long and no further epoch of a graph baseline; the first is
            always tried. Ours ends by itself.
    """

    settings: int = 44
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
        tried: number of settings that were fitted.
        capped: whether the budget's seconds ended the search before the grid did.
    """

    setting: Setting
    fitted: Baseline
    quality: float
    tried: int
    capped: bool


def tune_baseline(
    fit: Fit,
    grid: Sequence[Setting],
    validation: Validation,
    *,
    stops_early: bool = False,
    seconds: float = float("inf"),
) -> TunedBaseline:
    """The setting of a grid that is best on validation. The test set is no argument, so it cannot be looked at.

    Args:
        fit: ``fit(train, n_users, n_items, **setting)``.
        stops_early: hand ``fit`` a :data:`Quality` as ``quality`` and the ``seconds`` that are left, and read
            ``epochs`` of what it returns.
        seconds: see :class:`Budget`.

    Raises:
        KgrecError: train and validation share pairs, or validation is empty.
    """
    fit_on_train = partial(fit, validation.train, validation.n_users, validation.n_items)
    if len(grid) == 1 and not stops_early:
        return TunedBaseline(grid[0], fit_on_train(**grid[0]), float("nan"), 0, False)
    quality_of = validation.quality()
    started = time.perf_counter()
    best: TunedBaseline | None = None
    for number, setting in enumerate(grid):
        left = seconds - (time.perf_counter() - started)
        if best is not None and left < 0:
            return replace(best, tried=number, capped=True)
        stopping = {"quality": quality_of, "seconds": left} if stops_early else {}
        fitted = fit_on_train(**setting, **stopping)
        quality = quality_of(fitted)
        if best is None or quality > best.quality:
            chosen = setting | ({"epochs": fitted.epochs} if isinstance(fitted, StoppedEarly) else {})
            best = TunedBaseline(chosen, fitted, quality, number + 1, False)
    assert best is not None  # a grid holds at least one setting
    return replace(best, tried=len(grid), capped=stops_early and time.perf_counter() - started > seconds)
