"""What anything better has to beat: popularity, item-kNN, EASE. All are tuned on validation as our own model is.

A baseline is fitted once and scores users from a history that may be longer than what it was fitted on:
``ItemKNN.fit(train, n_users, n_items).with_history(train_and_valid)``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.dataset import Array, IntArray, Interactions
from kgrec.item_item import ease, item_knn
from kgrec.ranking import Ranker, evaluate

Setting = dict[str, Any]
Fit = Callable[..., "Baseline"]
"""``fit(train, n_users, n_items, **setting)``"""

_DENSE_ITEMS = 10_000
_KEPT_PER_COLUMN = 1_000


class Baseline(Ranker, Protocol):
    """A fitted ranker that can be handed another history than the one it was fitted on."""

    def with_history(self, seen: sparse.csr_matrix) -> Self:
        """The same weights over other histories, users x items."""


@dataclass(frozen=True)
class Popularity:
    """How many users took an item, the same for everybody."""

    taken_by: Array

    @classmethod
    def fit(cls, train: Interactions, n_users: int, n_items: int) -> Popularity:
        """Count distinct users."""
        return cls(np.asarray(train.matrix(n_users, n_items).sum(axis=0), np.float32).ravel())

    def with_history(self, seen: sparse.csr_matrix) -> Popularity:
        """Itself: the user's history plays no part."""
        return self

    def scores(self, users: IntArray) -> Array:
        """Counts, ``(len(users), items)``."""
        return np.tile(self.taken_by, (len(users), 1))


@dataclass(frozen=True)
class _ItemItem:
    """Scores are the sum of the weights from the items of the history."""

    history: sparse.csr_matrix
    weights: Any

    def with_history(self, seen: sparse.csr_matrix) -> Self:
        """The same weights over other histories, users x items."""
        return replace(self, history=seen)

    def scores(self, users: IntArray) -> Array:
        """``x_u @ W``, float32 ``(len(users), items)``."""
        found = self.history[users].astype(np.float32) @ self.weights
        dense: Array = found.toarray() if sparse.issparse(found) else found
        return dense


def _fast(weights: sparse.csr_matrix) -> Any:
    """Dense where that is affordable: multiplying is several times faster then."""
    return weights.toarray() if weights.shape[0] <= _DENSE_ITEMS else weights


class ItemKNN(_ItemItem):
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
    ) -> ItemKNN:
        """See :func:`kgrec.item_item.item_knn`."""
        x = train.matrix(n_users, n_items)
        return cls(x, _fast(item_knn(x, neighbours=neighbours, shrink=shrink, user_exponent=user_exponent)))


class EASE(_ItemItem):
    """Ridge regression of each item on all others (Steck 2019, arXiv 1905.03375)."""

    @classmethod
    def fit(cls, train: Interactions, n_users: int, n_items: int, ridge: float = 200.0) -> EASE:
        """See :func:`kgrec.item_item.ease`. Beyond 10,000 items only the 1,000 largest weights of a column are kept."""
        x = train.matrix(n_users, n_items)
        return cls(x, _fast(ease(x, ridge, relative=False, top=None if n_items <= _DENSE_ITEMS else _KEPT_PER_COLUMN)))


def _grid(**values: Sequence[Any]) -> tuple[Setting, ...]:
    return tuple(dict(zip(values, row, strict=True)) for row in itertools.product(*values.values()))


POPULARITY_GRID: tuple[Setting, ...] = ({},)
ITEM_KNN_GRID = _grid(neighbours=(20, 100, 400), shrink=(0.0, 20.0), user_exponent=(0.0, 0.5))
EASE_GRID = _grid(ridge=(10.0, 30.0, 100.0, 200.0, 400.0, 800.0, 2000.0, 5000.0))
BASELINES: dict[str, tuple[Fit, tuple[Setting, ...]]] = {
    "popularity": (Popularity.fit, POPULARITY_GRID),
    "itemknn": (ItemKNN.fit, ITEM_KNN_GRID),
    "ease": (EASE.fit, EASE_GRID),
}


def tune(
    fit: Fit,
    grid: Sequence[Setting],
    train: Interactions,
    valid: Interactions,
    n_users: int,
    n_items: int,
    metric: str = "ndcg@10",
    candidates: npt.NDArray[np.bool_] | None = None,
) -> Setting:
    """The setting of the grid that is best on validation; the first of those that are equally good.

    The test set is no argument, so it cannot be looked at.

    Raises:
        KgrecError: train and validation share pairs, or validation is empty.
    """
    if len(grid) == 1:
        return grid[0]
    seen, wanted = train.matrix(n_users, n_items), valid.matrix(n_users, n_items)
    k = int(metric.split("@")[1].split("_")[0])

    def quality(setting: Setting) -> float:
        fitted = fit(train, n_users, n_items, **setting)
        return evaluate(fitted, seen, wanted, ks=(k,), candidates=candidates)[metric]

    best: Setting = max(grid, key=quality)
    return best
