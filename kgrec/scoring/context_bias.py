"""Context bias: how much more than usual each item is taken in a circumstance, such as on Fridays, or when it rains.

    b(v, i) = log((n(v, i) + k) / (n(v) * n(i) / n + k))

n(v, i) is how often item i was taken where the circumstance was v, n(v) * n(i) / n how often that was to be expected if
it made no difference, and k the shrinkage: so many takings that were just as expected. What is rare is therefore near
0, as is an item that was hardly taken, and where a circumstance is unknown nothing is added. There are no users in it.

Example, k = 1, of eight takings: item a three times in the sun and once in the rain, item b once and three times:

    b(sun, a) = log((3 + 1) / (4 * 4 / 8 + 1)) = log(4 / 3) = 0.288
    b(sun, b) = log((1 + 1) / (4 * 4 / 8 + 1)) = log(2 / 3) = -0.405

After Baltrunas, Ludwig and Ricci, Matrix factorization techniques for context aware recommendation (RecSys 2011), whose
item bias per circumstance is fitted; this one is counted, so that it can be brought up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from kgrec.data.context_columns import ContextColumn, Contexts
from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property

MOST_VALUES = 64
"""Circumstances of a column that are told apart: the most frequent ones; the others count as unknown."""


@dataclass(frozen=True)
class ContextSettings:
    """How a context column counts: see :class:`ContextBias`."""

    column: str
    shrinkage: float
    weight: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for manifests and results."""
        return asdict(self)


@dataclass(frozen=True)
class ContextBias:
    """What one context column adds to scores.

    Attributes:
        column: its name.
        values: the circumstances that are told apart.
        counts: how often each item was taken in each of them, float32 ``(values, items)``.
        shrinkage: k above.
        weight: what the logarithm is times in a score.

    Raises:
        ValueError: parts that do not fit each other.
    """

    column: str
    values: tuple[str, ...]
    counts: Array
    shrinkage: float
    weight: float

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or len(self.counts) != len(self.values):
            raise ValueError(f"counts of shape {self.counts.shape} for {len(self.values)} values of {self.column}")
        if not self.shrinkage > 0:
            raise ValueError(f"a shrinkage of {self.shrinkage}")

    @classmethod
    def counted(
        cls, column: ContextColumn, item: IntArray, n_items: int, shrinkage: float = 1.0, weight: float = 1.0
    ) -> ContextBias:
        """The bias that comes of what was taken in which circumstance.

        Args:
            item: rows of what was taken, one for each entry of the column.
        """
        often = np.bincount(column.code[column.code >= 0], minlength=len(column.values))
        kept = np.sort(np.argsort(-often, kind="stable")[:MOST_VALUES])
        values = tuple(column.values[code] for code in kept[often[kept] > 0].tolist())
        code = column.codes_among(values)
        counts = np.zeros((len(values), n_items), np.float32)
        np.add.at(counts, (code[code >= 0], item[code >= 0]), 1.0)
        return cls(column.name, values, counts, shrinkage, weight)

    def restricted_to(self, items: IntArray) -> ContextBias:
        """The bias of some items, in this order."""
        other = replace(self, counts=self.counts[:, items])
        vars(other)["table"] = self.table[:, items]
        return other

    @cached_property
    def table(self) -> Array:
        """The logarithms, unweighted, float64 ``(values, items)``."""
        counts = self.counts.astype(np.float64)
        of_value, of_item = counts.sum(axis=1, keepdims=True), counts.sum(axis=0)
        expected = of_value * of_item / max(float(of_item.sum()), 1.0)
        table: Array = np.log((counts + self.shrinkage) / (expected + self.shrinkage))
        return table

    def of(self, contexts: Contexts) -> Array:
        """What is added to the score of each item in each user's context, ``(users, items)``."""
        code = contexts.codes(self.column, self.values)
        added = np.zeros((len(code), self.counts.shape[1]))
        known = code >= 0
        added[known] = self.weight * self.table[code[known]]
        return added

    def value_in(self, contexts: Contexts) -> str:
        """The circumstance of one user; empty where it is unknown."""
        (code,) = contexts.codes(self.column, self.values).tolist()
        return self.values[code] if code >= 0 else ""

    def arrays(self) -> dict[str, Array]:
        """Counts and settings, for a bundle; names stand in its manifest. :meth:`from_arrays` is the way back."""
        return {"counts": self.counts, "settings": np.array([self.shrinkage, self.weight])}

    @classmethod
    def from_arrays(
        cls, column: str, values: tuple[str, ...], arrays: Mapping[str, Array], n_items: int
    ) -> ContextBias:
        """The bias again.

        Raises:
            ValueError: the arrays do not fit each other, or so many items.
            KeyError: one is missing.
        """
        counts, (shrinkage, weight) = arrays["counts"], arrays["settings"].tolist()
        if counts.shape != (len(values), n_items):
            raise ValueError(f"counts of shape {counts.shape} for {len(values)} values of {column}, {n_items} items")
        return cls(column, values, counts, shrinkage, weight)
