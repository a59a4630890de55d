"""Which items follow which: a ridge from decaying histories to the items taken next, in closed form.

The linear session model of Choi et al. (SLIST, arXiv 2103.16104) and EASE's closed form (arXiv 1905.03375), over every
position of every history. Memory is two dense ``(profiles * items)^2`` float32 matrices while the system is made.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array, Interactions
from kgrec.errors import ConfigError
from kgrec.learn.channels.linear_systems import largest_per_column

_LONGEST = 2_000
"""Items of a history that are learned from, the latest: cost and memory grow with the square of it."""


def directed_ridge(
    interactions: Interactions,
    n_items: int,
    recencies: Sequence[float],
    *,
    ridge: float = 0.7,
    item_exponent: float = 0.5,
    horizon: int = 20,
    fade: float = 0.9,
    top: int | None = None,
) -> list[sparse.csr_matrix]:
    """Weights from histories to what is taken next, one matrix per recency profile.

    With the items ``s_0 .. s_T`` of a user in the order of time, at every position t

        x_c(t) = SUM_{k >= 0} recencies[c]^k e(s_{t-1-k})         history, the latest item counts 1
        y(t)   = SUM_{0 <= m < horizon} fade^m e(s_{t+m})         what comes next

    and ``[B_1; B_2; ..] = (X'X + ridge * m * diag(d^e / mean(d^e)))^-1 X'Y``, where d is the diagonal of X'X, m its
    mean and e is ``item_exponent``. Sums over positions are geometric, so that each pair of items of a user costs one
    multiplication per profile. The diagonals of B are 0: nobody is recommended what they just took.

    Args:
        interactions: all with known times; items of the same time stand in the order given. Of several interactions
            with one item the latest counts.
        recencies: in (0, 1), each another profile.
        ridge: above 0.
        top: keep that many weights per column, the largest in size; None keeps all.

    Returns:
        float32 ``(n_items, n_items)`` per profile; rows are past items, columns candidates.

    Raises:
        ConfigError: the ridge is too small for the system to be solved.
    """
    c, n = len(recencies), n_items
    gram = np.zeros((c * n, c * n), np.float32, order="F")
    target = np.zeros((c * n, n), np.float32, order="F")
    sequences = _sequences(interactions)
    longest = max(map(len, sequences), default=0)
    follows = [_follow(recency, fade, horizon, longest) for recency in recencies]
    for items in sequences:
        length = len(items)
        place = np.arange(length)
        ahead = place[None, :] - place[:, None]  # [a, b]: b was taken that many steps after a
        steps = np.abs(ahead)
        left = length - 1 - np.maximum(place[:, None], place[None, :])  # positions at which both are history
        for first, fast in enumerate(recencies):
            rows = first * n + items
            target[np.ix_(rows, items)] += np.where(ahead > 0, follows[first][steps], 0.0)
            for second in range(first + 1):
                slow = recencies[second]
                together = (1.0 - (fast * slow) ** left) / (1.0 - fast * slow)
                together *= np.where(ahead >= 0, fast**steps, slow**steps)
                gram[np.ix_(rows, second * n + items)] += together
    diagonal = gram.diagonal().astype(np.float64)
    mean = float(diagonal.mean()) or 1.0
    spread = np.maximum(diagonal, 1e-9 * mean) ** item_exponent
    gram[np.diag_indices(c * n)] += (ridge * mean * spread / spread.mean()).astype(np.float32)
    # Only the lower triangle was filled and only it is read.
    factor, failed = lapack.spotrf(gram, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise ConfigError(
            "the system of what follows what cannot be solved.",
            where="setting ridge",
            found=f"{ridge:g}",
            expected="a value large enough to make the matrix positive definite in float32",
            next="raise ridge",
        )
    solved, _ = lapack.spotrs(factor, target, lower=1, overwrite_b=1)
    del gram, factor
    return [_without_diagonal(solved[profile * n : (profile + 1) * n], top) for profile in range(c)]


def _without_diagonal(weights: Array, top: int | None) -> sparse.csr_matrix:
    weights[np.diag_indices(len(weights))] = 0.0
    return largest_per_column(lambda columns: weights[:, columns], len(weights), len(weights), top)


def _sequences(interactions: Interactions) -> list[Array]:
    """Items of each user in the order of time, each item once: the latest time that it was taken."""
    order = np.lexsort((interactions.time, interactions.user))
    user, item = interactions.user[order], interactions.item[order]
    pair = user * (int(item.max(initial=0)) + 1) + item
    _, from_end = np.unique(pair[::-1], return_index=True)
    kept = np.sort(len(pair) - 1 - from_end)
    user, item = user[kept], item[kept]
    return [each[-_LONGEST:] for each in np.split(item, np.flatnonzero(np.diff(user)) + 1) if len(each) > 1]


def _follow(recency: float, fade: float, horizon: int, length: int) -> Array:
    """``f[d]``: weight in X'Y of an item taken d steps after another, over all positions between the two."""
    found = np.zeros(length)
    for steps in range(1, length):
        ahead = np.arange(min(steps, horizon))
        found[steps] = (recency ** (steps - 1 - ahead) * fade**ahead).sum()
    return found
