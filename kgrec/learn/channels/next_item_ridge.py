"""Which items follow which: ridge regression of the items taken next on fading histories, in closed form.

The linear session model of Choi et al. (SLIST, arXiv 2103.16104) with EASE's closed form (arXiv 1905.03375), over every
position of every history. Memory is two dense float32 matrices ``(profiles * items)^2`` while the system is made.

An example: one user took a, then b, then c, and there is one recency r. At the two positions

    t = 1    x = a            y = b + fade * c
    t = 2    x = b + r * a    y = c

so that ``X'X`` and ``X'Y`` add up to

               a        b    c                 a    b    c
    a    1 + r^2        r    0           a     0    1    r + fade
    b          r        1    0           b     0    0    1
    c          0        0    0           c     0    0    0

c follows both a and b, a follows nothing. The entries of a pair of items depend on their places in the sequence alone,
which is how they are added up here: pair by pair, by sums of geometric series over all positions, not position by
position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.channels.linear_systems import factorised, largest_per_column
from kgrec.learn.channels.sequences import latest_events
from kgrec.learn.limits import LIMITS
from kgrec.scoring.path_matrix import PathMatrix


def next_item_ridge(
    interactions: Interactions,
    n_items: int,
    recencies: Sequence[float],
    *,
    ridge: float = 0.7,
    item_exponent: float = 0.5,
    horizon: int = 20,
    fade: float = 0.9,
    top: int | None = None,
    paths: PathMatrix | None = None,
) -> tuple[list[sparse.csr_matrix], list[sparse.csr_matrix]]:
    """Weights from histories to the items taken next, one matrix per recency profile.

    With the items ``s_0 .. s_T`` of a user in the order of time, at every position t

        x_c(t) = SUM_{k >= 0} recencies[c]^k e(s_{t-1-k})         history, the latest item counts 1
        y(t)   = SUM_{0 <= m < horizon} fade^m e(s_{t+m})         what comes next

    and ``[B_1; B_2; ..] = (X'X + ridge * m * diag(d^e / mean(d^e)))^-1 X'Y``, where d is the diagonal of X'X, m its
    mean and e is ``item_exponent``. The diagonals of B are 0: nobody is recommended what they just took.

    Args:
        interactions: all with known times; items of the same time stand in the order given. Of several interactions
            with one item the latest counts.
        recencies: in (0, 1), each another profile.
        ridge: above 0.
        top: keep that many weights per column, the largest in size; None keeps all.
        paths: among the items; what they say of the history of the last profile is regressed on all histories.

    Returns:
        float32 ``(n_items, n_items)`` per profile; rows are past items, columns candidates. And as many for what is
        known of the paths P from the histories, ``(X'X + D)^-1 X'X [0; P]``; none without paths.

    Raises:
        ConfigError: the ridge is too small for the system to be solved.
    """
    sequences = _sequences(interactions, n_items)
    gram, target = _normal_equations(sequences, n_items, recencies, horizon, fade)
    penalty = _penalty(gram.diagonal().astype(np.float64), ridge, item_exponent)
    gram[np.diag_indices(len(gram))] += penalty
    factor = factorised(gram, "ridge", ridge)

    def solved(right: Array) -> list[Array]:
        both, _ = lapack.spotrs(factor, right, lower=1, overwrite_b=1)
        return [both[start : start + n_items] for start in range(0, len(both), n_items)]

    weights = [_without_diagonal(each, top) for each in solved(target)]
    if paths is None:
        return weights, []
    items = np.arange(n_items)
    said = paths.block(items, items).astype(np.float32)
    target = np.zeros((len(gram), n_items), np.float32, order="F")
    target[-n_items:] = penalty[-n_items:, None] * said
    of_penalty = solved(target)  # (X'X + D)^-1 X'X P = P - (X'X + D)^-1 D P
    known = [-each for each in of_penalty[:-1]] + [said - of_penalty[-1]]
    return weights, [_without_diagonal(each, top) for each in known]


def _normal_equations(
    sequences: Sequence[IntArray], n: int, recencies: Sequence[float], horizon: int, fade: float
) -> tuple[Array, Array]:
    """``X'X``, of which only the lower triangle is filled, and ``X'Y``; rows are profile * n + item."""
    gram = np.zeros((len(recencies) * n, len(recencies) * n), np.float32, order="F")
    target = np.zeros((len(recencies) * n, n), np.float32, order="F")
    longest = max(map(len, sequences), default=0)
    follow = [_following_weights(recency, fade, horizon, longest) for recency in recencies]
    join = [[_joint_weights(a, b, longest) for b in recencies[: first + 1]] for first, a in enumerate(recencies)]
    column = len(gram)
    flat_gram, flat_target = gram.T.ravel(), target.T.ravel()  # views, in which one index is faster than two
    for items in sequences:
        ends = np.s_[longest - len(items) :, longest - len(items) :]  # a weight depends on what is still to come only
        places = items[:, None] + column * items[None, :]
        for first in range(len(recencies)):
            flat_target[places + first * n] += follow[first][ends]
            for second in range(first + 1):
                flat_gram[places + (first * n + second * n * column)] += join[first][second][ends]
    return gram, target


def _joint_weights(recency_a: float, recency_b: float, length: int) -> Array:
    """Weight in X'X of each pair of items of a sequence: ``SUM_t x_a(t) x_b(t)``, a geometric series.

    Just after the later of the two, that one counts 1 and the earlier one its recency to the steps between them; every
    position on, both fade by one step.

    Returns:
        float64 ``(length, length)``, ``[a, b]`` by their places.
    """
    place = np.arange(length)
    steps_to_b = place[None, :] - place[:, None]
    positions = length - 1 - np.maximum(place[:, None], place[None, :])  # all after the later of the two
    both, steps = recency_a * recency_b, np.arange(max(length, 1))
    series = (1.0 - both**steps) / (1.0 - both)
    of_earlier = np.where(steps_to_b >= 0, (recency_a**steps)[steps_to_b], (recency_b**steps)[-steps_to_b])
    weights: Array = series[positions] * of_earlier
    return weights


def _following_weights(recency: float, fade: float, horizon: int, length: int) -> Array:
    """Weight in X'Y of each pair of items of a sequence: of b taken after a, over all positions between the two.

    Returns:
        float64 ``(length, length)``, ``[a, b]`` by their places.
    """
    of_steps = np.zeros(max(length, 1))
    for steps in range(1, length):
        ahead = np.arange(min(steps, horizon))
        of_steps[steps] = (recency ** (steps - 1 - ahead) * fade**ahead).sum()
    place = np.arange(length)
    steps_to_b = place[None, :] - place[:, None]
    return np.where(steps_to_b > 0, of_steps[np.maximum(steps_to_b, 0)], 0.0)


def _penalty(diagonal: Array, ridge: float, item_exponent: float) -> Array:
    """What is added to the diagonal of X'X, float32."""
    mean = float(diagonal.mean()) or 1.0
    spread = np.maximum(diagonal, 1e-9 * mean) ** item_exponent
    penalty: Array = (ridge * mean * spread / spread.mean()).astype(np.float32)
    return penalty


def _without_diagonal(weights: Array, top: int | None) -> sparse.csr_matrix:
    weights[np.diag_indices(len(weights))] = 0.0
    return largest_per_column(lambda columns: weights[:, columns], len(weights), len(weights), top)


def _sequences(interactions: Interactions, n_items: int) -> list[IntArray]:
    """Items of each user in the order of time, each item once; users with one item are left out."""
    user, item, _ = latest_events(interactions, n_items)
    of_users = np.split(item, np.flatnonzero(np.diff(user)) + 1)
    return [items[-LIMITS.next_item_history :] for items in of_users if len(items) > 1]
