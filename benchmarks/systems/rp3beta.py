"""RP3beta: three steps of a random walk from users over items, popular ends held back."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.evaluation.baselines import fast
from kgrec.evaluation.compared_system import RECENCIES, System, grid
from kgrec.evaluation.fading_ranker import FadingRanker


class RP3beta(FadingRanker):
    """Random walks user, item, user, item (Paudel, Christoffel, Newell and Bernstein 2017, ACM TiiS 7(1), 1)."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        n_items: int,
        alpha: float = 1.0,
        beta: float = 0.5,
        neighbours: int = 100,
        recency: float = 1.0,
    ) -> RP3beta:
        """A ranker by :func:`rp3beta`; scores are the sum over the history."""
        weights = rp3beta(train.matrix(n_users, n_items), alpha=alpha, beta=beta, neighbours=neighbours)
        return cls(train, n_users, fast(weights), recency)


def rp3beta(X: sparse.csr_matrix, *, alpha: float, beta: float, neighbours: int) -> sparse.csr_matrix:
    """Item-item weights of the walk item j, user, item i.

        W[j, i] = d_i^-beta * SUM_u (x_uj / d_j)^alpha (x_ui / n_u)^alpha

    ``d`` counts the users of an item and ``n`` the items of a user; the first step, from the user to item j, is the sum
    over the history. The diagonal is zero; of each candidate the largest weights are kept.

    Args:
        X: users x items, 0 or 1.
        alpha: exponent of the steps' probabilities; 1 is the walk itself (P3alpha, Cooper et al. 2014).
        beta: exponent of the popularity that the end is divided by; 0 is P3alpha.
        neighbours: kept per column.

    Returns:
        float32 ``(items, items)``.
    """
    taken = X.tocsr().astype(np.float32)
    degree = np.asarray(taken.sum(axis=0), np.float64).ravel()
    length = np.asarray(taken.sum(axis=1), np.float64).ravel()
    from_item = sparse.diags((np.maximum(degree, 1.0) ** -alpha).astype(np.float32)) @ taken.T
    from_user = sparse.diags((np.maximum(length, 1.0) ** -alpha).astype(np.float32)) @ taken
    held_back = np.where(degree > 0, np.maximum(degree, 1.0) ** -beta, 0.0).astype(np.float32)
    weights = (from_item @ from_user @ sparse.diags(held_back)).tocsc()
    weights.setdiag(0.0)
    weights.eliminate_zeros()
    return _largest(weights, neighbours).tocsr()


def _largest(weights: sparse.csc_matrix, neighbours: int) -> sparse.csc_matrix:
    """The largest entries of each column."""
    counts = np.diff(weights.indptr)
    column = np.repeat(np.arange(weights.shape[1]), counts)
    order = np.lexsort((weights.indices, -weights.data, column))
    place = np.arange(weights.nnz) - np.repeat(weights.indptr[:-1], counts)
    chosen = order[place < neighbours]
    kept_weights: sparse.csc_matrix = sparse.csc_matrix(
        (weights.data[chosen], (weights.indices[chosen], column[chosen])), shape=weights.shape
    )
    return kept_weights


SYSTEM = System(
    RP3beta.fit,
    grid(alpha=(0.4, 0.7, 1.0, 1.3), beta=(0.0, 0.2, 0.4, 0.6, 0.8), neighbours=(50, 200)),
    RECENCIES,
)
