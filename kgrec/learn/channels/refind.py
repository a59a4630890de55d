"""The channel in which items that somebody met without taking them speak for themselves, with settings from validation.

How often those who met an item went on to take it, over all users; rare items regress towards the mean of all:

    rate_i = (n_taken_i + shrinkage * mean) / (n_met_i + shrinkage)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.data.dataset import FOR, Interactions
from kgrec.data.funnel import of_kinds
from kgrec.data.splits import pairs_without
from kgrec.learn.channels.path_features import common_unit
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress
from kgrec.scoring.channel_names import REFIND
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.model import Channel
from kgrec.scoring.refind_matrix import RefindMatrix

_SHRINKAGES = (10.0, 1.0, 3.0, 30.0, 100.0, 300.0)
_FACTORS = (0.1, 0.25, 0.5, 2.0, 4.0)
_RECENCY = (0.98, 0.95, 0.9, 0.8, 0.7, 0.5)
_UNIT_USERS = 500
"""Users who tell how far the scores spread."""


@dataclass(frozen=True)
class RefindSettings:
    """Settings of the channel.

    Attributes:
        history: weights of what somebody met: a factor for each kind, 0 for those that take an item, and recency.
        shrinkage: as many more users who met an item and took it as often as the mean.
    """

    history: HistoryWeights
    shrinkage: float

    @property
    def takes(self) -> frozenset[str]:
        """The kinds that take an item."""
        return frozenset(kind for kind, weight in self.history.kinds.items() if weight == 0.0)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> RefindSettings:
        """The settings again from their :meth:`as_dict`.

        Raises:
            KeyError, TypeError: they are of another version.
        """
        return cls(HistoryWeights(**settings["history"]), float(settings["shrinkage"]))


def refind_channel(settings: RefindSettings, interactions: Interactions, n_users: int, n_items: int) -> Channel:
    """The channel of some settings, learned from what users did."""
    matrix = refind_matrix(interactions, settings.takes, settings.shrinkage, n_users, n_items)
    history = settings.history.matrix(interactions, n_users, n_items)
    sample = history[np.flatnonzero(np.asarray(history.sum(axis=1)).ravel())[:_UNIT_USERS]]
    return Channel(REFIND, matrix, settings.history, common_unit(matrix.scores(sample), sample))


def refind_matrix(
    interactions: Interactions, takes: frozenset[str], shrinkage: float, n_users: int, n_items: int
) -> RefindMatrix:
    """How often those who met each item came to take it.

    Where times are known, those who met it only after they had taken it do not count.

    Args:
        takes: the kinds that take an item; all others meet it.
    """
    took = of_kinds(interactions.saying(FOR), takes)
    met = _before_taken(of_kinds(interactions.saying(FOR), interactions.kinds_present - takes), took, n_items)
    met_by = met.matrix(n_users, n_items)
    n_met = np.bincount(met_by.indices, minlength=n_items)
    n_taken = np.bincount(met_by.multiply(took.matrix(n_users, n_items)).tocsr().indices, minlength=n_items)
    mean = float(n_taken.sum() / max(n_met.sum(), 1))
    rates = (n_taken + shrinkage * mean) / (n_met + shrinkage)
    return RefindMatrix(rates.astype(np.float32), mean)


def _before_taken(met: Interactions, took: Interactions, n_items: int) -> Interactions:
    """What was not done after the user had taken the item; all where a time is unknown."""
    if not (met.has_time and took.has_time):
        return met
    pair, pair_taken = (one.user * np.int64(n_items) + one.item for one in (met, took))
    pairs, place = np.unique(pair_taken, return_inverse=True)
    last = np.full(len(pairs), -np.inf)
    np.maximum.at(last, place, took.time)
    where = np.minimum(np.searchsorted(pairs, pair), max(len(pairs) - 1, 0))
    is_taken = pairs[where] == pair if len(pairs) else np.zeros(len(pair), np.bool_)
    until = np.where(is_taken, last[where] if len(pairs) else np.inf, np.inf)
    return met.select(met.time <= until)


def choose_refind(
    interactions: Interactions,
    wanted: sparse.csr_matrix,
    takes: frozenset[str],
    n_items: int,
    progress: Progress,
) -> tuple[RefindSettings, int]:
    """The settings under which the channel alone ranks validation best, and how many were tried.

    Args:
        interactions: what users did before.
        wanted: what some of them took then, users x items.
        takes: the kinds that take an item.
    """
    n_users = wanted.shape[0]
    users = np.flatnonzero(np.diff(wanted.indptr))
    taken = of_kinds(interactions, takes).matrix(n_users, n_items)[users]
    wanted = wanted[users]
    wanted = pairs_without(wanted, taken)
    matrices: dict[float, RefindMatrix] = {}

    def quality(settings: RefindSettings) -> float:
        if settings.shrinkage not in matrices:
            matrices[settings.shrinkage] = refind_matrix(interactions, takes, settings.shrinkage, n_users, n_items)
        history = settings.history.matrix(interactions, n_users, n_items)[users].astype(np.float32)
        ranker = ItemMatrixRanker((matrices[settings.shrinkage],), history)
        return mean_metrics(ranker, taken, wanted, ks=(10,))["ndcg@10"]

    best = RefindSettings(HistoryWeights(kinds=dict.fromkeys(sorted(takes), 0.0)), _SHRINKAGES[0])
    highest, tried = quality(best), 1

    def take_best(what: str, candidates: Sequence[RefindSettings]) -> None:
        nonlocal best, highest, tried
        for number, settings in enumerate(candidates, start=1):
            found = quality(settings)
            progress("items met before", number, len(candidates), f"{what}: ndcg@10 {found:.4f}", unit="settings")
            tried += 1
            if found > highest:
                best, highest = settings, found

    take_best("shrinkage", [replace(best, shrinkage=shrinkage) for shrinkage in _SHRINKAGES[1:]])
    if interactions.has_time:
        take_best("recency", [_with(best, recency=recency) for recency in _RECENCY])
    meets = sorted(interactions.kinds_present - takes)
    for kind in meets if len(meets) > 1 else ():
        kinds = best.history.kinds
        take_best(f"weight of {kind}", [_with(best, kinds={**kinds, kind: factor}) for factor in _FACTORS])
    return best, tried


def _with(settings: RefindSettings, **changes: Any) -> RefindSettings:
    """The settings with other weights of histories."""
    return replace(settings, history=replace(settings.history, **changes))
