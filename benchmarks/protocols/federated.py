"""Federated sums: a ridge over the sums of three platforms, against all rows in one place, with noise and without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import Split, pairs_without
from kgrec.data.vocabulary import Vocabulary
from kgrec.evaluation.task import Task
from kgrec.learn.federated.elsewhere import ridge_of_sums
from kgrec.learn.federated.item_sums import ItemSums
from kgrec.learn.federated.noise import multiplier_for, noised
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import Measured, mean_metrics
from kgrec.progress import Progress
from kgrec.scoring.matrices import SparseMatrix
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of, split_of
from kgrec_benchmarks.runs.cost import Watch
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_split
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache

ALONE, CENTRAL, SUMS = "one platform alone", "all rows in one place", "sums"
_PENALTIES = (0.1, 0.5, 2.0, 8.0, 32.0, 128.0)


@dataclass(frozen=True)
class FederatedSums:
    """ndcg@10 of a ridge over sums that platforms share, by the privacy budget of each of their users.

    Users are dealt out to platforms at random. Each sums up which items its users took together, with noise of its own
    where a budget is named, so that nobody but the platform itself sees them without. Penalty and clip are chosen on
    validation for each row, the test is read once. The first platform's users alone are the row to beat, all rows in
    one place the one to reach; joined sums without noise have the
    numbers of the latter.

    Attributes:
        platforms: how many.
        epsilons: budgets, each for one release.
        delta: of the budgets.
        clips: tried on validation.
    """

    platforms: int = 3
    epsilons: tuple[float, ...] = (16.0, 8.0, 4.0, 2.0, 1.0)
    delta: float = 1e-6
    clips: tuple[float, ...] = (5.0, 20.0, 80.0)

    def packages(self) -> set[str]:
        """The accountant."""
        return {"dp-accounting"}

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows by budget, and how far joined sums without noise are from those of all rows.

        Raises:
            KgrecError: the split holds nothing to test on.
            SourceError: more items than sums are made of.
            MissingExtraError: the accountant is missing.
        """
        split = split_of(dataset.parts, config.seed)
        make = partial(_measure, self, dataset.dataset, split, config.seed, progress)
        key = f"federated {fingerprint_of_split(split)} seed {config.seed}"
        outcome = kept.get(key, make, self)
        return Result(
            outcome.rows,
            settings=outcome.settings,
            data=sizes_of(dataset.dataset, known=len(split.known), test=len(split.test)),
            seed=config.seed,
            validation=outcome.validation,
            timings_s=outcome.cost,
        )


class _Platforms:
    """The sums of a task, by who shares them."""

    def __init__(self, plan: FederatedSums, task: Task, seed: int) -> None:
        self._plan, self._rng, self._n_users = plan, np.random.default_rng(seed), task.n_users
        self._items = Vocabulary(map(str, task.columns))
        self._platform = self._rng.integers(0, plan.platforms, task.n_users)

    def gram(self, row: str, interactions: Interactions, clip: float, noise: float) -> Array:
        """G of a row; with noise each platform adds its own."""
        if row == CENTRAL:
            return self._sums(interactions, clip).gram
        own = [
            self._sums(interactions.select(self._platform[interactions.user] == number), clip)
            for number in range(1 if row == ALONE else self._plan.platforms)
        ]
        parts = [noised(part, noise, self._rng) for part in own] if noise else own
        return reduce(ItemSums.plus, parts).gram

    def _sums(self, interactions: Interactions, clip: float) -> ItemSums:
        return ItemSums.of(interactions, self._n_users, self._items, list(self._items), clip)


def _measure(plan: FederatedSums, dataset: Dataset, split: Split, seed: int, progress: Progress) -> Outcome:
    task, watch = Task.of(dataset, split), Watch()
    platforms, n_items = _Platforms(plan, task, seed), len(task.columns)
    seen, wanted = task.train.matrix(task.n_users, n_items), task.valid.matrix(task.n_users, n_items)
    wanted = pairs_without(wanted, seen)
    measured: dict[str, Measured] = {}
    settings: dict[str, dict[str, float]] = {}
    validation: dict[str, float] = {}

    def ranker(gram: Array, penalty: float, known: Interactions) -> ItemMatrixRanker:
        weights = SparseMatrix(sparse.csr_matrix(ridge_of_sums(gram, penalty)))
        return ItemMatrixRanker((weights,), known.matrix(task.n_users, n_items))

    budgets: dict[str, float | None] = {ALONE: None, CENTRAL: None, SUMS: None}
    budgets |= {f"epsilon {budget:g}": budget for budget in plan.epsilons}
    for number, (row, budget) in enumerate(budgets.items()):
        progress("budgets", number, len(budgets), row, unit="rows")
        noise, tried = 0.0 if budget is None else multiplier_for(budget, plan.delta), {}
        for clip in plan.clips if noise else (float("inf"),):
            gram = platforms.gram(row, task.train, clip, noise)
            for penalty in _PENALTIES:
                found = mean_metrics(ranker(gram, penalty, task.train), seen, wanted, (10,))
                tried[clip, penalty] = found["ndcg@10"]
        clip, penalty = max(tried, key=lambda setting: tried[setting])
        settings[row] = {"clip": clip if noise else 0.0, "penalty": penalty, "noise in clips": noise}
        validation[row] = tried[clip, penalty]
        with watch.stage(row):
            gram = platforms.gram(row, task.known, clip, noise)
            measured[row] = task.measure(task.over_catalogue(ranker(gram, penalty, task.known)))
    joined, central = (platforms.gram(row, task.known, float("inf"), 0.0) for row in (SUMS, CENTRAL))
    validation["largest difference of sums"] = float(np.abs(joined - central).max())
    return Outcome.of(measured, task.n_users, settings=settings, cost=watch.seconds, validation=validation)
