"""A new model beside the one that answers now, on the newest that people did, which neither has learned from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import FOR, Array, Dataset, Interactions
from kgrec.data.splits import pairs_without, sample_users
from kgrec.metrics.bootstrap import Bootstrap
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import per_user, rank_users
from kgrec.scoring.model import AdditiveModel

NEWEST = 0.2
"""Share of what was done since the live model was learned that is held out."""
ENOUGH = 30
"""Users with something to find; of fewer nothing can be said."""
_MOST = 5_000
_K = 10


@dataclass(frozen=True)
class LiveComparison:
    """Validation ndcg@10 of two models for the same users at the same moments.

    Attributes:
        users: who did something among the newest.
        live, new: ndcg@10 of the model that answers now and of the new one; nan where the users are fewer than
            :data:`ENOUGH`.
        interval: of the difference, new minus live, 95 % where it is the only one, paired by user.
    """

    users: int
    live: float = float("nan")
    new: float = float("nan")
    interval: tuple[float, float] = (float("nan"), float("nan"))

    @property
    def is_worse(self) -> bool:
        """Whether the new model finds less, beyond chance."""
        return self.interval[1] < 0

    @property
    def in_words(self) -> str:
        """One line for people."""
        if self.users < ENOUGH:
            return f"not compared: {self.users} users did something new that can be held out, {ENOUGH} are needed"
        low, high = self.interval
        return f"ndcg@10 {self.new:.4f}, of the live model {self.live:.4f} (difference {low:+.4f} to {high:+.4f})"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the manifest."""
        if self.users < ENOUGH:
            return {"users": self.users}
        return {"users": self.users, "ndcg@10 live": self.live, "ndcg@10": self.new, "interval": list(self.interval)}


def is_new(interactions: Interactions, dataset: Dataset, old: Bundle) -> npt.NDArray[np.bool_]:
    """Which interactions are of a user with an item that the bundle has nothing of, bool ``(n,)``.

    Args:
        interactions: rows of users and items of the data set.
    """
    seen, n_items = old.interactions, len(dataset.items)
    user, item = (today.rows(list(then)) for today, then in ((dataset.users, old.users), (dataset.items, old.items)))
    user, item = user[seen.user], item[seen.item]
    here = (user >= 0) & (item >= 0)
    before = np.unique(user[here] * n_items + item[here])
    fresh: npt.NDArray[np.bool_] = ~np.isin(interactions.user * n_items + interactions.item, before)
    return fresh


def hold_out_newest(dataset: Dataset, old: Bundle) -> tuple[Interactions, Interactions]:
    """What there is to learn from, and the newest fifth of what was done since the bundle was learned.

    Pairs of a user and an item are held out as a whole, the latest of them; random ones where a time is unknown. A user
    who would have nothing else keeps their first. Of each platform that has a model of its own it is the newest fifth
    there, or a day of another one alone would leave nothing to compare its lists on.
    """
    everything = dataset.interactions
    pair = everything.user * len(dataset.items) + everything.item
    pairs, pair_of = np.unique(pair, return_inverse=True)
    new = np.zeros(len(pairs), np.bool_)
    new[pair_of] = is_new(everything, dataset, old)
    if not new.any():
        return everything, everything.select(new[pair_of])
    moment = np.random.default_rng(0).random(len(pairs))
    if everything.has_time:
        moment = np.full(len(pairs), -np.inf)
        np.maximum.at(moment, pair_of, everything.time)
    names = everything.platforms
    apart = np.array([names.index(name) if name in old.model.targets else -1 for name in names], np.int64)
    group = np.full(len(pairs), -1, np.int64)
    np.maximum.at(group, pair_of, apart[everything.platform])
    held = np.zeros(len(pairs), np.bool_)
    for one in np.unique(group[new]):
        of_group = new & (group == one)
        held |= of_group & (moment >= np.quantile(moment[of_group], 1 - NEWEST))
    user = pairs // len(dataset.items)
    order = np.lexsort((moment, user))
    _, first = np.unique(user[order], return_index=True)
    keeps = np.bincount(user[~held], minlength=len(dataset.users)) > 0
    held[order[first]] &= keeps[user[order[first]]]
    return everything.select(~held[pair_of]), everything.select(held[pair_of])


def compare_with_live(
    live: Bundle,
    model: AdditiveModel,
    dataset: Dataset,
    held: Interactions,
    platform: str = "",
    level: float = 0.95,
) -> LiveComparison:
    """Both models on what was held out, with histories as they were before it.

    Items that the live model does not know it cannot list; items that are gone neither may list.

    Args:
        model: over the items of the data set, whose interactions are without those held out.
        held: what is to be found.
        platform: whose lists are compared, and what was done on it; empty for those of all platforms.
        level: of the interval; of several comparisons each needs a higher one, or chance would find one of them worse.
    """
    offered = np.ones(len(dataset.items), np.bool_)
    offered_live = np.ones(len(live.items), np.bool_)
    if platform:
        live, held, target = live.for_platform(platform), held.on_platform(platform), model.for_platform(platform)
        offered = ~target.is_cold | model.is_cold
        offered_live = offered_live if live.offered is None else live.offered
        model = target
    n_users, n_items = len(dataset.users), len(dataset.items)
    known, asked = dataset.behaviour, held.first_contexts(n_users)
    seen = known.matrix(n_users, n_items)
    wanted = sample_users(pairs_without(held.saying(FOR).matrix(n_users, n_items), seen), _MOST)
    users = np.flatnonzero(np.diff(wanted.indptr)).astype(np.int64)
    if len(users) < ENOUGH:
        return LiveComparison(len(users))
    here = dataset.items.rows(list(live.items))
    then = live.items.rows(list(dataset.items))
    in_live = replace(known.select(then[known.item] >= 0), item=then[known.item[then[known.item] >= 0]])
    listed = rank_users(
        ModelRanker.over(live.model, in_live, n_users, asked),
        in_live.matrix(n_users, len(live.items)),
        users,
        _K,
        (here >= 0) & offered_live,
    )
    tops = {
        "live": np.where(listed >= 0, here[listed], -1),
        "new": rank_users(ModelRanker.over(model, known, n_users, asked), seen, users, _K, offered),
    }
    quality: dict[str, Array] = {name: per_user(top, wanted[users], [_K])[f"ndcg@{_K}"] for name, top in tops.items()}
    low, high = Bootstrap(quality, level=level).difference("new", "live")
    return LiveComparison(len(users), float(quality["live"].mean()), float(quality["new"].mean()), (low, high))
