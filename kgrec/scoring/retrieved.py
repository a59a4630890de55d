"""One person's scores in a large catalogue: those of some items, and the best of some, found without the others.

What a history reaches through sparse matrices is added up. The other parts of a score are worked out of few items, and
lie within bounds: popularity, the trend, what is of low rank, and what many items have in common. Items that nothing
reaches have nothing else; they are looked at block by block, by what the items of a block have at most, until that is
less than the last of the list has. Who cannot be among the best by the bounds is not looked at, all others are: the
list is the one of all scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.bounded_parts import BoundedPart, TrendPart, Weighted
from kgrec.scoring.item_blocks import ItemBlocks
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
"""Share of the catalogue from which on it takes less time to score all of it."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class GroupScores:
    """One person's scores of the known items, or of the cold ones.

    Attributes:
        blocks: all items of the group.
        constant: what is added to each.
        reached: rows of the items that are reached, ascending; ``early`` are their scores but for the parts.
        parts: what is added later; but for the parts, an item that is not reached has the constant.
    """

    blocks: ItemBlocks
    constant: float
    reached: IntArray
    early: Array
    parts: Sequence[BoundedPart]

    @cached_property
    def parts_at_most(self) -> float:
        """More than that is added to no item by all parts."""
        return sum(part.at_most for part in self.parts)

    def at_most_in_blocks(self) -> Array:
        """More than that has no item of each block that is not reached."""
        at_most = np.full(len(self.blocks), self.constant)
        for part in self.parts:
            at_most += part.at_most_in_blocks()
        return at_most

    def at_most_of(self, places: IntArray, block: IntArray, items: IntArray) -> Array:
        """Likewise some items, by their places in the order of the blocks, their blocks and their rows."""
        at_most = np.full(len(items), self.constant)
        for part in self.parts:
            at_most += part.at_most_of(places, block, items)
        return at_most

    def nearly(self, items: IntArray, early: Array) -> Array:
        """The scores of some items, of these scores but for the parts, or hardly more."""
        nearly = early.copy()
        for part in self.parts:
            nearly += part.nearly(items)
        return nearly

    def exact(self, items: IntArray, early: Array) -> Array:
        """The scores of some items, likewise."""
        scores = early.copy()
        for part in self.parts:
            scores += part.of_items(items)
        return scores

    def of_items(self, items: IntArray) -> Array:
        """The scores of some items of the group, reached or not."""
        early = np.full(len(items), self.constant)
        if len(self.reached):
            at = np.minimum(np.searchsorted(self.reached, items), len(self.reached) - 1)
            there = self.reached[at] == items
            early[there] = self.early[at[there]]
        return self.exact(items, early)


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
    trend: TrendPart | None
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
            np.zeros(len(rows)) if one is None else one.of_items(rows) for one in (self.trend, *self.contexts)
        )
        return trend, np.array(contexts).reshape(len(contexts), len(rows))

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
            allowed = among[group.reached]
            early = group.early[allowed]
            best.look_at(group, group.reached[allowed], early, early + group.parts_at_most)
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
        if group.constant + group.parts_at_most < best.least:
            return
        in_blocks = group.at_most_in_blocks()
        blocks = np.flatnonzero(in_blocks >= best.least)
        blocks = blocks[np.argsort(-in_blocks[blocks], kind="stable")]
        start, step = 0, _BLOCKS
        while start < len(blocks) and in_blocks[blocks[start]] >= best.least:
            places, block = group.blocks.places(blocks[start : start + step])
            items = group.blocks.items[places]
            at_most = group.at_most_of(places, block, items)
            kept = np.flatnonzero(at_most >= best.least)
            kept = kept[among[items[kept]] & ~self.is_reached[items[kept]]]
            best.look_at(group, items[kept], np.full(len(kept), group.constant), at_most[kept])
            yield len(places)
            start, step = start + step, 2 * step


class _Best:
    """The best that were found up to now.

    Attributes:
        rows: of the items, best first.
        least: who has less is not among them.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._scores = np.zeros(0)
        self.rows: IntArray = np.zeros(0, np.int64)
        self.least = -np.inf

    def look_at(self, group: GroupScores, items: IntArray, early: Array, at_most: Array) -> None:
        """Look at some items: first at the most promising, then at those that can be better than these.

        Args:
            early: their scores but for the parts.
            at_most: more than that has none of them.
        """
        first = self._k + _FIRST
        if first < len(items):
            promising = np.argpartition(at_most, len(items) - first)[-first:]
            self._add(items[promising], group.exact(items[promising], early[promising]))
            can_be = at_most >= self.least
            can_be[promising] = False
            items, early = items[can_be], early[can_be]
        if first < len(items):
            can_be = group.nearly(items, early) >= self.least
            items, early = items[can_be], early[can_be]
        self._add(items, group.exact(items, early))

    def _add(self, rows: IntArray, scores: Array) -> None:
        rows, scores = np.concatenate([self.rows, rows]), np.concatenate([self._scores, scores])
        order = np.lexsort((rows, -scores))[: self._k]
        self.rows, self._scores = rows[order], scores[order]
        if len(order) == self._k:
            worst = float(self._scores[-1])
            self.least = worst - _ROUNDING * max(1.0, abs(worst))
