"""One person's scores in a large catalogue: those of some items, and the best of some, found without the others.

What a history reaches through sparse matrices is added up but for the parts that are worked out of few items: what is
of low rank, and what many items have in common. These lie within bounds. All other items have what they have whoever
asks, and the parts; they are looked at block by block, by what the items of a block have at most, until that is less
than the last of the list has.

Nothing is left to chance: who cannot be among the best by the bounds is not looked at, all others are. Where bounds
tell too little, all items are scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.item_blocks import ItemBlocks
from kgrec.scoring.low_rank_bounds import BoundedScores
from kgrec.scoring.reach import Remainder
from kgrec.scoring.scaling import Scaling
from kgrec.scoring.top_k import top_k

Mask = npt.NDArray[np.bool_]

_FIRST = 128
"""Items beyond the length of a list whose scores say what it takes to be in it."""
_FEW = 2**14
"""Candidates each of which is looked at, and the longest list for which bounds are asked."""
_BLOCKS = 16
"""Blocks that are looked at first; then it is twice as many, and so on."""
_MOST_READ = 0.125
"""Part of the catalogue from which on it takes less time to score all of it."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Weighted:
    """What is added to an item whoever asks: a weight, not negative, times a value of the item.

    Attributes:
        values: of the whole catalogue.
        largest: in each block of the group.
    """

    weight: float
    values: Array
    largest: Array


class Part(Protocol):
    """What is added to the scores of a group's items later, and lies within bounds."""

    def at_most(self, rows: IntArray) -> Array | float:
        """More than that is added to none of some items."""

    def at_most_in_blocks(self) -> Array | float:
        """Likewise of each block."""

    def nearly(self, rows: IntArray) -> Array:
        """What is added to some items, or hardly more."""

    def products(self, rows: IntArray) -> Array:
        """What is added to some items."""


@dataclass(frozen=True)
class LowRankPart:
    """What a channel of low rank adds.

    Attributes:
        centres: of each block, beside the mean of all items; no item of it is farther from there than its radius.
    """

    said: BoundedScores
    scale: float
    centres: Array
    radii: Array

    def at_most(self, rows: IntArray) -> Array:
        """See :class:`Part`."""
        return self._within(0.0, self.said.bounds.reach[self.said.bounds.place[rows]])

    def at_most_in_blocks(self) -> Array:
        """See :class:`Part`."""
        return self._within(self.centres @ self.said.user, self.radii)

    def nearly(self, rows: IntArray) -> Array:
        """See :class:`Part`."""
        nearly: Array = self.scale * (self.said.rough_products(rows) + self.said.rounding)
        return nearly

    def products(self, rows: IntArray) -> Array:
        """See :class:`Part`."""
        return self.scale * self.said.products(self.said.bounds.place[rows])

    def _within(self, beside_middle: Array | float, away: Array) -> Array:
        within: Array = self.scale * (self.said.middle + beside_middle + self.said.length * away.astype(np.float64))
        return within


@dataclass(frozen=True)
class RemainingPart:
    """What a sparse channel adds beside the terms that were added up."""

    remainder: Remainder
    scale: float

    def at_most(self, rows: IntArray) -> float:
        """See :class:`Part`."""
        return self.scale * self.remainder.most

    def at_most_in_blocks(self) -> float:
        """See :class:`Part`."""
        return self.scale * self.remainder.most

    def nearly(self, rows: IntArray) -> Array:
        """See :class:`Part`."""
        return self.products(rows)

    def products(self, rows: IntArray) -> Array:
        """See :class:`Part`."""
        products: Array = self.scale * self.remainder.products(rows)
        return products


@dataclass(frozen=True)
class GroupScores:
    """One person's scores of the known items, or of the cold ones.

    Attributes:
        blocks: all items of the group.
        constant: what is added to each.
        weighted: what is added whoever asks.
        reached: rows of the items that are reached, ascending; ``early`` are their scores but for the parts.
        parts: what is added later.
    """

    blocks: ItemBlocks
    constant: float
    weighted: Sequence[Weighted]
    reached: IntArray
    early: Array
    parts: Sequence[Part]

    def unreached(self, rows: IntArray) -> Array:
        """The scores of some items but for the parts, as long as nothing reaches them."""
        scores = np.zeros(len(rows))
        for one in self.weighted:
            scores += one.weight * one.values[rows].astype(np.float64)
        return scores + self.constant

    def at_most_in_blocks(self) -> Array:
        """More than that has no item of each block that is not reached."""
        at_most = np.full(len(self.blocks), self.constant)
        for one in self.weighted:
            at_most += one.weight * one.largest
        for part in self.parts:
            at_most += part.at_most_in_blocks()
        return at_most

    def at_most(self, rows: IntArray, early: Array) -> Array:
        """More than that have none of some items, of these scores but for the parts."""
        at_most = early.copy()
        for part in self.parts:
            at_most += part.at_most(rows)
        return at_most

    def nearly(self, rows: IntArray, early: Array) -> Array:
        """What some items have, likewise, or hardly more."""
        nearly = early.copy()
        for part in self.parts:
            nearly += part.nearly(rows)
        return nearly

    def exact(self, rows: IntArray, early: Array) -> Array:
        """The scores of some items, likewise."""
        scores = early.copy()
        for part in self.parts:
            scores += part.products(rows)
        return scores

    def of_items(self, rows: IntArray) -> Array:
        """The scores of some items of the group, reached or not."""
        early = self.unreached(rows)
        if len(self.reached):
            at = np.minimum(np.searchsorted(self.reached, rows), len(self.reached) - 1)
            there = self.reached[at] == rows
            early[there] = self.early[at[there]]
        return self.exact(rows, early)


@dataclass(frozen=True)
class Retrieved:
    """One person's scores, as :class:`~kgrec.scoring.mixing.Mix` has them.

    Attributes:
        groups: known items and cold ones.
        is_reached: whether each item is reached, bool ``(items,)``.
        trend, contexts: what is added to known items, as far as there is such; None where there is no trend.
        all_scores: scores all items, ``(1, items)``.
    """

    scaling: Scaling
    is_cold: Mask
    groups: tuple[GroupScores, GroupScores]
    is_reached: Mask
    trend: Weighted | None
    contexts: Sequence[Weighted | None]
    all_scores: Callable[[], Array]

    @cached_property
    def total(self) -> Array:
        """All scores."""
        return self.all_scores()

    def of_items(self, rows: IntArray) -> Array:
        """The scores of some items, ``(n,)``."""
        scores = np.zeros(len(rows))
        cold = self.is_cold[rows]
        for group, own in zip(self.groups, (~cold, cold), strict=True):
            scores[own] = group.of_items(rows[own])
        return scores

    def whoever_asks(self, rows: IntArray) -> tuple[Array, Array]:
        """What the trend adds to some known items, ``(n,)``, and each context column, ``(columns, n)``."""
        trend, *contexts = (
            np.zeros(len(rows)) if one is None else one.weight * one.values[rows]
            for one in (self.trend, *self.contexts)
        )
        return trend, np.array(contexts).reshape(-1, len(rows))

    def best(self, among: Mask, k: int) -> IntArray:
        """The ``k`` best of some items, best first; equal scores go by row, lower first.

        Of few candidates each is looked at. Where so many are left out that bounds tell little, all items are scored.

        Args:
            among: whether each item is a candidate, ``(items,)``.
        """
        n = int(np.count_nonzero(among))
        if n <= _FEW:
            rows = np.flatnonzero(among)
            return rows[top_k(self.of_items(rows), np.arange(n), k)]
        if k > _FEW:
            return self._best_of_all(among, k)
        best = _Best(k)
        for group in self.groups:
            _look_at_reached(group, among, best)
        left = _MOST_READ * len(among)
        for group in self.groups:
            for looked_at in self._look_at_others(group, among, best):
                left -= looked_at
                if left < 0:
                    return self._best_of_all(among, k)
        return best.rows

    def _best_of_all(self, among: Mask, k: int) -> IntArray:
        return top_k(self.total[0], np.flatnonzero(among), k)

    def _look_at_others(self, group: GroupScores, among: Mask, best: _Best) -> Iterator[int]:
        """Look at blocks until none can have one of the best: how many items each time."""
        at_most = group.at_most_in_blocks()
        blocks = np.flatnonzero(at_most >= best.least)
        blocks = blocks[np.argsort(-at_most[blocks], kind="stable")]
        start, step = 0, _BLOCKS
        while start < len(blocks) and at_most[blocks[start]] >= best.least:
            items = group.blocks.of_blocks(blocks[start : start + step])
            rows = items[among[items] & ~self.is_reached[items]]
            _look_at(group, rows, group.unreached(rows), best)
            yield len(items)
            start, step = start + step, 2 * step


class _Best:
    """The best that were found up to now.

    Attributes:
        rows: of the items, best first.
        least: who has less is not among them.
    """

    def __init__(self, k: int) -> None:
        self.k = k
        self.rows: IntArray = np.zeros(0, np.int64)
        self.least = -np.inf
        self._scores = np.zeros(0)

    def add(self, rows: IntArray, scores: Array) -> None:
        """More items and their scores."""
        rows, scores = np.concatenate([self.rows, rows]), np.concatenate([self._scores, scores])
        order = np.lexsort((rows, -scores))[: self.k]
        self.rows, self._scores = rows[order], scores[order]
        if len(order) == self.k:
            worst = float(self._scores[-1])
            self.least = worst - _ROUNDING * max(1.0, abs(worst))


def _look_at_reached(group: GroupScores, among: Mask, best: _Best) -> None:
    allowed = among[group.reached]
    _look_at(group, group.reached[allowed], group.early[allowed], best)


def _look_at(group: GroupScores, rows: IntArray, early: Array, best: _Best) -> None:
    """Look at some items: first at the most promising, then at those that can be better than these."""
    at_most = group.at_most(rows, early)
    first = best.k + _FIRST
    if first < len(rows):
        promising = np.argpartition(at_most, len(rows) - first)[-first:]
        best.add(rows[promising], group.exact(rows[promising], early[promising]))
        at_most[promising] = -np.inf
    can_be = at_most >= best.least if best.least > -np.inf else at_most > -np.inf
    rows, early = rows[can_be], early[can_be]
    if len(rows) > first:
        can_be = group.nearly(rows, early) >= best.least
        rows, early = rows[can_be], early[can_be]
    best.add(rows, group.exact(rows, early))
