"""Bounds of what a low-rank matrix says of many items: mean and spread exactly, each item within a distance.

With the mean m and the covariance C of the items' targets, the scores <u, t_i> of a history u = history @ source have

    mean <u, m>,    spread sqrt(u' C u),    and  |<u, t_i> - <u, m>| <= |u| * |t_i - m|     (Cauchy-Schwarz)

so that whoever looks for the best items need not read all targets, which is most of the memory that a score reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.matrices import FactoredMatrix, place_of, span_of

_CANCELLED = 1e-6
"""Part of the squares that must be left when own terms are taken out of them, or rounding errors would be."""
_AT_ONCE = 1024
"""Items whose targets are in float64 at the same time: of all together the memory would stay with the process."""
_ROUNDING = 1e-5
"""By how much bounds are wider than they are, for the rounding errors of float32."""


@dataclass(frozen=True)
class LowRankBounds:
    """What is known of some items of a low-rank matrix before anybody asks.

    Attributes:
        items: rows of the items.
        mean: of their targets, float64 ``(d,)``.
        covariance: likewise, ``(d, d)``.
        reach: distance of each one's target from the mean, float32 ``(n,)``.
    """

    matrix: FactoredMatrix
    items: IntArray
    mean: Array
    covariance: Array
    reach: Array

    @classmethod
    def of(cls, matrix: FactoredMatrix, items: IntArray) -> Self:
        """The bounds of at least one item."""
        blocks = [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
        mean = sum(matrix.target[block].sum(axis=0, dtype=np.float64) for block in blocks) / len(items)
        squares, reach = np.zeros((len(mean), len(mean))), []
        for block in blocks:
            away = matrix.target[block].astype(np.float64) - mean
            squares += away.T @ away
            reach.append((np.sqrt(np.einsum("id,id->i", away, away)) * (1 + _ROUNDING)).astype(np.float32))
        return cls(matrix, items, mean, squares / len(items), np.concatenate(reach))

    def said(self, history: sparse.csr_matrix) -> BoundedScores | None:
        """What one history ``(1, items)`` says of the items; None where only their scores tell mean and spread."""
        user = self.matrix.users(history)[0]
        place = self.place[history.indices]
        own = np.flatnonzero(place >= 0)
        places, past = place[own], history.indices[own]
        scores = self.matrix.target[past].astype(np.float64) @ user
        change = self.matrix.without_own(scores, history.data[own].astype(np.float64), past) - scores
        middle, n = float(user @ self.mean), len(self.items)
        squares = np.array([n * (user @ self.covariance @ user), change @ change, change @ (scores - middle) * 2])
        left = squares.sum() - change.sum() ** 2 / n
        if left < _CANCELLED * squares[:2].sum():
            return None
        mean, spread = middle + change.sum() / n, np.sqrt(left / n)
        return BoundedScores(self, user, mean, float(spread), middle, places, change)

    @cached_property
    def longest(self) -> float:
        """Length that no target exceeds."""
        return float(np.linalg.norm(self.mean)) + self.farthest

    @cached_property
    def farthest(self) -> float:
        """Distance from the mean that no target exceeds."""
        return float(self.reach.max(initial=0.0))

    @cached_property
    def span(self) -> IntArray | slice:
        """What the items are taken by."""
        return span_of(self.items)

    @cached_property
    def place(self) -> IntArray:
        """Of each item of the catalogue among these, -1 where it is none of them."""
        return place_of(self.items, len(self.matrix.target))


@dataclass(frozen=True)
class BoundedScores:
    """What one history says of the items of some bounds.

    Attributes:
        user: float64 ``(d,)``.
        mean, spread: of the scores.
        middle: of their bounds, without the changes.
        changed, change: places of past items among them, and by what their scores are other than their products, as
            nothing speaks for itself.
    """

    bounds: LowRankBounds
    user: Array
    mean: float
    spread: float
    middle: float
    changed: IntArray
    change: Array

    def products(self, places: IntArray | None = None) -> Array:
        """The products of some items, float64 ``(n,)``: their scores without the changes; of all without places."""
        bounds = self.bounds
        if places is None:
            return bounds.matrix.products(bounds.span, self.user.astype(np.float32)).astype(np.float64)
        # Each is a sum of its own, so that like items have like scores wherever they stand.
        some: Array = np.einsum("id,d->i", bounds.matrix.target[bounds.items[places]].astype(np.float64), self.user)
        return some

    @cached_property
    def length(self) -> float:
        """Of the user's vector: times a distance, how far a product is from the middle at most."""
        return float(np.linalg.norm(self.user))

    def rough_products(self, rows: IntArray) -> Array:
        """The products of some items of the catalogue in float32, at most :attr:`rounding` away from what they are."""
        target, user = self.bounds.matrix.target, self.user.astype(np.float32)
        rough = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _AT_ONCE):  # as many as stay in a cache
            part = slice(start, start + _AT_ONCE)
            np.matmul(target[rows[part]], user, out=rough[part])
        return rough

    @property
    def rounding(self) -> float:
        """As above: by half of that for each dimension a sum in float32 may be off."""
        return (len(self.user) + 2) * float(np.finfo(np.float32).eps) * self.length * self.bounds.longest

    @cached_property
    def within(self) -> Array:
        """How far each product is from the middle at most, ``(n,)``."""
        return self.bounds.reach * np.float32(self.length)
