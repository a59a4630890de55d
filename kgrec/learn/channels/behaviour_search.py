"""How the behaviour channel is set: one group of settings after the other, by ndcg@10 on validation.

The recency of the history weights is chosen here too, because it matters most (it doubles ndcg on time-ordered data).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.channels.behaviour_weights import BehaviourSetting, ItemWeights, blend
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.model import SparseMatrix

_RIDGE_LIMIT = 15_000
_SMALL, _VERY_LARGE = 6_000, 50_000
_NEAREST = 100
"""Items that each is regressed on, where not on all."""
_LOCAL_FACTORS = (0.5, 1.0)
"""Of the best ridge over all items: among few neighbours a smaller one may do."""
_LASTING = 12.0
"""How much stronger the ridge of lasting taste is than the best over all items."""
_BLEND = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
_RECENCY = (1.0, 0.98, 0.95, 0.9, 0.8, 0.7)
_FACTORS = (0.0, 0.1, 0.3, 3.0, 10.0)


class _Ranker:
    """One item-item matrix without diagonal over one set of histories."""

    def __init__(self, matrix: SparseMatrix, history: sparse.csr_matrix) -> None:
        # Nearly full weights multiply several times faster as what they are.
        dense = matrix.weights.nnz > 0.1 * matrix.weights.shape[0] ** 2
        self._weights = matrix.weights.toarray() if dense else matrix.weights
        self._history = history

    def scores(self, users: IntArray) -> Array:
        found = self._history[users] @ self._weights
        scores: Array = found.toarray() if sparse.issparse(found) else found
        return scores


class BehaviourChoice:
    """Tries settings on validation.

    Args:
        weights: made for every setting that is tried.
        interactions: what kinds, platforms and times there are.
        weighted: histories by their weights, users x the items of ``weights``.
        valid: what some users took next, likewise.
    """

    def __init__(
        self,
        weights: ItemWeights,
        interactions: Interactions,
        weighted: Callable[[HistoryWeights], sparse.csr_matrix],
        valid: sparse.csr_matrix,
        progress: Progress,
    ) -> None:
        self._weights, self._interactions, self._weighted = weights, interactions, weighted
        self._valid, self._progress = valid, progress
        self._flat = weights.seen.astype(np.float32)

    def best(self) -> BehaviourSetting:
        """Ridge and facts first, then neighbours, how both are blended, and how histories are weighed."""
        weights, n = self._weights, self._weights.seen.shape[1]
        settings = [replace(BehaviourSetting(), **change) for change in self._ridges()]
        best = self._best_of(settings, weights.ease, "ridge, facts")
        best = replace(best, lasting=_LASTING * best.ridge)
        if not best.nearest:
            local = [replace(best, nearest=_NEAREST, ridge=best.ridge * factor) for factor in _LOCAL_FACTORS]
            best = self._best_of([best, *local], weights.ease, "ridge over the nearest")
        grid = list(itertools.product((50, 200), (0.0, 0.5, 1.0))) if n <= _VERY_LARGE else [(200, 0.5)]
        settings = [replace(best, neighbours=number, knn_user_exponent=exponent) for number, exponent in grid]
        best = self._best_of(settings, weights.knn, "neighbours")
        parts = weights.ease(best), weights.knn(best)
        sample = self._flat[np.flatnonzero(np.diff(self._flat.indptr))[:500]]
        spread = [float(part.scores(sample).std()) or 1.0 for part in parts]
        best = replace(best, scales=(spread[0], spread[1]))
        settings = [replace(best, blend=weight) for weight in _BLEND]
        best = self._best_of(settings, partial(blend, parts), "ridge and neighbours")
        return replace(best, history=self._history(blend(parts, best)))

    def _ridges(self) -> Sequence[dict[str, Any]]:
        """Settings of the ridge to try: fewer where one solution takes minutes."""
        n, with_facts = self._weights.seen.shape[1], self._weights.facts.nnz > 0
        if self._weights.system > _RIDGE_LIMIT:
            local = {"fact_weight": 0.1 if with_facts else 0.0, "nearest": _NEAREST}
            pairs = [(2.0, 0.25), (2.0, 0.5), (4.0, 0.25), (4.0, 0.5)] if n <= _VERY_LARGE else [(3.0, 0.5)]
            return [{"ridge": ridge, "user_exponent": exponent, **local} for ridge, exponent in pairs]
        ridges = (1.0, 2.0, 4.0, 8.0) if n <= _SMALL else (2.0, 5.0)
        exponents = (0.0, 0.5) if n <= _SMALL else (0.5,)
        grid = itertools.product(ridges, (0.0, 0.1, 0.3) if with_facts else (0.0,), exponents)
        return [{"ridge": ridge, "fact_weight": weight, "user_exponent": exponent} for ridge, weight, exponent in grid]

    def _history(self, matrix: SparseMatrix) -> HistoryWeights:
        """Recency first, then the factor of one kind and one platform after the other."""
        seen, best = self._interactions, HistoryWeights()
        highest = self._quality(matrix, self._weighted(best))

        def take_best(candidates: Sequence[HistoryWeights], what: str) -> None:
            nonlocal best, highest
            for number, weights in enumerate(candidates):
                found = self._quality(matrix, self._weighted(weights))
                self._progress(f"behaviour: {what}", number + 1, len(candidates), f"ndcg@10 {found:.4f}")
                if found > highest:
                    best, highest = weights, found

        if seen.has_time:
            take_best([HistoryWeights(recency) for recency in _RECENCY], "recency")
        for kind in seen.kinds if len(seen.kinds) > 1 else ():
            take_best([replace(best, kinds={**best.kinds, kind: by}) for by in _FACTORS], f"weight of {kind}")
        for name in seen.platforms if len(seen.platforms) > 1 else ():
            take_best([replace(best, platforms={**best.platforms, name: by}) for by in _FACTORS], f"weight of {name}")
        return best

    def _best_of(
        self, settings: Sequence[BehaviourSetting], matrix: Callable[[BehaviourSetting], SparseMatrix], what: str
    ) -> BehaviourSetting:
        if len(settings) == 1:
            self._progress(f"behaviour: {what}", 1, 1, "the only setting at this size")
            return settings[0]
        tried = []
        for number, setting in enumerate(settings):
            tried.append(self._quality(matrix(setting), self._flat))
            self._progress(f"behaviour: {what}", number + 1, len(settings), f"ndcg@10 {tried[-1]:.4f}")
        return settings[int(np.argmax(tried))]

    def _quality(self, matrix: SparseMatrix, history: sparse.csr_matrix) -> float:
        return mean_metrics(_Ranker(matrix, history), self._weights.seen, self._valid, ks=(10,))["ndcg@10"]
