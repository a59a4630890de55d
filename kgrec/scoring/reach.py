"""Reached terms: the few items that a history says anything of through a matrix most of whose entries are 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property


@dataclass(frozen=True)
class Remainder:
    """What is said of items beside what was added up: of any item, and how much it is at most.

    Attributes:
        most: the largest that is said of any item, either way.
        products: of some items by their rows, ``(n,)``.
    """

    most: float
    products: Callable[[IntArray], Array]


@dataclass(frozen=True)
class ReachedTerms:
    """What a history says through a matrix, term by term: added up by item, they are its scores.

    Attributes:
        items: rows of the items, as often as there are terms of them.
        values: the terms, float64.
        own: what is in there of each past item for itself, by ``history.indices``; None where nothing is.
        remainder: what is said beside the terms; None where they are all.
    """

    items: IntArray
    values: Array
    own: Array | None = None
    remainder: Remainder | None = None


@runtime_checkable
class ReachingMatrix(Protocol):
    """An item matrix through which a history says something of a small part of the catalogue."""

    def reach(self, history: sparse.csr_matrix) -> ReachedTerms:
        """The terms of one history ``(1, items)``."""


@dataclass(frozen=True)
class ReachedScores:
    """One user's scores of a group of items: of those that are reached, while all others have 0.

    Attributes:
        values: of the reached ones, float64.
        n_items: in the group.
    """

    values: Array
    n_items: int

    @cached_property
    def mean(self) -> float:
        """Of the group."""
        return float(self.values.sum()) / max(self.n_items, 1)

    @cached_property
    def spread(self) -> float:
        """Of the group."""
        away = self.values - self.mean
        squares = float(away @ away) + (self.n_items - len(away)) * self.mean**2
        return float(np.sqrt(squares / max(self.n_items, 1)))
