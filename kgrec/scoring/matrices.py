"""Item-item matrices: how much having taken one item speaks for another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray

_FEW = 16
"""Histories that are scored one by one."""
_ROWS_CONVERTED = 256


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


@runtime_checkable
class SelectiveMatrix(Protocol):
    """An item matrix that scores some items without the others; any other is scored as a whole."""

    def scores_of(self, history: sparse.csr_matrix, columns: IntArray) -> Array:
        """The columns of some items of :meth:`ItemMatrix.scores`, ``(users, columns)``."""


@dataclass(frozen=True)
class SparseMatrix:
    """An item-item matrix kept as its largest entries, ``weights`` ``(items, items)``."""

    weights: sparse.csr_matrix
    kind: ClassVar[str] = "sparse"

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        return without_own_terms(dense_product(history, self.weights), history, self._own)

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

    @classmethod
    def beside_mean(cls, source: Array, target: Array, among: npt.NDArray[np.bool_]) -> LowRankMatrix:
        """``source @ (target - m).T`` with the mean ``m`` of some items' targets, bool ``(items,)``.

        Near or far is said beside the mean item: what all items have in common ranks none of them.
        """
        return cls(source, target - target[among].mean(axis=0))

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        return without_own_terms(product_with_rows(self._users(history), self.target), history, self._own)

    def scores_of(self, history: sparse.csr_matrix, columns: IntArray) -> Array:
        """The columns of some items of :meth:`scores`, ``(users, columns)``."""
        dense = product_with_rows(self._users(history), self.target[columns])
        return without_own_terms(dense, history, self._own, columns)

    def _users(self, history: sparse.csr_matrix) -> Array:
        """``history @ source``, ``(users, d)``."""
        if history.shape[0] > _FEW:
            used = np.unique(history.indices)
            users: Array = history[:, used] @ self.source[used].astype(history.dtype)
            return users
        users = np.zeros((history.shape[0], self.source.shape[1]), history.dtype)
        for user, (start, end) in enumerate(pairwise(history.indptr.tolist())):
            users[user] = history.data[start:end] @ self.source[history.indices[start:end]].astype(history.dtype)
        return users

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


def dense_product(left: sparse.csr_matrix, right: sparse.csr_matrix) -> Array:
    """``left @ right``, dense, in the type of the left one."""
    if left.shape[0] > _FEW:
        used = np.unique(left.indices)
        product: Array = (left[:, used] @ right[used]).toarray()
        return product
    # Of few rows each is a sum of rows of the right one, added up in place: nothing is hashed or sorted.
    used = np.unique(left.indices)
    if left.shape[0] > 1 and 2 * len(used) < left.nnz:  # they have most in common: added up together
        weights = np.zeros((len(used), left.shape[0]), left.dtype)
        weights[np.searchsorted(used, left.indices), np.repeat(np.arange(left.shape[0]), np.diff(left.indptr))] = (
            left.data
        )
        together: Array = (right[used].T @ weights).T
        return np.ascontiguousarray(together, left.dtype)
    dense = np.zeros((left.shape[0], right.shape[1]), left.dtype)
    for row, (start, end) in enumerate(pairwise(left.indptr.tolist())):
        if start < end and right.nnz:
            dense[row] = right[left.indices[start:end]].T @ left.data[start:end]
    return dense


def product_with_rows(left: Array, right: Array) -> Array:
    """``left @ right.T`` in the type of the left one; the other is converted a part at a time, which stays in a cache.

    Args:
        left: ``(users, d)``.
        right: ``(items, d)``.
    """
    if left.dtype == right.dtype:
        product: Array = left @ right.T
        return product
    dense = np.empty((len(left), len(right)), left.dtype)
    converted = np.empty((min(_ROWS_CONVERTED, len(right)), right.shape[1]), left.dtype)
    for start in range(0, len(right), _ROWS_CONVERTED):
        rows = right[start : start + _ROWS_CONVERTED]
        converted[: len(rows)] = rows
        dense[:, start : start + len(rows)] = left @ converted[: len(rows)].T
    return dense


def without_own_terms(
    dense: Array, history: sparse.csr_matrix, diagonal: Array, columns: IntArray | None = None
) -> Array:
    """Scores without what each item, being in the history itself, put into its own.

    Remainders below the rounding error of the subtracted term become 0: scaling to unit spread would otherwise make a
    score of mere noise.

    Args:
        columns: the items that are scored, where it is not all of them.
    """
    row, item, weight = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr)), history.indices, history.data
    column = item
    if columns is not None:
        place = np.full(history.shape[1], -1, np.int64)
        place[columns] = np.arange(len(columns))
        scored = place[item] >= 0
        row, item, weight, column = row[scored], item[scored], weight[scored], place[item[scored]]
    own = weight * diagonal[item]
    left = dense[row, column] - own.astype(dense.dtype)
    dense[row, column] = np.where(np.abs(left) > 64 * np.finfo(dense.dtype).eps * np.abs(own), left, 0.0)
    return dense
