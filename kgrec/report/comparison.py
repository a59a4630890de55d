"""Our model beside the baselines: the same split, histories, candidates, metrics and tie rule for all."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kgrec.dataset import Array, Dataset, IntArray, Interactions
from kgrec.progress import Progress
from kgrec.ranking import Ranker, evaluate
from kgrec.report.baselines import BASELINES, Setting, tune
from kgrec.scoring import AdditiveModel, Histories, first_times
from kgrec.splits import Split

Rows = dict[str, dict[str, float]]
_DEAR_ITEMS = 8_000


@dataclass(frozen=True)
class ModelRanker:
    """An additive model with everybody's weighted histories."""

    model: AdditiveModel
    histories: Histories

    @classmethod
    def over(
        cls, model: AdditiveModel, interactions: Interactions, n_users: int, at: Array | None = None
    ) -> ModelRanker:
        """The model with histories as they are at some moment; ``at`` as for :meth:`AdditiveModel.histories`."""
        return cls(model, model.histories(interactions, n_users, at))

    def scores(self, users: IntArray) -> Array:
        """Scores of all items, float32 ``(len(users), items)``."""
        return self.model.scores(self.histories[users], np.float32)


@dataclass(frozen=True)
class _Placed:
    """A ranker of some columns of the catalogue; the other items score 0."""

    ranker: Ranker
    columns: IntArray
    n_items: int

    def scores(self, users: IntArray) -> Array:
        """Scores of all items, float32 ``(len(users), items)``."""
        scores = np.zeros((len(users), self.n_items), np.float32)
        scores[:, self.columns] = self.ranker.scores(users)
        return scores


@dataclass(frozen=True)
class Comparison:
    """One table.

    Attributes:
        rows: system -> metric -> value, ranked among the items that anybody has taken, in any part of the split.
        whole: the same ranked among the whole catalogue; None where nothing is added by that.
        settings: what each baseline chose on validation.
        timings: seconds to tune and fit each baseline, and to rank with each system.
    """

    rows: Rows
    whole: Rows | None
    settings: dict[str, Setting]
    timings: dict[str, float]


def compare(dataset: Dataset, split: Split, model: AdditiveModel, progress: Progress) -> Comparison:
    """Tune the baselines on validation, fit them on train and validation, and test everything once."""
    n_users, n_items = len(dataset.users), len(dataset.items)
    known = split.train.joined(split.valid)
    seen, test = known.matrix(n_users, n_items), split.test.matrix(n_users, n_items)
    test = test - test.multiply(seen > 0)
    test.eliminate_zeros()
    # Baselines know nothing of an item that nobody took: it scores 0, and solving for it would only cost time.
    columns = np.unique(known.item)
    place = np.zeros(n_items, np.int64)
    place[columns] = np.arange(len(columns))
    train, valid, both = (replace(part, item=place[part.item]) for part in (split.train, split.valid, known))
    rankers: dict[str, Ranker] = {"kgrec": ModelRanker.over(model, known, n_users, first_times(split.test, n_users))}
    settings: dict[str, Setting] = {}
    timings: dict[str, float] = {}
    for number, (name, (fit, grid)) in enumerate(BASELINES.items()):
        started = time.perf_counter()
        progress("tuning baselines", number, len(BASELINES), name)
        tried = grid if len(columns) <= _DEAR_ITEMS else grid[2::3] or grid
        settings[name] = tune(fit, tried, train, valid, n_users, len(columns))
        rankers[name] = _Placed(fit(both, n_users, len(columns), **settings[name]), columns, n_items)
        timings[name] = time.perf_counter() - started
    taken = np.diff((seen + test).tocsc().indptr) > 0
    features = _features(model)
    rows: Rows = {}
    whole: Rows = {}
    for number, (name, ranker) in enumerate(rankers.items()):
        started = time.perf_counter()
        progress("testing", number + 1, len(rankers), name)
        rows[name] = evaluate(ranker, seen, test, candidates=None if taken.all() else taken, features=features)
        if not taken.all():
            whole[name] = evaluate(ranker, seen, test, features=features)
        timings[f"ranking with {name}"] = time.perf_counter() - started
    return Comparison(rows, whole or None, settings, timings)


def _features(model: AdditiveModel) -> Array | None:
    """Item vectors for the diversity within lists: the knowledge channel's candidates."""
    for channel in model.channels:
        target: Any = getattr(channel.matrix, "target", None)
        if target is not None:
            vectors: Array = target
            return vectors
    return None
