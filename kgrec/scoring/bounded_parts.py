"""Parts of one person's scores that are worked out of few items, and of all others lie within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.item_blocks import Balls
from kgrec.scoring.low_rank_bounds import BoundedScores
from kgrec.scoring.reach import Remainder
from kgrec.scoring.trend import TrendAt


class BoundedPart(Protocol):
    """What is added to the scores of a group's items later, and lies within bounds."""

    @property
    def at_most(self) -> float:
        """More than that is added to no item."""

    def at_most_in_blocks(self) -> Array | float:
        """Likewise of each block."""

    def at_most_of(self, places: IntArray, block: IntArray, items: IntArray) -> Array | float:
        """Likewise of some items, by their places in the order of the blocks, their blocks and their rows."""

    def nearly(self, items: IntArray) -> Array:
        """What is added to some items, or hardly more."""

    def of_items(self, items: IntArray) -> Array:
        """What is added to some items."""


@dataclass(frozen=True)
class Weighted:
    """What is added whoever asks: a weight, not negative, times a value of each item.

    Attributes:
        values: of the whole catalogue.
        largest: in each block of the group.
    """

    weight: float
    values: Array
    largest: Array

    @property
    def at_most(self) -> float:
        """See :class:`BoundedPart`."""
        return self.weight * float(self.largest.max(initial=0.0))

    def at_most_in_blocks(self) -> Array:
        """See :class:`BoundedPart`."""
        return self.weight * self.largest

    def at_most_of(self, places: IntArray, block: IntArray, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.of_items(items)

    def nearly(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.of_items(items)

    def of_items(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.weight * self.values[items].astype(np.float64)


@dataclass(frozen=True)
class TrendPart:
    """What the trend adds: a weight, not negative, times the trend of each item.

    Attributes:
        most: how often an item of each block of the group was taken at most.
    """

    weight: float
    at: TrendAt
    most: Array

    @property
    def at_most(self) -> float:
        """See :class:`BoundedPart`."""
        largest = self.most.max(initial=0.0, keepdims=True)  # of the counts, which the trend grows with
        return max(0.0, self.weight * float(self.at.of(largest)[0]))

    def at_most_in_blocks(self) -> Array:
        """See :class:`BoundedPart`."""
        return self.weight * self.at.of(self.most)

    def at_most_of(self, places: IntArray, block: IntArray, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.of_items(items)

    def nearly(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.of_items(items)

    def of_items(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.weight * self.at.of(self.at.counts[items])


@dataclass(frozen=True)
class LowRankPart:
    """What a channel of low rank adds.

    Attributes:
        balls: around the targets of each block, beside the mean of all.
    """

    said: BoundedScores
    scale: float
    balls: Balls

    @property
    def at_most(self) -> float:
        """See :class:`BoundedPart`."""
        return self.scale * (self.said.middle + self.said.length * self.said.bounds.farthest)

    def at_most_in_blocks(self) -> Array:
        """See :class:`BoundedPart`."""
        within: Array = self.scale * (self._in_centres + self.said.length * self.balls.radii)
        return within

    def at_most_of(self, places: IntArray, block: IntArray, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        within: Array = self.scale * (self._in_centres[block] + self.said.length * self.balls.distances[places])
        return within

    def nearly(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        nearly: Array = self.scale * (self.said.rough_products(items) + self.said.rounding)
        return nearly

    def of_items(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.scale * self.said.products(self.said.bounds.place[items])

    @cached_property
    def _in_centres(self) -> Array:
        in_centres: Array = self.said.middle + self.balls.centres @ self.said.user
        return in_centres


@dataclass(frozen=True)
class RemainingPart:
    """What a sparse channel adds beside the terms that were added up."""

    remainder: Remainder
    scale: float

    @property
    def at_most(self) -> float:
        """See :class:`BoundedPart`."""
        return self.scale * self.remainder.most

    def at_most_in_blocks(self) -> float:
        """See :class:`BoundedPart`."""
        return self.at_most

    def at_most_of(self, places: IntArray, block: IntArray, items: IntArray) -> float:
        """See :class:`BoundedPart`."""
        return self.at_most

    def nearly(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        return self.of_items(items)

    def of_items(self, items: IntArray) -> Array:
        """See :class:`BoundedPart`."""
        products: Array = self.scale * self.remainder.products(items)
        return products
