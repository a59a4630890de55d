"""Platforms: what the others are worth to each, measured against the same system learned on that platform alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import Split, pairs_without
from kgrec.errors import ConfigError, KgrecError
from kgrec.learn.platforms import of_platform, with_equal_weights
from kgrec.metrics.bootstrap import Bootstrap
from kgrec.metrics.rankers import ModelRanker, Ranker
from kgrec.metrics.ranking import rank_and_measure
from kgrec.progress import Progress
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of, split_of
from kgrec_benchmarks.protocols.same_products import with_one_id
from kgrec_benchmarks.protocols.sampled_negatives import mean_by_user, places_among, sampled_negatives
from kgrec_benchmarks.runs.cost import Watch
from kgrec_benchmarks.runs.fingerprints import fingerprint_of_split
from kgrec_benchmarks.runs.outcome import Outcome, PerUser
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.runs.runner import learn

if TYPE_CHECKING:
    from kgrec.scoring.model import AdditiveModel

TOGETHER, ALONE = "all platforms", "that platform alone"
EQUAL, SHARED = "all platforms, equal weights", "all platforms, one model for all lists"
EVERYBODY, FEW = "everybody", "fewer than {few} events there"
_K = 10
_LEARNED = ", learned from "


@dataclass(frozen=True)
class Platforms:
    """Hit rate and ndcg of ten items of each platform: kgrec learned from all platforms, and from that one alone.

    Beside them stands what two simpler ways of learning from all would give: equal weights, and one model for all.
    Both choose their settings on validation, the one that is learned alone on what validation has of its platform,
    and are learned again from train and validation. They rank the same items for the same users: all that any part of
    the split has on the platform, and a sample of them that the user never took. A held-out item that nobody took
    before the test on any platform is a miss of both. What is found to be one product under two ids is one item.

    Attributes:
        negatives: items beside each held-out one in the sample.
        few: users with fewer events on the platform are a group of their own.
    """

    negatives: int = 999
    few: int = 5

    def packages(self) -> set[str]:
        """No package but kgrec's own makes a difference."""
        return set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows of each platform, and the differences between them with paired intervals, by group of users.

        Raises:
            ConfigError: the interactions are of one platform.
            KgrecError: the split holds nothing to test on, or too little to learn from.
        """
        data, split, same = of_several_platforms(dataset, config.seed)
        names = data.interactions.platforms
        which, shares = fingerprint_of_split(split), progress.parts(1 + len(names), *[1] * len(names))
        make = partial(learned_together, self, data, split, config, shares[0].named(TOGETHER))
        together = kept.get(f"{TOGETHER} {which}", make, (config, self))
        outcomes = {TOGETHER: together}
        for name, share in zip(names, shares[1:], strict=True):
            if _row(name, ALONE) in together.rows:
                continue
            make = partial(_learned_alone, self, data, split, config, name, share.named(name))
            outcomes[name] = kept.get(f"{name} alone {which}", make, (config, self))
        rows = {row: values for one in outcomes.values() for row, values in one.rows.items()}
        users = {row: values for one in outcomes.values() for row, values in one.users.items()}
        return Result(
            {row: rows[row] for row in sorted(rows)},
            settings={name: one.settings for name, one in outcomes.items()},
            data=sizes_of(data, train=len(split.train), valid=len(split.valid), test=len(split.test), **same),
            seed=config.seed,
            platforms={name: self._differences(name, users, split, len(data.users)) for name in names},
            validation=together.validation,
            timings_s={f"{name}, {stage}": s for name, one in outcomes.items() for stage, s in one.cost.items()},
        )

    def measured(self, data: Dataset, split: Split, name: str, ranker: Ranker, seed: int) -> PerUser:
        """Metrics of each user with a held-out item on a platform, nan for the others."""
        n_users, n_items = len(data.users), len(data.items)
        items = items_of(data.interactions.on_platform(name), n_items)
        seen = data.with_interactions(split.known).behaviour.matrix(n_users, n_items)
        test = split.test.on_platform(name).matrix(n_users, n_items)
        test = pairs_without(test, seen)
        asked = np.flatnonzero(np.diff(test.indptr))
        nobody_took = np.diff(seen.tocsc().indptr) == 0
        findable = (test @ sparse.diags((~nobody_took).astype(np.float32))).tocsr()
        findable.eliminate_zeros()
        if not findable.nnz:
            raise KgrecError(
                "there is nothing to measure.",
                where=f"platform {name}",
                found=f"{test.nnz} held-out items, of which nobody took any before",
                expected="at least one that somebody took",
                next="check the split",
            )
        found = rank_and_measure(ranker, seen, findable, ks=(_K,), candidates=items)
        of_users: PerUser = {}
        for metric in (f"hit_rate@{_K}", f"ndcg@{_K}"):
            of_users[metric] = np.full(n_users, np.nan, np.float32)
            of_users[metric][asked] = 0.0
            of_users[metric][found.users] = found.per_user[metric]
        pool = np.flatnonzero(items)
        negatives = sampled_negatives(pool, (seen + test).tocsr(), asked, self.negatives, seed)
        owner, places = places_among(ranker, asked, test[asked], negatives)
        hit = (places < _K) & ~nobody_took[test[asked].indices]
        for metric, values in (("hit_rate", hit * 1.0), ("ndcg", hit / np.log2(places + 2.0))):
            whole = np.full(n_users, np.nan, np.float32)
            whole[asked] = mean_by_user(owner, values, len(asked))
            of_users[f"{metric}@{_K} among {self.negatives + 1:,}"] = whole
        return of_users

    def _differences(
        self, name: str, users: Mapping[str, PerUser], split: Split, n_users: int
    ) -> dict[str, dict[str, Any]]:
        """Group of users to their number and, by metric, both means and the difference with its interval."""
        ours, other = (users[_row(name, learned)] for learned in (TOGETHER, ALONE))
        n_there = np.bincount(split.known.on_platform(name).user, minlength=n_users)
        asked = ~np.isnan(next(iter(ours.values())))
        groups = {EVERYBODY: asked, FEW.format(few=self.few): asked & (n_there < self.few)}
        return {group: difference(ours, other, inside, (TOGETHER, ALONE)) for group, inside in groups.items()}


def of_several_platforms(dataset: PublishedSet, seed: int) -> tuple[Dataset, Split, dict[str, int]]:
    """The data and the split of a set with each product as one item, and how many are listed twice.

    Raises:
        ConfigError: the interactions are of one platform.
    """
    data, split = dataset.dataset, split_of(dataset.parts, seed)
    if len(data.interactions.platforms) < 2:
        raise ConfigError(
            "there is nothing to compare.",
            where=dataset.name,
            found="interactions of one platform",
            expected="a column `platform` with two or more values",
            next="choose the protocol split",
        )
    return with_one_id(data, split, dataset.same_items)


def items_of(interactions: Interactions, n_items: int) -> npt.NDArray[np.bool_]:
    """Which items are in any of some interactions, bool ``(items,)``."""
    found = np.zeros(n_items, np.bool_)
    found[interactions.item] = True
    return found


def row_of_all(name: str) -> str:
    """What the row of a platform's lists is called that are learned from all platforms."""
    return _row(name, TOGETHER)


def _row(name: str, learned: str) -> str:
    return f"{name}{_LEARNED}{learned}"


def learned_together(
    protocol: Platforms, data: Dataset, split: Split, config: TrainConfig, progress: Progress
) -> Outcome:
    """The model of all platforms on each."""
    watch = Watch()
    learned = learn(data, split, config, watch, progress)
    known = data.with_interactions(split.known)
    models: dict[str, AdditiveModel] = {}
    for name in data.interactions.platforms:
        models[_row(name, TOGETHER)] = learned.model.for_platform(name)
        if name in learned.platforms:
            alone = learned.platforms[name].alone.model
            models[_row(name, ALONE)] = alone
            models[_row(name, EQUAL)] = with_equal_weights(learned.model, alone, known, name)
            models[_row(name, SHARED)] = learned.model
    users = {}
    for row, model in models.items():
        name = row.partition(_LEARNED)[0]
        history = split.known.on_platform(name) if row == _row(name, ALONE) else split.known
        users[row] = protocol.measured(data, split, name, _ranker(model, history, split.test, data), config.seed)
    return _outcome(users, {**config.model_dump(), **learned.chosen.as_dict()}, watch, learned.metrics)


def _learned_alone(
    protocol: Platforms, data: Dataset, split: Split, config: TrainConfig, name: str, progress: Progress
) -> Outcome:
    """The model of one platform, which knows of no other."""
    watch = Watch()
    alone = Split(*(part.on_platform(name) for part in (split.train, split.valid, split.test)))
    learned = learn(of_platform(data, name), alone, config, watch, progress)
    ranker = _ranker(learned.model, alone.known, split.test, data)
    users = {_row(name, ALONE): protocol.measured(data, split, name, ranker, config.seed)}
    return _outcome(users, {**config.model_dump(), **learned.chosen.as_dict()}, watch, learned.metrics)


def _ranker(model: AdditiveModel, known: Interactions, test: Interactions, data: Dataset) -> Ranker:
    """A model in the context of each user's first test event, on whichever platform."""
    n_users = len(data.users)
    return ModelRanker.over(model, known, n_users, test.first_contexts(n_users))


def _outcome(
    users: dict[str, PerUser], settings: dict[str, Any], watch: Watch, validation: dict[str, float]
) -> Outcome:
    rows = {
        row: {metric: float(np.nanmean(values, dtype=np.float64)) for metric, values in of.items()}
        for row, of in users.items()
    }
    return Outcome(rows, users, settings=settings, cost=watch.seconds, validation=validation)


def difference(ours: PerUser, other: PerUser, inside: npt.NDArray[np.bool_], called: tuple[str, str]) -> dict[str, Any]:
    """The number of some users and, by metric, two means by what they are called, their difference, its interval."""
    values: dict[str, Array] = {}
    for metric in ours:
        for name, of in zip(called, (ours, other), strict=True):
            values[f"{metric} {name}"] = of[metric][inside]
    if not inside.any():
        return {"users": 0}
    drawn = Bootstrap(values)
    found: dict[str, Any] = {"users": int(inside.sum())}
    for metric in ours:
        names = f"{metric} {called[0]}", f"{metric} {called[1]}"
        means = [float(values[name].mean(dtype=np.float64)) for name in names]
        found[metric] = {
            **dict(zip(called, means, strict=True)),
            "difference": means[0] - means[1],
            "interval": drawn.difference(*names),
        }
    return found
