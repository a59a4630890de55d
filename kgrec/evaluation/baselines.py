"""What anything better has to beat: popularity and item-item weights. All are tuned on validation as our own model is.

A baseline is fitted once and scores users from a history that may be longer than what it was fitted on:
``ItemKNN.fit(train, n_users, n_items).with_history(train_and_valid)``. Where times are known, what was taken long ago
may count less in the histories, as it may in our own model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.evaluation.compared_system import RECENCIES, System, grid
from kgrec.evaluation.fading_ranker import FadingRanker
from kgrec.learn.channels.ease import ease
from kgrec.learn.channels.neighbours import item_knn
from kgrec.learn.limits import LIMITS

_KEPT_PER_COLUMN = 1_000


@dataclass(frozen=True)
class Popularity:
    """How many users took an item, the same for everybody."""

    taken_by: Array

    @classmethod
    def fit(cls, train: Interactions, n_users: int, n_items: int) -> Popularity:
        """Count distinct users."""
        return cls(np.asarray(train.matrix(n_users, n_items).sum(axis=0), np.float32).ravel())

    def with_history(self, history: Interactions) -> Popularity:
        """Itself: the user's history plays no part."""
        return self

    def scores(self, users: IntArray) -> Array:
        """Counts, ``(len(users), items)``."""
        return np.tile(self.taken_by, (len(users), 1))


def fast(weights: sparse.csr_matrix) -> Any:
    """Dense where that is affordable: multiplying is several times faster then."""
    return weights.toarray() if weights.shape[0] <= LIMITS.dense_baseline_items else weights


class ItemKNN(FadingRanker):
    """Cosine neighbours of the items of the history (Sarwar et al. 2001), long histories counting less or not."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        n_items: int,
        neighbours: int = 100,
        shrink: float = 0.0,
        user_exponent: float = 0.0,
        recency: float = 1.0,
    ) -> ItemKNN:
        """See :func:`kgrec.learn.channels.neighbours.item_knn`."""
        x = train.matrix(n_users, n_items)
        weights = item_knn(x, neighbours=neighbours, shrink=shrink, user_exponent=user_exponent)
        return cls(train, n_users, fast(weights), recency)


class EASE(FadingRanker):
    """Ridge regression of each item on all others (Steck 2019, arXiv 1905.03375)."""

    @classmethod
    def fit(cls, train: Interactions, n_users: int, n_items: int, ridge: float = 200.0, recency: float = 1.0) -> EASE:
        """See :func:`kgrec.learn.channels.ease.ease`.

        Beyond 10,000 items only the 1,000 largest weights of a column are kept.
        """
        x = train.matrix(n_users, n_items)
        kept = None if n_items <= LIMITS.dense_baseline_items else _KEPT_PER_COLUMN
        return cls(train, n_users, fast(ease(x, ridge, relative=False, top=kept)), recency)


POPULARITY = System(Popularity.fit, ({},))
ITEM_KNN = System(ItemKNN.fit, grid(neighbours=(20, 100, 400), shrink=(0.0, 20.0), user_exponent=(0.0, 0.5)), RECENCIES)
EASE_RIDGES = System(EASE.fit, grid(ridge=(10.0, 30.0, 100.0, 200.0, 400.0, 800.0, 2000.0, 5000.0)), RECENCIES)
BASELINES = {"popularity": POPULARITY, "itemknn": ITEM_KNN, "ease": EASE_RIDGES}
"""The ones that every measurement shows; they need nothing but numpy and scipy, and seconds."""
