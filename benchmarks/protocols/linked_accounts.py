"""Links of accounts: what it costs to know some of them only, and to be wrong about a few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.data.splits import Split
from kgrec.data.vocabulary import Vocabulary
from kgrec.progress import Progress
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of
from kgrec_benchmarks.protocols.platform_gain import (
    Platforms,
    difference,
    learned_together,
    of_several_platforms,
    row_of_all,
)
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_split
from kgrec_benchmarks.runs.outcome import Outcome, PerUser
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache

LINKED, APART = "with these links", "without links"
POPULAR = "the most popular, "


@dataclass(frozen=True)
class AccountLinks:
    """Hit rate and ndcg of ten items of each platform, by how many accounts are known to be one person's.

    Whoever is on several platforms has an account on each. A link joins one to the account on the first platform on
    which its owner is; a wrong one joins it to somebody else's there, so that each is taken for the other's. Kgrec
    chooses, learns and answers as usual, from the persons that the links make, and is asked for each account. An item
    that its person has by another account is in no list, and a miss where it is to be found. Of the most popular items,
    a list that learns nothing from links, they change that alone: its rows stand beside.

    Attributes:
        revealed: share of the links that are known.
        wrong: share of these that lead to somebody else.
        measure: what is measured of each platform, and how.
    """

    revealed: float = 0.5
    wrong: float = 0.05
    measure: Platforms = field(default_factory=Platforms)

    def packages(self) -> set[str]:
        """No package but kgrec's own makes a difference."""
        return set()

    def conditions(self) -> dict[str, tuple[float, float]]:
        """Share of links that are known, and of those that are wrong, by name."""
        some = f"{100 * self.revealed:g} % of the links"
        return {
            APART: (0.0, 0.0),
            some: (self.revealed, 0.0),
            f"{some}, {100 * self.wrong:g} % of them wrong": (self.revealed, self.wrong),
            "all links": (1.0, 0.0),
        }

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows of each platform and condition, and what links add with paired intervals.

        Raises:
            ConfigError: the interactions are of one platform.
            KgrecError: the split holds nothing to test on, or too little to learn from.
        """
        data, split, same = of_several_platforms(dataset, config.seed)
        names = data.interactions.platforms
        everything, which = split.known.joined(split.test), fingerprint_of_split(split)
        conditions = self.conditions()
        outcomes: dict[str, Outcome] = {}
        users: dict[tuple[int, str], PerUser] = {}
        for (name, (revealed, wrong)), share in zip(
            conditions.items(), progress.parts(*[1] * len(conditions)), strict=True
        ):
            owners = owners_of_accounts(everything, len(data.users), revealed, wrong, config.seed)
            persons = of_owners(data, split, owners)
            make = partial(learned_together, self.measure, *persons, config, share.named(name))
            outcomes[name] = kept.get(f"{name} {which}", make, (config, self))
            popular = Popular(persons[1].known, len(data.items))
            for place, platform in enumerate(names):
                of_row = outcomes[name].users[row_of_all(platform)]
                users[place, name] = by_account(of_row, owners[place])
                of_row = self.measure.measured(*persons, platform, popular, config.seed)
                users[place, f"{POPULAR}{name}"] = by_account(of_row, owners[place])
        for (place, name), of in users.items():
            asked = _asked(users[place, APART])
            users[place, name] = {
                metric: np.where(asked, np.nan_to_num(values), np.nan) for metric, values in of.items()
            }
        rows = {
            f"{platform}, {of}{name}": _means(users[place, f"{of}{name}"])
            for place, platform in enumerate(names)
            for of in ("", POPULAR)
            for name in conditions
        }
        return Result(
            rows,
            settings={name: one.settings for name, one in outcomes.items()},
            data=sizes_of(data, train=len(split.train), valid=len(split.valid), test=len(split.test), **same),
            seed=config.seed,
            platforms={
                platform: _against_none(place, users, [name for name in conditions if name != APART])
                for place, platform in enumerate(names)
            },
            timings_s={f"{name}, {stage}": s for name, one in outcomes.items() for stage, s in one.cost.items()},
        )


class Popular:
    """Ranks everything for everybody by how often it was taken."""

    def __init__(self, known: Interactions, n_items: int) -> None:
        self._taken = np.bincount(known.item, minlength=n_items).astype(np.float64)

    def scores(self, users: IntArray) -> Array:
        """The same for all, ``(users, items)``."""
        return np.tile(self._taken, (len(users), 1))


def owners_of_accounts(interactions: Interactions, n_users: int, revealed: float, wrong: float, seed: int) -> IntArray:
    """The person that each account is taken for, numbered from 0, ``(platforms, users)``; -1 where there is none."""
    n_platforms = len(interactions.platforms)
    there = np.zeros((n_platforms, n_users), np.bool_)
    there[interactions.platform, interactions.user] = True
    first = there.argmax(axis=0)
    alone = n_users + np.arange(n_platforms * n_users).reshape(n_platforms, n_users)
    owners = np.where(there, alone, -1)
    users = np.arange(n_users)
    owners[first, users] = np.where(there.any(axis=0), users, -1)
    rng = np.random.default_rng(seed)
    for platform in range(n_platforms):
        for anchor in range(platform):
            linked = rng.permutation(np.flatnonzero(there[platform] & (first == anchor)))
            linked = linked[: round(revealed * len(linked))]
            owners[platform, linked] = linked
            mistaken = linked[: round(wrong * len(linked))]
            owners[platform, mistaken] = np.roll(mistaken, 1)
    owners[owners >= 0] = np.unique(owners[owners >= 0], return_inverse=True)[1]
    return owners.astype(np.int64)


def of_owners(data: Dataset, split: Split, owners: IntArray) -> tuple[Dataset, Split]:
    """The same data and split with the persons that own accounts for users."""
    others = replace(
        data,
        users=Vocabulary(map(str, range(owners.max() + 1))),
        interactions=_of_owners(data.interactions, owners),
        against=_of_owners(data.against, owners),
    )
    return others, Split(
        _of_owners(split.train, owners),
        _of_owners(split.valid, owners),
        _of_owners(split.test, owners),
        None if split.between is None else _of_owners(split.between, owners),
    )


def _of_owners(part: Interactions, owners: IntArray) -> Interactions:
    return replace(part, user=owners[part.platform, part.user]) if len(part) else part


def by_account(values: PerUser, owners: IntArray) -> PerUser:
    """What was measured of persons, by the account that was asked for, ``(users,)``; nan where there is none."""
    return {metric: np.where(owners >= 0, of[owners], np.float32(np.nan)) for metric, of in values.items()}


def _against_none(place: int, users: Mapping[tuple[int, str], PerUser], names: list[str]) -> dict[str, dict[str, Any]]:
    """By condition: what was measured with links and without, and the difference."""
    without = users[place, APART]
    return {name: difference(users[place, name], without, _asked(without), (LINKED, APART)) for name in names}


def _asked(values: PerUser) -> npt.NDArray[np.bool_]:
    """Which accounts have something to find."""
    asked: npt.NDArray[np.bool_] = ~np.isnan(next(iter(values.values())))
    return asked


def _means(values: PerUser) -> dict[str, float]:
    return {metric: float(np.nanmean(of, dtype=np.float64)) for metric, of in values.items()}
