"""Item-item matrices: how much having taken one item speaks for another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol, Self

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray


class ItemMatrix(Protocol):
    """An item-item matrix M: ``M[j, i]`` is how much having taken j speaks for i, and an item says nothing of itself.

    ``kgrec.testing`` has the tests that an implementation must pass: a score stays the sum of its contributions.
    """

    kind: ClassVar[str]
    """The name by which a bundle finds the class again."""

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)`` in the history's type."""

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]``, dense float64 ``(rows, columns)``, 0 where row and column are the same item."""

    def restricted_to(self, items: IntArray) -> Self:
        """The matrix of some items only, in this order: the others are not there."""

    def arrays(self) -> dict[str, Array]:
        """What a bundle keeps of the matrix, by name."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> Self:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: they do not fit each other, or so many items.
            KeyError: one is missing.
        """


@dataclass(frozen=True)
class SparseMatrix:
    """An item-item matrix kept as its largest entries, ``weights`` ``(items, items)``."""

    weights: sparse.csr_matrix
    kind: ClassVar[str] = "sparse"

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        used = np.unique(history.indices)
        dense: Array = (history[:, used] @ self.weights[used]).toarray()
        return without_own_terms(dense, history, self._own)

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        block: Array = self.weights[rows][:, columns].toarray().astype(np.float64)
        block[rows[:, None] == columns[None, :]] = 0.0
        return block

    def restricted_to(self, items: IntArray) -> SparseMatrix:
        """The matrix of some items only, in this order."""
        return SparseMatrix(self.weights[items][:, items].tocsr())

    def arrays(self) -> dict[str, Array]:
        """The compressed rows: float32 data, int32 indices, int64 indptr."""
        return {
            "data": self.weights.data.astype(np.float32),
            "indices": self.weights.indices.astype(np.int32),
            "indptr": self.weights.indptr.astype(np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> SparseMatrix:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: they are no compressed rows of so many items.
            KeyError: one is missing.
        """
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        weights = sparse.csr_matrix(parts, shape=(n_items, n_items))
        weights.check_format(full_check=True)
        return cls(weights)

    @cached_property
    def _own(self) -> Array:
        """The diagonal, which says nothing, ``(items,)``."""
        own: Array = self.weights.diagonal()
        return own


@dataclass(frozen=True)
class LowRankMatrix:
    """An item-item matrix ``source @ target.T``, float32 ``(items, d)`` each."""

    source: Array
    target: Array
    kind: ClassVar[str] = "low_rank"

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        used = np.unique(history.indices)
        user = history[:, used] @ self.source[used].astype(history.dtype)
        dense: Array = user @ self.target.T.astype(history.dtype)
        return without_own_terms(dense, history, self._own)

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        block: Array = self.source[rows].astype(np.float64) @ self.target[columns].astype(np.float64).T
        block[rows[:, None] == columns[None, :]] = 0.0
        return block

    def restricted_to(self, items: IntArray) -> LowRankMatrix:
        """The matrix of some items only, in this order."""
        return LowRankMatrix(self.source[items], self.target[items])

    def arrays(self) -> dict[str, Array]:
        """Both factors in float32."""
        return {"source": self.source.astype(np.float32), "target": self.target.astype(np.float32)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> LowRankMatrix:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: a factor has not a row for each item, or the factors are of different width.
            KeyError: one is missing.
        """
        source, target = arrays["source"], arrays["target"]
        for name, factor in (("source", source), ("target", target)):
            if len(factor) != n_items:
                raise ValueError(f"{name} has {len(factor)} rows, there are {n_items} items")
        if source.shape != target.shape:
            raise ValueError(f"source is {source.shape} and target {target.shape}, expected the same")
        return cls(source, target)

    @cached_property
    def _own(self) -> Array:
        """The diagonal, which says nothing, ``(items,)``."""
        own: Array = np.einsum("id,id->i", self.source, self.target, dtype=np.float64)
        return own


def without_own_terms(dense: Array, history: sparse.csr_matrix, diagonal: Array) -> Array:
    """Scores without what each item, being in the history itself, put into its own.

    Remainders below the rounding error of the subtracted term become 0: scaling to unit spread would otherwise make a
    score of mere noise.
    """
    row = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    own = history.data * diagonal[history.indices]
    left = dense[row, history.indices] - own.astype(dense.dtype)
    dense[row, history.indices] = np.where(np.abs(left) > 64 * np.finfo(dense.dtype).eps * np.abs(own), left, 0.0)
    return dense
