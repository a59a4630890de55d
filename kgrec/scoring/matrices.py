"""Item-item matrices: how much having taken one item speaks for another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.reach import ReachedTerms
from kgrec.scoring.row_sums import FEW, dense_product, entries_at, in_order, past_of_few, terms_of_rows

_ROWS_CONVERTED = 256


class ItemMatrix(Protocol):
    """An item-item matrix M: ``M[j, i]`` is how much having taken j speaks for i, and an item says nothing of itself.

    In :class:`~kgrec.scoring.refind_matrix.RefindMatrix` alone it does, and of nothing else.

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

    def reach(self, history: sparse.csr_matrix) -> ReachedTerms:
        """The terms of one history ``(1, items)``."""
        past = history.indices
        own = history.data * self._own[past]
        return ReachedTerms(*terms_of_rows(self.weights, past, history.data), own if own.any() else None)

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


class Table(Protocol):
    """Numbers in rows ``(n, d)``, such as an array; rows that are taken out of it are one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of rows and of columns."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type in which the numbers are kept."""

    def __len__(self) -> int:
        """Number of rows."""

    def __getitem__(self, rows: Any, /) -> Any:
        """Some rows."""


@dataclass(frozen=True)
class FactoredMatrix:
    """An item-item matrix ``source @ target.T``, ``(items, d)`` each, whatever the tables are kept as."""

    source: Table
    target: Table

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        return self._scores(self.target, None, history)

    def scorer_of(self, columns: IntArray) -> Scorer:
        """The columns of some items of :meth:`scores`."""
        return partial(self._scores, self.targets_of(span_of(columns)), place_of(columns, len(self.target)))

    def targets_of(self, items: IntArray | slice) -> Table:
        """The rows of ``target`` of some items, kept as it is."""
        rows: Table = self.target[items]
        return rows

    def products(self, items: IntArray | slice, user: Array) -> Array:
        """What one history, float32 ``(d,)``, says of some items, own terms included, ``(n,)``."""
        products: Array = product_with_rows(user[None, :], self.targets_of(items))[0]
        return products

    def _scores(self, target: Table, place: IntArray | None, history: sparse.csr_matrix) -> Array:
        if history.shape[0] > FEW:
            used = np.unique(history.indices)
            users = history[:, used] @ self.source[used].astype(history.dtype)
        else:
            users = self.users(history).astype(history.dtype, copy=False)
        return without_own_terms(product_with_rows(users, target), history, self._own, place)

    def users(self, history: sparse.csr_matrix) -> Array:
        """``history @ source`` of a few histories, float64 ``(users, d)``."""
        used, weights = past_of_few(history)
        users: Array = weights.astype(np.float64, copy=False) @ self.source[used].astype(np.float64)
        return users

    def without_own(self, scores: Array, weights: Array, items: IntArray) -> Array:
        """Scores of some past items, of these weights, without what each puts into its own."""
        return without_own(scores, weights * self._own[items])

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        block: Array = self.source[rows].astype(np.float64) @ self.target[columns].astype(np.float64).T
        block[rows[:, None] == columns[None, :]] = 0.0
        return block

    @cached_property
    def _own(self) -> Array:
        """The diagonal, which says nothing, ``(items,)``."""
        own = np.empty(len(self.source))
        for rows in (slice(start, start + _ROWS_CONVERTED) for start in range(0, len(own), _ROWS_CONVERTED)):
            own[rows] = np.einsum("id,id->i", self.source[rows], self.target[rows], dtype=np.float64)
        return own


@dataclass(frozen=True)
class LowRankMatrix(FactoredMatrix):
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
        check_factors(source, target, n_items)
        return cls(source, target)


def check_factors(source: Table, target: Table, n_items: int) -> None:
    """Make sure that two factors are of so many items and of one width.

    Raises:
        ValueError: a factor has not a row for each item, or the factors are of different width.
    """
    for name, factor in (("source", source), ("target", target)):
        if len(factor) != n_items:
            raise ValueError(f"{name} has {len(factor)} rows, there are {n_items} items")
    if source.shape != target.shape:
        raise ValueError(f"source is {source.shape} and target {target.shape}, expected the same")


def product_with_rows(left: Array, right: Table) -> Array:
    """``left @ right.T`` in the type of the left one; the other is converted a part at a time, which stays in a cache.

    Args:
        left: ``(users, d)``.
        right: ``(items, d)``.
    """
    if isinstance(right, np.ndarray) and left.dtype == right.dtype:
        product: Array = left @ right.T
        return product
    dense = np.empty((len(left), len(right)), left.dtype)
    converted = np.empty((min(_ROWS_CONVERTED, len(right)), right.shape[1]), left.dtype)
    for start in range(0, len(right), _ROWS_CONVERTED):
        rows = right[start : start + _ROWS_CONVERTED]
        converted[: len(rows)] = rows
        dense[:, start : start + len(rows)] = left @ converted[: len(rows)].T
    return dense


def span_of(items: IntArray) -> IntArray | slice:
    """The same as what is taken by, which costs nothing where items lie side by side."""
    together = len(items) and items[-1] - items[0] == len(items) - 1 and bool((np.diff(items) == 1).all())
    return slice(int(items[0]), int(items[-1]) + 1) if together else items


def place_of(items: IntArray, n_items: int) -> IntArray:
    """The place of each of so many items among some, -1 where it is not among them."""
    place = np.full(n_items, -1, np.int64)
    place[items] = np.arange(len(items))
    return place


def without_own_terms(
    dense: Array, history: sparse.csr_matrix, diagonal: Array, place: IntArray | None = None
) -> Array:
    """Scores without what each item, being in the history itself, put into its own.

    Remainders below the rounding error of the subtracted term become 0: scaling to unit spread would otherwise make a
    score of mere noise.

    Args:
        diagonal: ``(items,)``.
        place: of the items that are scored, where it is not all of them.
    """
    row, column = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr)), history.indices
    own = history.data * diagonal[column]
    if place is not None:
        column = place[column]
        scored = column >= 0
        if not scored.all():
            row, column, own = row[scored], column[scored], own[scored]
    dense[row, column] = without_own(dense[row, column], own.astype(dense.dtype))
    return dense


def without_own(scores: Array, own: Array) -> Array:
    """Scores of past items without what each put into its own; what is below the rounding error becomes 0."""
    left = scores - own
    kept: Array = np.where(np.abs(left) > 64 * np.finfo(scores.dtype).eps * np.abs(own), left, 0.0)
    return kept
