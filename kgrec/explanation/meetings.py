"""Where past items and an item meet in the graph: what goes through each entity, as numbers, before anybody looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from kgrec.data.dataset import Array, IntArray
from kgrec.scoring.path_terms import PathTerms


@dataclass(frozen=True)
class Meetings:
    """Where past items and an item meet in entities.

    Attributes:
        shared: places of the meetings among the ``terms``, entity by entity.
        entities, starts: rows of the nodes, ascending, and where the meetings of each begin.
        of_past: what each past item says through each entity, ``(h, entities)``; ``sums`` over past items.
    """

    terms: PathTerms
    shared: IntArray
    entities: IntArray
    starts: IntArray
    of_past: Array
    sums: Array

    @classmethod
    def of(cls, terms: PathTerms, shared: IntArray) -> Self:
        """Those of some of the terms."""
        shared = shared[np.argsort(terms.entity[shared], kind="stable")]
        entity, values = terms.entity[shared], terms.values[:, shared]
        starts = np.flatnonzero(np.diff(entity, prepend=-1))
        of_past = np.add.reduceat(values, starts, axis=1) if len(starts) else np.zeros((len(values), 0))
        return cls(terms, shared, entity[starts], starts, of_past, of_past.sum(axis=0))

    def features(self, n: int) -> IntArray:
        """Places of the meetings in an entity among the terms."""
        return self.shared[self.starts[n] : self.starts[n + 1] if n + 1 < len(self.starts) else None]

    def past(self, n: int) -> IntArray:
        """Places of past items that have an entity, the largest value first."""
        of_past = self.of_past[:, n]
        order: IntArray = np.argsort(-np.abs(of_past), kind="stable")
        return order[: np.count_nonzero(of_past)]
