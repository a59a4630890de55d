"""SLIST: items from what was taken before them and beside them, by ridge regression in closed form."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.evaluation.baselines import fast
from kgrec.evaluation.compared_system import System, grid
from kgrec.evaluation.fading_ranker import FadingRanker
from kgrec_benchmarks.systems.event_order import in_order

_MOST_ITEMS = 14_000
"""The system is dense, and so are two more matrices of its size."""
_LEAST = 0.02
"""Weights of distant events below this are left out."""


class SLIST(FadingRanker):
    """Session-aware linear item-item models (Choi, Kim, Lee, Shim and Lee 2021, WWW)."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        n_items: int,
        ridge: float = 100.0,
        alpha: float = 0.3,
        fading: float = 0.7,
        recency: float = 0.5,
    ) -> SLIST:
        """A ranker by :func:`slist`; ``recency`` is the weight that the authors give to the items of a session."""
        return cls(train, n_users, fast(slist(train, n_users, n_items, ridge, alpha, fading)), recency)


def slist(
    train: Interactions, n_users: int, n_items: int, ridge: float, alpha: float, fading: float
) -> sparse.csr_matrix:
    """Item-item weights with a zero diagonal that minimise, over histories X and their cuts into past S and future T,

        alpha |X - X B|^2 + (1 - alpha) |T - S B|^2 + ridge |B|^2

    in closed form: with ``P = (alpha X'X + (1 - alpha) S'S + ridge)^-1`` and ``C = P (alpha X'X + (1 - alpha) S'T)`` it
    is ``C - P diag(C) / diag(P)``. Departures: a history is one session, and of sessions none is older than another;
    the authors bound the diagonal, which is zero here because nobody is shown again what they have taken.

    Args:
        ridge: in interactions.
        alpha: 1 ignores order (and is EASE), 0 has nothing but order.
        fading: factor per event between an item and the cut, above 0 and below 1.
    """
    X = train.matrix(n_users, n_items)
    past, future = cuts(train, n_users, n_items, fading)
    both = alpha * (X.T @ X).toarray()
    system: Array = both + (1.0 - alpha) * (past.T @ past).toarray()
    target: Array = both + (1.0 - alpha) * (past.T @ future).toarray()
    del both
    system = system.astype(np.float32)
    system[np.diag_indices(n_items)] += np.float32(ridge)
    inverse = linalg.inv(system, overwrite_a=True, check_finite=False, assume_a="pos")
    weights: Array = inverse @ target.astype(np.float32)
    weights -= inverse * (weights.diagonal() / inverse.diagonal())
    np.fill_diagonal(weights, 0.0)
    return sparse.csr_matrix(weights)


def cuts(train: Interactions, n_users: int, n_items: int, fading: float) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """What lies before and after every cut of every history, an item ``d`` events away from the cut as ``fading^d``.

    Returns:
        Two matrices, cuts x items; an item that is there twice counts twice.
    """
    item, start = in_order(train, n_users)
    user = np.repeat(np.arange(n_users), np.diff(start))
    ends = np.flatnonzero(user[1:] == user[:-1])  # events that a cut lies after
    reach = int(np.log(_LEAST) / np.log(fading)) + 1
    place = np.arange(len(item))
    parts: list[sparse.csr_matrix] = []
    for first, direction in ((0, -1), (1, 1)):
        rows, columns, values = [], [], []
        for distance in range(reach):
            at = ends + first + direction * distance
            inside = (at >= 0) & (at < len(item))
            inside[inside] = user[at[inside]] == user[ends[inside]]
            if not inside.any():
                break
            rows.append(place[: len(ends)][inside])
            columns.append(item[at[inside]])
            values.append(np.full(int(inside.sum()), fading**distance, np.float32))
        shape = (len(ends), n_items)
        entries = [np.concatenate(one) if one else np.zeros(0, np.int64) for one in (values, rows, columns)]
        parts.append(sparse.csr_matrix((entries[0], (entries[1], entries[2])), shape=shape, dtype=np.float32))
    return parts[0], parts[1]


SYSTEM = System(
    SLIST.fit,
    grid(ridge=(30.0, 300.0), alpha=(0.1, 0.5), fading=(0.5, 0.8)),
    recencies=(0.5, 0.1, 0.3, 0.7, 0.85, 0.95, 1.0),
    at_most={"alpha": 1.0, "fading": 0.9},
    needs_times=True,
    most_items=_MOST_ITEMS,
)
