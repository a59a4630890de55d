"""Blocks of items that are alike, of whose numbers the largest is known: many are passed over at one look.

Items of a block are about as popular as each other and have targets near each other. They are found by strata of
popularity, each several times as large as the one before, and by k-means of the targets within these, twice: once would
be to compare each of a million items with thousands of centres.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.matrices import Table

_ITEMS = 256
"""Of a block, about."""
_GROWTH = 4
"""How many times as large as all more popular ones together the strata are, nearly."""
_SAMPLED, _ROUNDS = 64, 5
"""Items that each centre is found from, about, and how often it is moved."""
_AT_ONCE = 2**15


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
    def of(cls, items: IntArray, prior: Array, vectors: Array) -> Self:
        """Blocks of items that are alike.

        Args:
            prior: of the items, ``(n,)``.
            vectors: float32 ``(n, d)``; without a dimension, their prior alone tells them apart.
        """
        order = np.argsort(-prior, kind="stable")
        found, start, end = [np.zeros(0, np.int64)], 0, 4 * _ITEMS
        while start < len(order):
            found += _alike(order[start:end], vectors)
            start, end = end, _GROWTH * end
        sizes = np.array([len(block) for block in found[1:]], np.int64)
        return cls(items[np.concatenate(found)], np.cumsum(sizes) - sizes)

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def sizes(self) -> IntArray:
        """How many items each block has."""
        return np.diff(np.append(self.starts, len(self.items)))

    def largest(self, values: Array) -> Array:
        """The largest value in each block, float64.

        Args:
            values: of the whole catalogue, by row.
        """
        if not len(self):
            return np.zeros(0)
        largest: Array = np.maximum.reduceat(values[self.items], self.starts).astype(np.float64)
        return largest

    def places(self, blocks: IntArray) -> tuple[IntArray, IntArray]:
        """The places of the items of some blocks in the order of all blocks, and the block of each."""
        sizes = self.sizes[blocks]
        before = np.cumsum(sizes) - sizes
        places: IntArray = np.repeat(self.starts[blocks] - before, sizes) + np.arange(int(sizes.sum()))
        return places, np.repeat(blocks, sizes)

    def balls(self, vectors: Table, beside: Array) -> Balls:
        """The balls around the vectors of each block.

        Args:
            vectors: of the whole catalogue.
            beside: what is taken away from all of them, ``(d,)``.
        """
        centres, distances = np.zeros((len(self), vectors.shape[1])), np.zeros(len(self.items))
        for block, (start, size) in enumerate(zip(self.starts.tolist(), self.sizes.tolist(), strict=True)):
            away = vectors[self.items[start : start + size]] - beside
            centres[block] = away.mean(axis=0)
            away -= centres[block]
            distances[start : start + size] = np.sqrt(np.einsum("id,id->i", away, away))
        radii = np.maximum.reduceat(distances, self.starts) if len(self) else np.zeros(0)
        return Balls(centres, radii, distances)


@dataclass(frozen=True)
class Balls:
    """Balls around vectors of items, one for each block.

    Attributes:
        centres: mean vectors, float64 ``(blocks, d)``.
        radii: largest distance from it, ``(blocks,)``.
        distances: of each item's vector, in the order of the blocks.
    """

    centres: Array
    radii: Array
    distances: Array


def _alike(places: IntArray, vectors: Array) -> Iterator[IntArray]:
    """Some items in blocks; those of equal vectors stay in their order."""
    if not vectors.shape[1]:
        yield from np.array_split(places, -(-len(places) // _ITEMS))
        return
    for part in _clusters(places, vectors, int(np.sqrt(len(places) / _ITEMS))):
        for block in _clusters(part, vectors, len(part) // _ITEMS):
            yield from np.array_split(block, -(-len(block) // (2 * _ITEMS)))


def _clusters(places: IntArray, vectors: Array, n: int) -> list[IntArray]:
    """Some items in about ``n`` clusters, by k-means from evenly spaced ones: the same again from the same."""
    if n < 2:
        return [places]
    sampled = vectors[places[:: max(1, len(places) // (n * _SAMPLED))]]
    centres = sampled[np.linspace(0, len(sampled) - 1, n).astype(np.int64)]
    for _ in range(_ROUNDS):
        nearest = _nearest(sampled, centres)
        order = np.argsort(nearest, kind="stable")
        first = np.unique(nearest[order], return_index=True)[1]
        sums = np.add.reduceat(sampled[order], first, axis=0)
        centres = sums / np.diff(np.append(first, len(order)))[:, None].astype(np.float32)
    nearest = np.concatenate(
        [_nearest(vectors[places[at : at + _AT_ONCE]], centres) for at in range(0, len(places), _AT_ONCE)]
    )
    order = np.argsort(nearest, kind="stable")
    return np.split(places[order], np.flatnonzero(np.diff(nearest[order])) + 1)


def _nearest(vectors: Array, centres: Array) -> IntArray:
    """The nearest centre of each vector."""
    near: IntArray = np.argmax(vectors @ centres.T - np.einsum("cd,cd->c", centres, centres) / 2, axis=1)
    return near
