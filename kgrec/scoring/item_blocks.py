"""Blocks of items, of whose numbers the largest is known, so that many are passed over at one look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from kgrec.data.dataset import Array, IntArray

_ITEMS = 256


@dataclass(frozen=True)
class ItemBlocks:
    """Some items, block by block.

    Attributes:
        items: their rows, in the order of the blocks.
        starts: of the blocks in that order.
    """

    items: IntArray
    starts: IntArray

    @classmethod
    def by(cls, items: IntArray, values: Array) -> Self:
        """Blocks of items whose values are alike, the largest first.

        Args:
            values: of the items, ``(n,)``.
        """
        return cls(items[np.argsort(-values, kind="stable")], np.arange(0, len(items), _ITEMS))

    def __len__(self) -> int:
        return len(self.starts)

    def largest(self, values: Array) -> Array:
        """The largest value in each block, float64.

        Args:
            values: of the whole catalogue, by row.
        """
        if not len(self):
            return np.zeros(0)
        largest: Array = np.maximum.reduceat(values[self.items], self.starts).astype(np.float64)
        return largest

    def of(self, blocks: IntArray) -> IntArray:
        """The items of some blocks."""
        at = (self.starts[blocks][:, None] + np.arange(_ITEMS)).ravel()
        items: IntArray = self.items[at[at < len(self.items)]]
        return items
