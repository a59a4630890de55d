"""Sequential rules: which item follows which, and how soon."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.evaluation.baselines import fast
from kgrec.evaluation.compared_system import System, grid
from kgrec.evaluation.fading_ranker import FadingRanker
from kgrec.learn.channels.linear_systems import largest_per_column
from kgrec_benchmarks.systems.event_order import in_order

_KEPT = 500
"""Rules kept for each item that follows."""


class SequentialRules(FadingRanker):
    """Rules of size two over distances in a history (Kamehkhosh et al. 2017; Ludewig and Jannach 2018)."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        n_items: int,
        steps: int = 10,
        decay: float = 1.0,
        damping: float = 0.5,
        recency: float = 0.3,
    ) -> SequentialRules:
        """A ranker by :func:`rules`; the published form is a ``recency`` near 0, where only the last item speaks."""
        weights = rules(train, n_users, n_items, steps=steps, decay=decay, damping=damping)
        kept = largest_per_column(lambda columns: weights[:, columns].toarray(), n_items, n_items, _KEPT)
        return cls(train, n_users, fast(kept), recency)


def rules(
    train: Interactions, n_users: int, n_items: int, *, steps: int, decay: float, damping: float
) -> sparse.csc_matrix:
    """Weights of the rules "i follows j": ``W[j, i] = SUM over pairs, d events apart, of d^-decay / n_j^damping``.

    Args:
        steps: pairs further apart than that are no rule.
        damping: exponent of the number of rules that begin with j; with one item speaking alone it makes no difference.

    Returns:
        float32 ``(items, items)`` with a zero diagonal.
    """
    item, start = in_order(train, n_users)
    user = np.repeat(np.arange(n_users), np.diff(start))
    total = sparse.csr_matrix((n_items, n_items), dtype=np.float32)
    for distance in range(1, min(steps, max(len(item) - 1, 0)) + 1):
        same = user[distance:] == user[:-distance]
        first, then = item[:-distance][same], item[distance:][same]
        weight = np.full(len(first), distance**-decay, np.float32)
        total = total + sparse.csr_matrix((weight, (first, then)), shape=(n_items, n_items))
    begun = np.maximum(np.asarray(total.sum(axis=1)).ravel(), 1.0) ** -damping
    weights = (sparse.diags(begun.astype(np.float32)) @ total).tolil()
    weights.setdiag(0.0)
    found: sparse.csc_matrix = weights.tocsc()
    found.eliminate_zeros()
    return found


SYSTEM = System(
    SequentialRules.fit,
    grid(steps=(3, 10, 30), decay=(0.5, 1.0), damping=(0.0, 0.5, 1.0)),
    recencies=(0.3, 0.01, 0.1, 0.6, 0.8, 0.9, 1.0),
    needs_times=True,
)
