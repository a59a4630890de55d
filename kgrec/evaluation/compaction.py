"""A bundle made smaller, as far as its lists stay as good: what of its matrices may go is found by comparing the two.

The newest items of users are hidden and ranked with the rest of their history, by the model as it is and smaller ones.
The weights were learned with these interactions in them, so this tells two models apart and is no measure of quality.
The loss counts with its standard error on top: what may be chance is held against the smaller model.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.data.context_columns import Contexts
from kgrec.data.dataset import FOR, Array, IntArray, Interactions
from kgrec.data.splits import hold_out, sample_users
from kgrec.errors import BundleError, CompactionRefusedError
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import per_user, rank_users
from kgrec.progress import Progress
from kgrec.scoring.compacting import CompactableModel
from kgrec.scoring.model import AdditiveModel

LADDER = 1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2
"""Shares of what a row or the directions say that may stay, tried one after the other."""
MOST = 2_000
"""Users whose newest items are hidden."""
NEWEST = 0.2
"""Share of their items that is hidden: with one item each, chance alone moves ndcg@10 by more than may be lost."""
ENOUGH = 30
"""Users without whom nothing can be said."""
_K = 10
_TIMED = 50


@dataclass(frozen=True)
class Hidden:
    """Users whose newest items are to be found again, numbered from 0.

    Attributes:
        past: what else they did.
        wanted: the hidden items, users x items.
        asked: the moments at which the first of them were taken.
        platform: whose lists are made; empty for those of all.
        offered: items of the lists, bool ``(items,)``; None for all.
    """

    past: Interactions
    wanted: sparse.csr_matrix
    asked: Contexts
    platform: str = ""
    offered: Array | None = None

    @classmethod
    def of(cls, bundle: Bundle, platform: str = "", most: int = MOST) -> Hidden:
        """The newest fifth of some users' items, who are evenly spread; where times are unknown, any fifth."""
        offered = bundle.for_platform(platform).offered if platform else None
        n_users, n_items, seen = len(bundle.users), len(bundle.items), bundle.interactions.widened()
        _, held = hold_out(seen.saying(FOR).on_platform(platform), NEWEST, bundle.manifest.seed)
        wanted = sample_users(held.matrix(n_users, n_items), most)
        users = np.flatnonzero(np.diff(wanted.indptr))
        place = np.full(n_users, -1, np.int64)
        place[users] = np.arange(len(users))
        is_hidden = np.isin(seen.user * n_items + seen.item, held.user * n_items + held.item)
        past = seen.select((place[seen.user] >= 0) & ~is_hidden)
        past = replace(past, user=place[past.user])
        return cls(past, wanted[users], held.first_contexts(n_users)[users], platform, offered)

    def lists(self, model: AdditiveModel) -> IntArray:
        """The best items of each user by a model, ``(users, 10)``."""
        of, n_users = model.for_platform(self.platform), self.wanted.shape[0]
        ranker = ModelRanker.over(of, self.past, n_users, self.asked)
        seen = of.taken(self.past).matrix(n_users, of.n_items)
        return rank_users(ranker, seen, np.arange(n_users), _K, self.offered)

    def milliseconds(self, *models: AdditiveModel) -> list[float]:
        """What one list takes each of some models, the median over some users, who ask all of them in turns."""
        of, taken = [model.for_platform(self.platform) for model in models], []
        for user in [0, *range(0, self.wanted.shape[0], max(1, self.wanted.shape[0] // _TIMED))]:
            past = self.past.select(self.past.user == user)
            taken.append([_milliseconds(model, past) for model in of])
        medians: list[float] = np.median(taken[1:], axis=0).tolist()  # what is worked out once is in the first
        return medians


def _milliseconds(model: AdditiveModel, past: Interactions) -> float:
    started = time.perf_counter()
    model.scored(past).best(np.ones(model.n_items, np.bool_), _K)
    return 1e3 * (time.perf_counter() - started)


@dataclass(frozen=True)
class Compared:
    """Lists of the same users by the model as it was and by a smaller one.

    Attributes:
        users: how many.
        before, after: mean ndcg@10 of the hidden items.
        error: standard error of the difference, paired by user.
        same: share of the items of lists that stay in them.
    """

    users: int
    before: float
    after: float
    error: float
    same: float

    @classmethod
    def of(cls, hidden: Hidden, before: IntArray, after: IntArray) -> Compared:
        """Two arrays of lists as :meth:`Hidden.lists` gives them."""
        of_users = [per_user(lists, hidden.wanted, [_K])[f"ndcg@{_K}"] for lists in (before, after)]
        n, lost = len(before), of_users[0] - of_users[1]
        stays = [np.isin(after[user], before[user][before[user] >= 0]) & (after[user] >= 0) for user in range(n)]
        same = float(np.sum(stays) / max(1, np.count_nonzero(before >= 0)))
        return cls(n, float(of_users[0].mean()), float(of_users[1].mean()), float(lost.std() / np.sqrt(n)), same)

    @property
    def loss(self) -> float:
        """The share of ndcg@10 that is lost, below 0 where it is more."""
        return (self.before - self.after) / self.before if self.before else 0.0

    @property
    def loss_at_most(self) -> float:
        """The loss with its standard error on top."""
        return self.loss + (self.error / self.before if self.before else 0.0)

    def as_dict(self) -> dict[str, float]:
        """Plain data, for ``--json`` and the manifest."""
        return {
            "users": self.users,
            "ndcg@10 before": self.before,
            "ndcg@10": self.after,
            "loss": self.loss,
            "loss with its standard error": self.loss_at_most,
            "items that stay in lists": self.same,
        }


@dataclass(frozen=True)
class Compaction:
    """A bundle made smaller, saved nowhere yet, and what that did.

    Attributes:
        bundle: the smaller one.
        shares: of what the rows or directions of each matrix say, what stays.
        compared: lists of all platforms, and those of each platform that has a model of its own.
        milliseconds: a list as it was, and with the smaller model.
    """

    bundle: Bundle
    shares: Mapping[str, float]
    compared: Mapping[str, Compared]
    milliseconds: Sequence[float]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        of_platforms = {name: one.as_dict() for name, one in self.compared.items() if name}
        return {
            "comparison": self.compared[""].as_dict(),
            **({"platforms": of_platforms} if of_platforms else {}),
            "milliseconds of a list": {"before": self.milliseconds[0], "after": self.milliseconds[1]},
            "share that stays": dict(self.shares),
        }


@dataclass(frozen=True)
class _Search:
    """Looks for the least shares whose loss is small enough.

    Attributes:
        full: lists of the model as it is, of each of ``hidden``.
        tried: comparisons by the shares that they are of.
    """

    model: CompactableModel
    hidden: Sequence[Hidden]
    full: Sequence[IntArray]
    max_loss: float
    progress: Progress
    tried: dict[tuple[float, ...], dict[str, Compared]] = field(default_factory=dict)

    def compared(self, shares: Mapping[str, float]) -> dict[str, Compared]:
        """The comparison with these shares."""
        key = tuple(shares.values())
        if key not in self.tried:
            smaller = self.model.with_shares(shares)
            pairs = zip(self.hidden, self.full, strict=True)
            self.tried[key] = {one.platform: Compared.of(one, full, one.lists(smaller)) for one, full in pairs}
            loss = f"loss {100 * self.tried[key][''].loss_at_most:.2f} %"
            self.progress("smaller models", len(self.tried), None, loss, unit="models")
        return self.tried[key]

    def is_good(self, shares: Mapping[str, float]) -> bool:
        """Whether no lists lose too much."""
        return all(one.loss_at_most <= self.max_loss for one in self.compared(shares).values())

    def found(self) -> dict[str, float] | None:
        """The least shares; None where not even all of it in bytes is good enough.

        All matrices go down the ladder together, by halving it, then each alone step by step, the largest first.
        """
        silent, prunable = self.model.silent, self.model.prunable
        shares = {name: 0.0 if name in silent else LADDER[0] for name in prunable}
        if not self.is_good(shares):
            return None
        heard = sorted(prunable.keys() - silent, key=lambda name: -prunable[name].size)
        good, bad = 0, len(LADDER)
        while bad - good > 1:
            middle = (good + bad) // 2
            if self.is_good(shares | dict.fromkeys(heard, LADDER[middle])):
                good = middle
            else:
                bad = middle
        shares |= dict.fromkeys(heard, LADDER[good])
        for name in heard:
            for share in LADDER[good + 1 :]:
                lower = shares | {name: share}
                if not self.is_good(lower):
                    break
                shares = lower
        return shares


def compacted(bundle: Bundle, max_loss: float, progress: Progress) -> Compaction:
    """The smallest bundle whose lists lose at most this share of ndcg@10.

    Raises:
        BundleError: it was compacted before, or has too few users to compare lists on.
        CompactionRefusedError: even the least that is done loses more.
    """
    if bundle.manifest.compacted:
        raise BundleError(
            "the bundle is a compacted one.",
            found=f"made from version {bundle.manifest.compacted.get('of')}",
            expected="a bundle as `kgrec train` wrote it",
            next="compact that one with another --max-loss",
        )
    hidden = [Hidden.of(bundle, platform) for platform in ("", *bundle.model.targets)]
    hidden = [one for one in hidden if not one.platform or one.wanted.shape[0] >= ENOUGH]
    n_users = hidden[0].wanted.shape[0]
    if n_users < ENOUGH:
        raise BundleError(
            "there is nobody to compare lists for.",
            found=f"{n_users} users with items enough to hide a fifth of",
            expected=f"at least {ENOUGH}",
            next="serve the bundle as it is: it is small",
        )
    progress("the model as it is", 0)
    model = CompactableModel.of(bundle.model)
    full = [one.lists(bundle.model) for one in hidden]
    search = _Search(model, hidden, full, max_loss, progress)
    shares = search.found()
    if shares is None:
        least = max(next(iter(search.tried.values())).values(), key=lambda one: one.loss_at_most)
        raise CompactionRefusedError(
            "a smaller bundle loses too much.",
            found=f"{100 * least.loss:.2f} % of ndcg@10 for {least.users} users with every entry kept in one byte, "
            f"{100 * least.loss_at_most:.2f} % with its standard error",
            expected=f"at most {100 * max_loss:g} %",
            next="allow more: --max-loss",
        )
    smaller = model.with_shares(shares)
    milliseconds = hidden[0].milliseconds(bundle.model, smaller)
    done = Compaction(bundle.with_model(smaller), shares, search.compared(shares), milliseconds)
    said = {"of": bundle.version, "max_loss": max_loss, **done.as_dict()}
    manifest = replace(bundle.manifest, compacted=said)
    return replace(done, bundle=replace(bundle, model=smaller, manifest=manifest, version=""))
