"""Item matrices as whole numbers of one byte: what a compacted bundle answers from, as it lies in the file.

Rows are made floats when a history asks for them, a hundred of 25,000; nothing is kept of that. What they say is
what is kept, so contributions add up to the score as with any other matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, FloatArray, IntArray
from kgrec.scoring.history_weights import with_data
from kgrec.scoring.int8_table import Int8Table, scales_of
from kgrec.scoring.matrices import FactoredMatrix, LowRankMatrix, check_factors
from kgrec.scoring.reach import ReachedTerms
from kgrec.scoring.row_sums import FEW, dense_product, entries_at, past_of_few, terms_of_rows

_SHORT = np.iinfo(np.uint16).max + 1
"""Items whose numbers fit in two bytes."""
_PART_BYTES = 2**20
"""Of a table that is made of rows, and stays in a cache."""


@dataclass(frozen=True)
class SparseInt8Matrix:
    """An item-item matrix kept as its largest entries, each a whole multiple of the scale of its row.

    Attributes:
        whole: row by row, in the order of columns, without a diagonal, int8 ``(entries,)``.
        columns: of the entries, uint16 where there are few enough items, int32 otherwise, ``(entries,)``; or, where
            that is smaller, a bit for each item of each row that says whether it has an entry, the first item the
            highest bit of a byte, uint8 ``(items, bytes)``.
        starts: of the rows among the entries, ``(items + 1,)``.
        scale: of each row, float32 ``(items,)``.
    """

    whole: npt.NDArray[np.int8]
    columns: Array
    starts: IntArray
    scale: FloatArray
    kind: ClassVar[str] = "sparse_int8"

    @classmethod
    def of(cls, weights: sparse.csr_matrix) -> SparseInt8Matrix:
        """The matrix of some weights ``(items, items)``; those that are nearest to 0 times their scale are left out."""
        entries = weights.tocoo()
        row, column, data = (part[entries.row != entries.col] for part in (entries.row, entries.col, entries.data))
        largest = np.zeros(weights.shape[0])
        np.maximum.at(largest, row, np.abs(data))
        scale = scales_of(largest)
        whole = np.rint(data / np.where(scale > 0, scale, 1.0)[row]).astype(np.int8)
        return cls.of_whole(sparse.csr_matrix((whole, (row, column)), shape=weights.shape), scale)

    @classmethod
    def of_whole(cls, whole: sparse.csr_matrix, scale: FloatArray) -> SparseInt8Matrix:
        """The matrix of some whole numbers, int8 ``(items, items)`` without a diagonal, and the scale of each row."""
        whole.eliminate_zeros()
        whole.sort_indices()
        columns = whole.indices.astype(np.uint16 if whole.shape[1] <= _SHORT else np.int32)
        if whole.shape[0] * _bytes_of_bits(whole.shape[1]) < columns.nbytes:
            columns = np.packbits(whole.astype(np.bool_).toarray(), axis=1)
        return cls(whole.data, columns, whole.indptr.astype(np.int64), scale)

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M``, dense ``(users, items)``."""
        if history.shape[0] > FEW:
            used = np.unique(history.indices)
            past = history[:, used]
            past = with_data(past, past.data * self.scale[used].astype(history.dtype)[past.indices])
        else:
            used, weights = past_of_few(history)
            past = weights * self.scale[used].astype(history.dtype)
        if not self._is_full:
            return dense_product(sparse.csr_matrix(past), self._whole_rows(used))
        dense = np.zeros((history.shape[0], len(self.scale)), history.dtype)
        step = max(1, _PART_BYTES // (history.dtype.itemsize * len(self.scale)))
        for part in (slice(start, start + step) for start in range(0, len(used), step)):
            dense += past[:, part] @ self._whole_table(used[part]).astype(history.dtype)
        return dense

    def reach(self, history: sparse.csr_matrix) -> ReachedTerms:
        """The terms of one history ``(1, items)``."""
        past = history.indices
        weights = history.data * self.scale[past].astype(history.dtype)
        return ReachedTerms(*terms_of_rows(self._rows(past), np.arange(len(past)), weights))

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense."""
        if self._is_full:
            whole = self._whole_table(rows)[:, columns]
        else:
            whole = entries_at(self._whole_rows(rows), np.arange(len(rows)), columns)
        block: Array = whole * self.scale[rows].astype(np.float64)[:, None]
        return block

    def restricted_to(self, items: IntArray) -> SparseInt8Matrix:
        """The matrix of some items only, in this order."""
        return self.of_whole(self._rows(items)[:, items].tocsr(), self.scale[items])

    def arrays(self) -> dict[str, Array]:
        """The four of them."""
        return {"whole": self.whole, "columns": self.columns, "starts": self.starts, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> SparseInt8Matrix:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: they are no rows of so many items.
            KeyError: one is missing.
        """
        whole, columns, starts, scale = (arrays[name] for name in ("whole", "columns", "starts", "scale"))
        if whole.dtype != np.int8:
            raise ValueError(f"the entries are of type {whole.dtype}, expected int8")
        if len(starts) != n_items + 1 or starts[0] != 0 or starts[-1] != len(whole) or (np.diff(starts) < 0).any():
            raise ValueError(f"the rows are not those of {n_items} items with {len(whole)} entries")
        if len(scale) != n_items:
            raise ValueError(f"there are {len(scale)} scales for {n_items} items")
        _check_columns(columns, starts, n_items)
        return cls(whole, columns, starts, scale)

    @property
    def _is_full(self) -> bool:
        """Whether rows have entries for so many items that they are looked at as tables."""
        return self.columns.ndim == 2

    def _rows(self, items: IntArray) -> sparse.csr_matrix:
        """The rows of some items, int8 ``(n, items)``."""
        return sparse.csr_matrix(self._whole_table(items)) if self._is_full else self._whole_rows(items)

    def _whole_rows(self, items: IntArray) -> sparse.csr_matrix:
        """The rows of some items as they are kept, int8 ``(n, items)``."""
        ends = np.zeros(len(items) + 1, np.int32)
        np.cumsum(self.starts[items + 1] - self.starts[items], out=ends[1:])
        spans = self._spans(items)
        parts = _joined(self.whole, spans), _joined(self.columns, spans).astype(np.int32), ends
        return sparse.csr_matrix(parts, shape=(len(items), len(self.scale)))

    def _whole_table(self, items: IntArray) -> npt.NDArray[np.int8]:
        """The rows of some items as they are kept, dense, int8 ``(n, items)``."""
        has_entry = np.unpackbits(self.columns[items], axis=1, count=len(self.scale)).view(np.bool_)
        table = np.zeros(has_entry.shape, np.int8)
        table[has_entry] = _joined(self.whole, self._spans(items))
        return table

    def _spans(self, items: IntArray) -> list[slice]:
        """Where the entries of the rows of some items are."""
        ends = zip(self.starts[items].tolist(), self.starts[items + 1].tolist(), strict=True)
        return [slice(*span) for span in ends]


def _joined(entries: Array, spans: Sequence[slice]) -> Array:
    """Some spans of entries, one after the other."""
    return np.concatenate([entries[:0], *(entries[span] for span in spans)])


def _bytes_of_bits(n: int) -> int:
    return -(-n // 8)


def _check_columns(columns: Array, starts: IntArray, n_items: int) -> None:
    if columns.ndim == 2:
        if columns.shape != (n_items, _bytes_of_bits(n_items)) or columns.dtype != np.uint8:
            raise ValueError(f"bits of columns are {columns.shape} of type {columns.dtype}, for {n_items} items")
        if (np.bitwise_count(columns).sum(axis=1, dtype=np.int64) != np.diff(starts)).any():
            raise ValueError("a row has not as many columns as entries")
    elif len(columns) != starts[-1]:
        raise ValueError(f"there are {starts[-1]} entries in {len(columns)} columns")
    elif len(columns) and not 0 <= columns.min() <= columns.max() < n_items:
        raise ValueError(f"a column is beyond the {n_items} items")


@dataclass(frozen=True)
class LowRankInt8Matrix(FactoredMatrix):
    """An item-item matrix ``source @ target.T`` of tables that are kept as whole numbers."""

    source: Int8Table
    target: Int8Table
    kind: ClassVar[str] = "low_rank_int8"

    @classmethod
    def of(cls, matrix: LowRankMatrix) -> LowRankInt8Matrix:
        """A matrix whose numbers are rounded."""
        return cls(Int8Table.of(matrix.source), Int8Table.of(matrix.target))

    def targets_of(self, items: IntArray | slice) -> Int8Table:
        """The rows of ``target`` of some items, as whole numbers."""
        return self.target.part(items)

    def restricted_to(self, items: IntArray) -> LowRankInt8Matrix:
        """The matrix of some items only, in this order."""
        return LowRankInt8Matrix(self.source.part(items), self.target.part(items))

    def in_floats(self) -> LowRankMatrix:
        """The same matrix with both tables in float32."""
        return LowRankMatrix(self.source[:], self.target[:])

    def arrays(self) -> dict[str, Array]:
        """Whole numbers and scales of both factors."""
        return self.source.arrays("source") | self.target.arrays("target")

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> LowRankInt8Matrix:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: a factor has not a row for each item, or the factors are of different width.
            KeyError: one is missing.
        """
        source, target = (Int8Table.from_arrays(arrays, name) for name in ("source", "target"))
        check_factors(source, target, n_items)
        return cls(source, target)
