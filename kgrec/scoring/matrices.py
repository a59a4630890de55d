"""Item-item matrices: how much having taken one item speaks for another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse._sparsetools import csc_matvecs, csr_row_index

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


Scorer = Callable[[sparse.csr_matrix], Array]
"""Scores of histories ``(users, items)``, of all items or some."""


@runtime_checkable
class SelectiveMatrix(Protocol):
    """An item matrix that scores some items without the others; any other is scored as a whole."""

    def scorer_of(self, columns: IntArray) -> Scorer:
        """The columns of some items of :meth:`ItemMatrix.scores`, for whoever asks for the same ones again."""


@dataclass(frozen=True)
class SparseMatrix:
    """An item-item matrix kept as its largest entries, ``weights`` ``(items, items)``."""

    weights: sparse.csr_matrix
    kind: ClassVar[str] = "sparse"

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", in_order(self.weights))

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        return without_own_terms(dense_product(history, self.weights), history, self._own)

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        block = entries_at(self.weights, rows, columns)
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

        Near or far is said beside the mean item: what all items have in common ranks none of them. An item whose target
        is 0, of which nothing is known, is neither near nor far.
        """
        told = np.asarray(target.any(axis=1))
        among = among & told
        mean = target[among].mean(axis=0) if among.any() else np.zeros_like(target[0])
        return cls(source, np.where(told[:, None], target - mean, 0).astype(target.dtype))

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        return self._scores(self.target, None, history)

    def scorer_of(self, columns: IntArray) -> Scorer:
        """The columns of some items of :meth:`scores`."""
        return partial(self._scores, self.target[columns], columns)

    def _scores(self, target: Array, columns: IntArray | None, history: sparse.csr_matrix) -> Array:
        dense = product_with_rows(self._users(history), target)
        return without_own_terms(dense, history, self._own, columns)

    def _users(self, history: sparse.csr_matrix) -> Array:
        """``history @ source``, ``(users, d)``."""
        if history.shape[0] > _FEW:
            used = np.unique(history.indices)
            users: Array = history[:, used] @ self.source[used].astype(history.dtype)
            return users
        used, weights = past_of_few(history)
        few: Array = weights.astype(np.float64, copy=False) @ self.source[used].astype(np.float64)
        return few.astype(history.dtype, copy=False)

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
    used, weights = past_of_few(left)
    if left.shape[0] == 1 or 2 * len(used) < left.nnz:  # they have most in common: added up together
        return sums_of_rows(right, used, weights)
    dense = np.zeros((left.shape[0], right.shape[1]), left.dtype)
    for row, (start, end) in enumerate(pairwise(left.indptr.tolist())):
        dense[row] = sums_of_rows(right, left.indices[start:end], left.data[None, start:end])[0]
    return dense


def sums_of_rows(matrix: sparse.csr_matrix, rows: IntArray, weights: Array) -> Array:
    """``weights @ matrix[rows]``, dense, in the type of the weights, ``(n, columns)`` for ``(n, rows)``.

    By the functions that scipy calls for this: what it checks on the way takes several times as long as a short sum.
    """
    indptr, indices, data = parts_of_rows(matrix, rows)
    dense = np.zeros((matrix.shape[1], len(weights)), weights.dtype)
    csc_matvecs(
        *(matrix.shape[1], len(rows), len(weights)),
        *(indptr, indices, data.astype(weights.dtype, copy=False)),
        *(np.ascontiguousarray(weights.T).ravel(), dense.ravel()),
    )
    return np.ascontiguousarray(dense.T)


def parts_of_rows(matrix: sparse.csr_matrix, rows: IntArray) -> tuple[Array, Array, Array]:
    """Starts, columns and values of some rows, one after the other: the parts of ``matrix[rows]``."""
    rows = rows.astype(matrix.indptr.dtype, copy=False)
    indptr = np.zeros(len(rows) + 1, matrix.indptr.dtype)
    np.cumsum(matrix.indptr[rows + 1] - matrix.indptr[rows], out=indptr[1:])
    indices, data = np.empty(indptr[-1], matrix.indices.dtype), np.empty(indptr[-1], matrix.data.dtype)
    csr_row_index(len(rows), rows, matrix.indptr, matrix.indices, matrix.data, indices, data)
    return indptr, indices, data


def in_order(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The matrix, each row in the order of its columns: scipy would sort it where it is, which may be a file."""
    return matrix if matrix.has_sorted_indices else matrix.sorted_indices()


def entries_at(matrix: sparse.csr_matrix, rows: IntArray, columns: IntArray) -> Array:
    """``matrix[rows, columns]``, dense float64 ``(rows, columns)``, of a matrix that is :func:`in_order`.

    Each entry is looked up by halving its row, so that long rows cost no more than short ones.
    """
    shape = len(rows), len(columns)
    wanted = np.broadcast_to(columns, shape)
    low, end = (np.broadcast_to(matrix.indptr[at][:, None], shape).copy() for at in (rows, rows + 1))
    high = end.copy()
    last = max(len(matrix.indices) - 1, 0)
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) // 2
        before = (low < high) & (matrix.indices[np.minimum(middle, last)] < wanted)
        low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
    found = low < end
    found[found] = matrix.indices[low[found]] == wanted[found]
    entries = np.zeros(shape)
    entries[found] = matrix.data[low[found]]
    return entries


def past_of_few(history: sparse.csr_matrix) -> tuple[IntArray, Array]:
    """The past items of a few histories together, each once, and their weights ``(users, past)``."""
    if history.shape[0] == 1:
        return history.indices, history.data[None, :]
    used, place = np.unique(history.indices, return_inverse=True)
    weights = np.zeros((history.shape[0], len(used)), history.dtype)
    weights[np.repeat(np.arange(history.shape[0]), np.diff(history.indptr)), place] = history.data
    return used, weights


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
        diagonal: ``(items,)``.
        columns: the items that are scored, where it is not all of them.
    """
    row, column = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr)), history.indices
    own = history.data * diagonal[column]
    if columns is not None:
        place = np.full(history.shape[1], -1, np.int64)
        place[columns] = np.arange(len(columns))
        column = place[column]
        scored = column >= 0
        row, column, own = row[scored], column[scored], own[scored]
    left = dense[row, column] - own.astype(dense.dtype)
    dense[row, column] = np.where(np.abs(left) > 64 * np.finfo(dense.dtype).eps * np.abs(own), left, 0.0)
    return dense
