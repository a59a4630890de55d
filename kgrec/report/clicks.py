"""Click prediction: labelled pairs, clicked or not, instead of lists; a seeded 6:2:2 as RippleNet and KGCN have it.

Scores rank; to be read as probabilities they are calibrated on validation, the same way for every system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from kgrec.dataset import Array, Dataset, IntArray
from kgrec.ranking import Ranker, block_size, click_metrics
from kgrec.report.baselines import EASE, ItemKNN, Popularity
from kgrec.report.comparison import ModelRanker, Rows
from kgrec.scoring import AdditiveModel


@dataclass(frozen=True)
class Pairs:
    """Labelled pairs: user and item rows and 1 (clicked) or 0, ``(n,)`` each."""

    user: IntArray
    item: IntArray
    label: IntArray

    def __len__(self) -> int:
        return len(self.user)

    def select(self, keep: Array) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.user[keep], self.item[keep], self.label[keep])

    def cut(self, seed: int) -> tuple[Pairs, Pairs, Pairs]:
        """Six tenths for training, two for validation, two for the test, at random."""
        order = np.random.default_rng(seed).permutation(len(self))
        first, second = int(0.6 * len(self)), int(0.8 * len(self))
        return self.select(order[:first]), self.select(order[first:second]), self.select(order[second:])


def compare_clicks(dataset: Dataset, model: AdditiveModel, valid: Pairs, test: Pairs) -> Rows:
    """AUC, F1 and log loss of our model and of the baselines, all from the clicks of training.

    The baselines keep their default settings, while ours were chosen on validation: not yet a fair comparison.

    Args:
        dataset: its interactions are the clicks of training.
        valid: pairs that the probabilities are calibrated on.
    """
    n_users, n_items = len(dataset.users), len(dataset.items)
    train = dataset.interactions
    rankers: Mapping[str, Ranker] = {
        "kgrec": ModelRanker.over(model, train, n_users),
        "popularity": Popularity.fit(train, n_users, n_items),
        "itemknn": ItemKNN.fit(train, n_users, n_items),
        "ease": EASE.fit(train, n_users, n_items),
    }
    rows: Rows = {}
    for name, ranker in rankers.items():
        slope, shift = _calibrated(_scores(ranker, valid, n_items), valid.label)
        probabilities = expit(slope * _scores(ranker, test, n_items) + shift)
        rows[name] = click_metrics(test.label, probabilities)
    return rows


def _scores(ranker: Ranker, pairs: Pairs, n_items: int) -> Array:
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
