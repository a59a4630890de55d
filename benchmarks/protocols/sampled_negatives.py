"""Hit rate and ndcg of held-out items, each ranked among random items that its user never took.

The protocol of tables that rank one item among a sample of negatives. Beside a ranking of all items its figures are
higher, and they order systems less surely (Krichene and Rendle 2020), so that both belong side by side.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.metrics.rankers import Ranker
from kgrec.scoring.model import block_size


def sampled_negatives(pool: IntArray, taken: sparse.csr_matrix, users: IntArray, n: int, seed: int) -> list[IntArray]:
    """Random items of a pool that each user never took, ascending and without repeats; all where there are no more.

    Args:
        pool: item rows, ascending.
        taken: users x items, of all parts of the split.
        users: user rows; what is drawn for one does not depend on the others.
    """
    drawn = []
    for user in users.tolist():
        untaken = np.setdiff1d(pool, taken.indices[taken.indptr[user] : taken.indptr[user + 1]], assume_unique=True)
        rng = np.random.default_rng((seed, user))
        drawn.append(np.sort(rng.choice(untaken, n, replace=False)) if n < len(untaken) else untaken)
    return drawn


def places_among(
    ranker: Ranker, users: IntArray, wanted: sparse.csr_matrix, negatives: list[IntArray]
) -> tuple[IntArray, IntArray]:
    """The place of each wanted item among its user's negatives, from 0; equal scores go by row, lower first.

    Args:
        users: user rows, ascending.
        wanted: what is looked for, one row for each of ``users``.
        negatives: for each of ``users``.

    Returns:
        Positions in ``users`` and places, one each for every entry of ``wanted``.
    """
    step = block_size(wanted.shape[1])
    owner = np.repeat(np.arange(len(users)), np.diff(wanted.indptr))
    places = np.zeros(len(owner), np.int64)
    for start in range(0, len(users), step):
        scores = ranker.scores(users[start : start + step])
        for entry in range(int(wanted.indptr[start]), int(wanted.indptr[min(start + step, len(users))])):
            row, item = scores[owner[entry] - start], wanted.indices[entry]
            others = negatives[owner[entry]]
            before = (row[others] > row[item]) | ((row[others] == row[item]) & (others < item))
            places[entry] = np.count_nonzero(before)
    return owner, places


def mean_by_user(owner: IntArray, values: Array, n_users: int) -> Array:
    """Each user's mean of some values, float64 ``(n_users,)``; nan without any."""
    with np.errstate(invalid="ignore"):
        result: Array = np.bincount(owner, values, n_users) / np.bincount(owner, minlength=n_users)
    return result
