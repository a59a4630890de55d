"""History weights: how much each past interaction of a user counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from kgrec.data.dataset import AGAINST, FOR, Array, Interactions

_LEAST_MEAN = 1e-9
"""Lower bound of a user's mean weight, by which their weights are divided."""


@dataclass(frozen=True)
class HistoryWeights:
    """How much a past interaction counts: kind x platform x strength x recency, summed per item and saturated.

    Attributes:
        recency: factor per step back in the user's history, in (0, 1]; 1 ignores order.
        strength: exponent of an interaction's weight relative to the user's mean weight; 0 ignores it.
        kinds, platforms: factor by name; a name that is missing counts 1.
        against: the history is what the user did that speaks against its items, instead of what speaks for them.
    """

    recency: float = 1.0
    strength: float = 0.0
    kinds: dict[str, float] = field(default_factory=dict)
    platforms: dict[str, float] = field(default_factory=dict)
    against: bool = False

    def matrix(self, interactions: Interactions, n_users: int, n_items: int) -> sparse.csr_matrix:
        """Weights of all users' histories, float64 ``(n_users, n_items)``.

        Several interactions with one item count ``log2(1 + sum)``; recency goes by the latest of them. Events of the
        same time share a rank, so the order of the input does not matter. Recency is left out for a user any of whose
        times is unknown.
        """
        interactions = interactions.saying(AGAINST if self.against else FOR)
        n = len(interactions)
        if n == 0:
            return sparse.csr_matrix((n_users, n_items), dtype=np.float64)
        user, item = interactions.user, interactions.item
        weight = np.ones(n)
        if self.kinds:
            weight *= np.array([self.kinds.get(kind, 1.0) for kind in interactions.kinds])[interactions.kind]
        if self.platforms:
            weight *= np.array([self.platforms.get(name, 1.0) for name in interactions.platforms])[
                interactions.platform
            ]
        if self.strength:
            weight *= _relative_strength(interactions, n_users) ** self.strength
        pairs, first = np.unique(user * np.int64(n_items) + item, return_inverse=True)
        total = np.log2(1.0 + np.bincount(first, weight, len(pairs)))
        pair_user, pair_item = pairs // n_items, pairs % n_items
        if self.recency < 1.0:
            unknown = np.isnan(interactions.time)
            untimed = np.zeros(n_users, np.bool_)
            untimed[user[unknown]] = True
            latest = np.full(len(pairs), -np.inf)
            np.maximum.at(latest, first, np.where(unknown, -np.inf, interactions.time))
            total *= np.where(untimed[pair_user], 1.0, self.recency ** _steps_back(pair_user, latest))
        starts = np.searchsorted(pair_user, np.arange(n_users + 1))
        return sparse.csr_matrix((total, pair_item, starts), shape=(n_users, n_items))


def _relative_strength(interactions: Interactions, n_users: int) -> Array:
    """Weight over the user's mean weight, kept within [.1, 10]."""
    strength = np.maximum(interactions.weight.astype(np.float64), 0.0)
    count = np.bincount(interactions.user, minlength=n_users)
    mean = np.bincount(interactions.user, strength, n_users) / np.maximum(count, 1)
    result: Array = np.clip(strength / np.maximum(mean[interactions.user], _LEAST_MEAN), 0.1, 10.0)
    return result


def _steps_back(user: Array, time: Array) -> Array:
    """Number of a user's items that are strictly later, per entry."""
    order = np.lexsort((-time, user))
    sorted_user, sorted_time = user[order], time[order]
    position = np.arange(len(user))
    new_user = np.r_[True, sorted_user[1:] != sorted_user[:-1]]
    new_time = new_user | np.r_[True, sorted_time[1:] != sorted_time[:-1]]
    start_of_user = np.maximum.accumulate(np.where(new_user, position, 0))
    start_of_time = np.maximum.accumulate(np.where(new_time, position, 0))
    steps = np.empty(len(user))
    steps[order] = start_of_time - start_of_user
    return steps
