"""FadingRanker: item-item weights over histories in which what was taken long ago may count less."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.metrics.rankers import MatrixRanker
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.history_weights import HistoryWeights


@dataclass(frozen=True)
class FadingRanker:
    """Scores are sums of item-item weights over the history: ``s_ui = SUM_j recency^(items later than j) W[j, i]``.

    Attributes:
        history: what users did; each item counts once, from its latest time.
        n_users: number of users.
        weights: items x items, dense or sparse.
        recency: factor per later item, in (0, 1]; 1 ignores order. Users any of whose times is unknown count all alike.
    """

    history: Interactions
    n_users: int
    weights: Any
    recency: float = 1.0

    def with_history(self, history: Interactions) -> Self:
        """The same weights over other histories."""
        return replace(self, history=history)

    def with_recency(self, recency: float) -> Self:
        """The same weights over histories that fade otherwise."""
        return replace(self, recency=recency)

    def scores(self, users: IntArray) -> Array:
        """Sums over the histories, float32 ``(len(users), items)``, each item's own term included."""
        return self._ranker.scores(users)

    @cached_property
    def _ranker(self) -> MatrixRanker:
        return MatrixRanker(fading(self.history, self.n_users, self.weights.shape[0], self.recency), self.weights)


def fading(history: Interactions, n_users: int, n_items: int, recency: float) -> sparse.csr_matrix:
    """Histories as users x items, ``recency`` to the number of the user's items that are later than an item."""
    if recency == 1.0 or len(history) == 0:
        return history.matrix(n_users, n_items)
    order = np.lexsort((np.nan_to_num(history.time, nan=np.inf), history.item, history.user))
    user, item = history.user[order], history.item[order]
    last = np.r_[(user[1:] != user[:-1]) | (item[1:] != item[:-1]), True]
    return HistoryWeights(recency).matrix(history.select(order[last]), n_users, n_items)
