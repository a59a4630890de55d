"""Click prediction: labelled pairs, clicked or not, instead of lists; a seeded 6:2:2 as RippleNet and KGCN have it.

Scores rank; to be read as probabilities they are calibrated on validation, the same way for every system.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.evaluation.baselines import BASELINES, Setting
from kgrec.metrics.measures import auc
from kgrec.metrics.rankers import Ranker
from kgrec.scoring.model import block_size

Settings = dict[str, Setting]


@dataclass(frozen=True)
class Pairs:
    """Labelled pairs: user and item rows and 1 (clicked) or 0, ``(n,)`` each."""

    user: IntArray
    item: IntArray
    label: IntArray

    def __len__(self) -> int:
        return len(self.user)

    @classmethod
    def joined(cls, parts: Iterable[Pairs]) -> Pairs:
        """All pairs of some parts, in their order."""
        columns = zip(*((part.user, part.item, part.label) for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def select(self, keep: Array) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.user[keep], self.item[keep], self.label[keep])

    @property
    def clicked(self) -> Interactions:
        """The pairs with label 1, as behaviour."""
        return Interactions.of_pairs(self.user[self.label == 1], self.item[self.label == 1])

    def cut(self, seed: int) -> tuple[Pairs, Pairs, Pairs]:
        """Six tenths for training, two for validation, two for the test, at random."""
        order = np.random.default_rng(seed).permutation(len(self))
        first, second = int(0.6 * len(self)), int(0.8 * len(self))
        return self.select(order[:first]), self.select(order[first:second]), self.select(order[second:])


def refuse_overlap(train: Pairs, valid: Pairs, test: Pairs) -> None:
    """Stop where a user and an item are a pair twice, whatever the labels: it could be learned from and tested on.

    Raises:
        KgrecError: some pair is there more than once.
    """
    everything = Pairs.joined((train, valid, test))
    keys, count = np.unique(np.stack([everything.user, everything.item], axis=1), axis=0, return_counts=True)
    if (twice := count > 1).any():
        raise KgrecError(
            "labelled pairs repeat.",
            where="user row {}, item row {}".format(*keys[twice][0]),
            found=f"{int(twice.sum())} of {len(keys)} pairs more than once",
            expected="each pair once, in one part",
            next="keep one label per pair",
        )


def fit_baselines(train: Interactions, n_users: int, n_items: int, valid: Pairs) -> tuple[dict[str, Ranker], Settings]:
    """Popularity, item-kNN and EASE from the clicks of training, each with the setting of its grid of best AUC.

    Args:
        train: clicks.
        valid: labelled pairs that the settings are chosen on; the first of those that are equally good.
    """
    rankers: dict[str, Ranker] = {}
    settings: Settings = {}
    for name, system in BASELINES.items():
        best = -1.0
        for setting in system.grid:
            ranker = system.fit(train, n_users, n_items, **setting)
            found = auc(valid.label, pair_scores(ranker, valid, n_items))
            if found > best:
                best, rankers[name], settings[name] = found, ranker, setting
    return rankers, settings


def probabilities(ranker: Ranker, valid: Pairs, test: Pairs, n_items: int) -> Array:
    """Chance of a click of each test pair, ``(n,)``: scores calibrated on validation. Test labels are not read."""
    slope, shift = _calibrated(pair_scores(ranker, valid, n_items), valid.label)
    chance: Array = expit(slope * pair_scores(ranker, test, n_items) + shift)
    return chance


def pair_scores(ranker: Ranker, pairs: Pairs, n_items: int) -> Array:
    """Scores of pairs, a block of users at a time."""
    result = np.empty(len(pairs))
    order = np.argsort(pairs.user, kind="stable")
    users, start = np.unique(pairs.user[order], return_index=True)
    ends = np.append(start, len(order))
    step = block_size(n_items)
    for first in range(0, len(users), step):
        block = users[first : first + step]
        rows = order[ends[first] : ends[min(first + step, len(users))]]
        scores = ranker.scores(block)
        result[rows] = scores[np.searchsorted(block, pairs.user[rows]), pairs.item[rows]]
    return result


def _calibrated(scores: Array, labels: Array) -> tuple[float, float]:
    """Slope and shift of the logistic curve through labelled scores (Platt 1999)."""
    spread = float(scores.std()) or 1.0
    scaled = scores / spread

    def loss(line: Array) -> float:
        logits = line[0] * scaled + line[1]
        return float(np.mean(np.logaddexp(0.0, logits) - labels * logits))

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
    return float(slope) / spread, float(shift)
