"""How much each kind of path says, learned from what users took: a softmax over leave-one-out scores.

One item of a history is left out, the others score all items by every kind of path, and the weights are those with
which the one that was left out is likeliest,

    max SUM_u SUM_{i in u} log softmax_i ( SUM_g theta_g S_g(u \\ i, .) + gamma * log popularity ),   theta >= 0

Popularity stands beside the paths so that these are not paid for what it knows. The sum over all items is taken over a
sample of them. Two kinds of path, genre and director: where users keep to genres and mix directors, the first gets all
the weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import optimize, sparse
from scipy.special import logsumexp

from kgrec.data.dataset import Array, IntArray

_USERS, _ITEMS_OF_USER, _OTHERS = 2_000, 5, 500
"""Users, items left out per user, and items that each of these is compared with, at most."""
_VALUES = 60_000_000
"""Scores of users, items and kinds at most: 240 MB."""


def relation_weights(
    parts: Sequence[tuple[sparse.csr_matrix, sparse.csr_matrix]], history: sparse.csr_matrix, seed: int
) -> Array:
    """Weights of kinds of paths under which what users took is likeliest, float64 ``(kinds,)``, not negative.

    Args:
        parts: per kind ``source`` and ``target`` of :class:`~kgrec.scoring.path_matrix.PathMatrix` among the items of
            ``history``.
        history: what users took, users x items, 1 for each.

    Returns:
        0 for kinds that do not help; all 0 where no user took two items.
    """
    rng = np.random.default_rng(seed)
    counts = np.diff(history.indptr)
    users = np.flatnonzero(counts >= 2)
    n_others = min(_OTHERS, history.shape[1])
    most = min(_USERS, _VALUES // (n_others * max(len(parts), 1)))
    if len(users) > most:
        users = np.sort(rng.choice(users, most, replace=False))
    if not (len(users) and parts):
        return np.zeros(len(parts))
    history = history[users].tocsr()
    others = np.sort(rng.choice(history.shape[1], n_others, replace=False))
    place, item = _left_out(history, rng)
    of_others = np.empty((len(users), n_others, len(parts) + 1), np.float32)
    of_left_out = np.empty((len(item), len(parts) + 1), np.float32)
    root = np.sqrt(np.diff(history.indptr)).astype(np.float32)
    for g, (source, target) in enumerate(parts):
        profile = (history @ source).tocsr()
        of_others[:, :, g] = (profile @ target[others].T).toarray() / root[:, None]
        own = np.asarray((profile[place] - source[item]).multiply(target[item]).sum(axis=1)).ravel()
        of_left_out[:, g] = own / np.sqrt(root[place] ** 2 - 1)
    popularity = np.log(np.asarray(history.sum(axis=0)).ravel() + 1.0)
    of_others[:, :, -1], of_left_out[:, -1] = popularity[others], popularity[item]
    taken = history[:, others].toarray() > 0
    return _likeliest(of_left_out, place, of_others, taken)[:-1]


def _left_out(history: sparse.csr_matrix, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Rows of users and items that are left out in turn, a few of each user."""
    row = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    order = np.lexsort((rng.random(len(row)), row))
    kept = np.sort(order[np.arange(len(row)) - history.indptr[row[order]] < _ITEMS_OF_USER])
    return row[kept], history.indices[kept].astype(np.int64)


def _likeliest(of_left_out: Array, place: IntArray, of_others: Array, taken: Array) -> Array:
    """The weights, the last one free and the others not negative.

    Args:
        of_left_out: scores of the items left out, ``(left out, kinds + 1)``, of the users in rows ``place``.
        of_others: scores of the items that these are compared with, ``(users, others, kinds + 1)``.
        taken: which of these the users took themselves, ``(users, others)``: not compared with.
    """
    unit = of_others.std(axis=(0, 1), dtype=np.float64)
    unit[unit <= 0] = np.inf
    scale = (1.0 / unit).astype(np.float32)
    hidden = np.where(taken, -np.inf, 0.0)

    def loss(weights: Array) -> tuple[float, Array]:
        scaled = (weights * scale).astype(np.float32)
        scores = (of_others @ scaled).astype(np.float64) + hidden
        total = logsumexp(scores, axis=1)
        share = np.exp(scores - total[:, None]).astype(np.float32)
        expected = np.matmul(share[:, None, :], of_others)[:, 0, :]
        own = (of_left_out @ scaled).astype(np.float64)
        missed = 1.0 / (1.0 + np.exp(np.clip(own - total[place], -500, 500)))
        value = np.logaddexp(own, total[place]) - own
        gradient = (missed[:, None] * (expected[place] - of_left_out)).sum(axis=0) * scale
        return float(value.mean()), gradient.astype(np.float64) / len(own)

    n = of_others.shape[2]
    found = optimize.minimize(
        loss,
        np.r_[np.full(n - 1, 0.1), 0.1],
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * (n - 1) + [(None, None)],
        options={"maxiter": 100},
    )
    weights: Array = found.x * scale
    return weights
