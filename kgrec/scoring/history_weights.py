"""History weights: how much each past interaction of a user counts."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from kgrec.data.dataset import AGAINST, FOR, Array, Interactions
from kgrec.parallel.cached_attribute import cached_property

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
        platform: the history is what the user did there alone; empty for all platforms.
    """

    recency: float = 1.0
    strength: float = 0.0
    kinds: dict[str, float] = field(default_factory=dict)
    platforms: dict[str, float] = field(default_factory=dict)
    against: bool = False
    platform: str = ""

    def matrix(self, interactions: Interactions, n_users: int, n_items: int) -> sparse.csr_matrix:
        """Weights of all users' histories, float64 ``(n_users, n_items)``.

        Several interactions with one item count ``log2(1 + sum)``; recency goes by the latest of them. Events of the
        same time share a rank, so the order of the input does not matter. Recency is left out for a user any of whose
        times is unknown.
        """
        return weighted_histories([self], interactions, n_users, n_items)[0]


def weighted_histories(
    kinds: Sequence[HistoryWeights], interactions: Interactions, n_users: int, n_items: int
) -> list[sparse.csr_matrix]:
    """The :meth:`HistoryWeights.matrix` of each of some, who count and order what they have in common once."""
    pasts: dict[tuple[bool, str], _Past] = {}
    found = []
    for one in kinds:
        of = one.against, one.platform
        if of not in pasts:
            past = interactions.saying(AGAINST if one.against else FOR).on_platform(one.platform)
            pasts[of] = _Past(past, n_users, n_items)
        found.append(pasts[of].weighted(one))
    return found


class _Past:
    """What users did, as pairs of a user and an item with all their interactions."""

    def __init__(self, interactions: Interactions, n_users: int, n_items: int) -> None:
        self._interactions = interactions
        self._shape = n_users, n_items
        pairs, self._first = np.unique(interactions.user * np.int64(n_items) + interactions.item, return_inverse=True)
        self._user, self._item = pairs // n_items, pairs % n_items
        self._starts = np.searchsorted(self._user, np.arange(n_users + 1))

    def weighted(self, by: HistoryWeights) -> sparse.csr_matrix:
        weight = np.ones(len(self._interactions))
        if by.kinds:
            kinds = [by.kinds.get(kind, 1.0) for kind in self._interactions.kinds]
            weight *= np.array(kinds)[self._interactions.kind]
        if by.platforms:
            platforms = [by.platforms.get(name, 1.0) for name in self._interactions.platforms]
            weight *= np.array(platforms)[self._interactions.platform]
        if by.strength:
            weight *= _relative_strength(self._interactions, self._shape[0]) ** by.strength
        total = np.log2(1.0 + np.bincount(self._first, weight, len(self._item)))
        if by.recency < 1.0:
            total *= by.recency**self._steps_back
        return with_data(self._counts, total)

    @cached_property
    def _counts(self) -> sparse.csr_matrix:
        return sparse.csr_matrix((np.ones(len(self._item)), self._item, self._starts), shape=self._shape)

    @cached_property
    def _steps_back(self) -> Array:
        """Number of the user's items that are strictly later, of each pair; 0 where a time of the user is unknown."""
        time = self._interactions.time
        unknown = np.isnan(time)
        untimed = np.zeros(self._shape[0], np.bool_)
        untimed[self._interactions.user[unknown]] = True
        latest = np.full(len(self._item), -np.inf)
        np.maximum.at(latest, self._first, np.where(unknown, -np.inf, time))
        return np.where(untimed[self._user], 0.0, _steps_back(self._user, latest))


def with_data(matrix: sparse.csr_matrix, data: Array) -> sparse.csr_matrix:
    """A matrix with other numbers at the same places, which are not looked at again."""
    other = copy(matrix)
    other.data = data
    return other


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
