"""Settings of the behaviour channel by search: one group after the other, each by ndcg@10 on validation.

The recency of the history weights is chosen here too, because it matters most (it doubles ndcg on time-ordered data).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.channels.behaviour_weights import (
    BehaviourSettings,
    BehaviourWeights,
    NeighbourSettings,
    RidgeSettings,
    blend,
)
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import MatrixRanker
from kgrec.metrics.ranking import rank_and_measure
from kgrec.progress import Progress
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix

_Settings = TypeVar("_Settings")

_REGRESSORS = 100
"""Items that each is regressed on, where not on all."""
_NEAREST_FACTORS = (0.5, 1.0)
"""Of the best penalty over all items: with few regressors a smaller one may do."""
_LONG_TERM_FACTOR = 12.0
"""Of the best penalty over all items, for the long-term channel."""
_BLEND = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
_RECENCY = (1.0, 0.98, 0.95, 0.9, 0.8, 0.7)
_FACTORS = (0.0, 0.1, 0.3, 3.0, 10.0)
_STRENGTHS = (0.25, 0.5, 1.0)
_SPREAD_USERS = 500
_SHARES = 5.0, 4.0, 1.0, 1.0, 1.0
"""Of the groups of settings, in the order in which they are tried, by the time that they take on MovieLens."""


class BehaviourSearch:
    """Tries settings on validation.

    Args:
        weights: makes the matrices of every setting that is tried.
        interactions: what kinds, platforms and times there are.
        history: the items that speak for others, unweighted, users x the items of ``weights``.
        met: these and those that users disliked, likewise; they are not recommended.
        weighted: histories by their weights, users x the items of ``weights``.
        weights_count: stars and counts may weigh interactions.
        valid: interactions of some users after those, likewise.

    Attributes:
        trials: number of settings tried so far; a group with one setting counts as one.
    """

    def __init__(
        self,
        weights: BehaviourWeights,
        interactions: Interactions,
        history: sparse.csr_matrix,
        met: sparse.csr_matrix,
        weighted: Callable[[HistoryWeights], sparse.csr_matrix],
        weights_count: bool,
        valid: sparse.csr_matrix,
        progress: Progress,
    ) -> None:
        self._weights, self._interactions, self._weighted = weights, interactions, weighted
        self._weights_count = weights_count and np.ptp(interactions.weight) > 0
        self._valid, self._shares = valid, iter(progress.parts(*_SHARES))
        self._progress = progress
        self._unweighted, self._met = history.astype(np.float32), met
        self.trials = 0

    def best(self) -> BehaviourSettings:
        """The best settings: the ridge first, then neighbours, their blend, and the weights of histories."""
        over_all = self._best_of(self._ridges(), self._weights.ridge, "ridge")
        ridge = over_all
        if not over_all.regressors:
            nearest = [
                replace(over_all, regressors=_REGRESSORS, penalty=over_all.penalty * factor)
                for factor in _NEAREST_FACTORS
            ]
            ridge = self._best_of([over_all, *nearest], self._weights.ridge, "ridge over the nearest")
        neighbours = self._best_of(self._neighbourhoods(), self._weights.neighbours, "neighbours")
        matrices = self._weights.ridge(ridge), self._weights.neighbours(neighbours)
        settings = BehaviourSettings(
            ridge=ridge,
            neighbours=neighbours,
            spreads=(self._spread(matrices[0]), self._spread(matrices[1])),
            long_term_penalty=_LONG_TERM_FACTOR * over_all.penalty,
        )
        blends = [replace(settings, blend=weight) for weight in _BLEND]
        settings = self._best_of(blends, lambda tried: blend(*matrices, tried), "ridge and neighbours")
        return replace(settings, history=self._best_history(blend(*matrices, settings)))

    def first_quality(self) -> float:
        """ndcg@10 of the ridge with the first settings that would be tried."""
        return self._quality(self._weights.ridge(self._ridges()[0]), self._unweighted)

    def _ridges(self) -> Sequence[RidgeSettings]:
        """Settings of the ridge to try: fewer where one solution takes minutes."""
        n = self._weights.seen.shape[1]
        if self._weights.system_size > LIMITS.dense_system:
            pairs = [(2.0, 0.25), (2.0, 0.5), (4.0, 0.25), (4.0, 0.5)] if n <= LIMITS.any_search_items else [(3.0, 0.5)]
            return [RidgeSettings(penalty, exponent, _REGRESSORS) for penalty, exponent in pairs]
        wide = n <= LIMITS.wide_ridge_search_items
        penalties = (1.0, 2.0, 4.0, 8.0) if wide else (2.0, 5.0)
        exponents = (0.0, 0.5) if wide else (0.5,)
        return [RidgeSettings(*values) for values in itertools.product(penalties, exponents)]

    def _neighbourhoods(self) -> Sequence[NeighbourSettings]:
        """Settings of the neighbourhoods to try."""
        if self._weights.seen.shape[1] > LIMITS.any_search_items:
            return [NeighbourSettings(200, 0.5)]
        return [NeighbourSettings(*values) for values in itertools.product((50, 200), (0.0, 0.5, 1.0))]

    def _spread(self, matrix: SparseMatrix) -> float:
        """Standard deviation of a matrix's scores over some users, 1 where there is none."""
        sample = self._unweighted[np.flatnonzero(np.diff(self._unweighted.indptr))[:_SPREAD_USERS]]
        return float(matrix.scores(sample).std()) or 1.0

    def _best_history(self, matrix: SparseMatrix) -> HistoryWeights:
        """The best weights of histories: recency first, then the factor of one kind and platform after the other.

        Stars and counts come last, and count only where that is better by more than chance.
        """
        interactions, best = self._interactions, HistoryWeights()
        highest = self._quality(matrix, self._weighted(best))

        def take_best(candidates: Sequence[HistoryWeights], what: str) -> None:
            nonlocal best, highest
            for number, weights in enumerate(candidates):
                quality = self._quality(matrix, self._weighted(weights))
                self._report_trial(what, number + 1, len(candidates), f"ndcg@10 {quality:.4f}")
                if quality > highest:
                    best, highest = weights, quality

        if interactions.has_time:
            take_best([HistoryWeights(recency) for recency in _RECENCY], "recency")
        present = interactions.kinds_present  # others speak against items only
        for kind in [kind for kind in interactions.kinds if kind in present] if len(interactions.kinds) > 1 else ():
            take_best([replace(best, kinds={**best.kinds, kind: by}) for by in _FACTORS], f"weight of {kind}")
        for name in interactions.platforms if len(interactions.platforms) > 1 else ():
            take_best([replace(best, platforms={**best.platforms, name: by}) for by in _FACTORS], f"weight of {name}")
        return self._with_strength(matrix, best) if self._weights_count else best

    def _with_strength(self, matrix: SparseMatrix, without: HistoryWeights) -> HistoryWeights:
        """The weights with the best exponent of stars or counts, if it gains more than two standard errors."""
        best, highest = without, 0.0
        of_users = self._ndcg(matrix, self._weighted(without))
        for number, strength in enumerate(_STRENGTHS):
            tried = replace(without, strength=strength)
            gain = self._ndcg(matrix, self._weighted(tried)) - of_users
            self._report_trial("stars and counts", number + 1, len(_STRENGTHS), f"ndcg@10 {gain.mean():+.4f}")
            if gain.mean() > max(highest, 2 * gain.std() / np.sqrt(len(gain))):
                best, highest = tried, float(gain.mean())
        return best

    def _best_of(
        self, settings: Sequence[_Settings], matrix: Callable[[_Settings], SparseMatrix], what: str
    ) -> _Settings:
        """The settings whose matrix ranks validation best, the first of equals."""
        if len(settings) == 1:
            self._report_trial(what, 1, 1, "the only setting at this size")
            return settings[0]
        qualities = []
        for number, tried in enumerate(settings):
            qualities.append(self._quality(matrix(tried), self._unweighted))
            self._report_trial(what, number + 1, len(settings), f"ndcg@10 {qualities[-1]:.4f}")
        return settings[int(np.argmax(qualities))]

    def _quality(self, matrix: SparseMatrix, history: sparse.csr_matrix) -> float:
        return float(self._ndcg(matrix, history).mean())

    def _ndcg(self, matrix: SparseMatrix, history: sparse.csr_matrix) -> Array:
        """ndcg@10 of each user of validation."""
        weights = matrix.weights
        # Nearly full weights multiply several times faster as what they are.
        is_full = weights.nnz > 0.1 * weights.shape[0] ** 2
        ranker = MatrixRanker(history, weights.toarray() if is_full else weights)
        return rank_and_measure(ranker, self._met, self._valid, ks=(10,)).per_user["ndcg@10"]

    def _report_trial(self, what: str, done: int, total: int, note: str) -> None:
        """Count a trial and report it; the first of a group goes on to the share of this group."""
        self.trials += 1
        if done == 1:
            self._progress = next(self._shares, self._progress)
        self._progress(what, done, total, note, unit="settings")
