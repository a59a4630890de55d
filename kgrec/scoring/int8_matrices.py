"""Item matrices as whole numbers of one byte: what a compacted bundle answers from, as it lies in the file.

Rows are made floats when a history asks for them, a hundred of 25,000; nothing is kept of that. What they say is
what is kept, so contributions add up to the score as with any other matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, FloatArray, IntArray
from kgrec.scoring.int8_table import Int8Table, scales_of
from kgrec.scoring.matrices import FactoredMatrix, LowRankMatrix, check_factors
from kgrec.scoring.row_sums import dense_product, entries_at

_SHORT = np.iinfo(np.uint16).max + 1
"""Items whose numbers fit in two bytes."""


@dataclass(frozen=True)
class SparseInt8Matrix:
    """An item-item matrix kept as its largest entries, each a whole multiple of the scale of its row.

    Attributes:
        whole: row by row, in the order of columns, without a diagonal, int8 ``(entries,)``.
        columns: uint16 where there are few enough items, int32 otherwise, ``(entries,)``.
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
        n_items = weights.shape[0]
        entries = weights.tocoo()
        row, column, data = (part[entries.row != entries.col] for part in (entries.row, entries.col, entries.data))
        largest = np.zeros(n_items)
        np.maximum.at(largest, row, np.abs(data))
        scale = scales_of(largest)
        whole = np.rint(data / np.where(scale > 0, scale, 1.0)[row]).astype(np.int8)
        return cls._of_whole(sparse.csr_matrix((whole, (row, column)), shape=weights.shape), scale)

    @classmethod
    def _of_whole(cls, whole: sparse.csr_matrix, scale: FloatArray) -> SparseInt8Matrix:
        whole.eliminate_zeros()
        whole.sort_indices()
        narrow = np.uint16 if whole.shape[1] <= _SHORT else np.int32
        return cls(whole.data, whole.indices.astype(narrow), whole.indptr.astype(np.int64), scale)

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M``, dense ``(users, items)``."""
        if history.shape[0] == 1:
            used, of_used = history.indices, history.data[None, :]
            past = sparse.csr_matrix((history.data, np.arange(len(used)), history.indptr), shape=of_used.shape)
        else:
            used = np.unique(history.indices)
            past = history[:, used]
        return dense_product(past, self._rows(used, history.dtype))

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense."""
        return entries_at(self._rows(rows, np.dtype(np.float64)), np.arange(len(rows)), columns)

    def restricted_to(self, items: IntArray) -> SparseInt8Matrix:
        """The matrix of some items only, in this order."""
        shape = len(self.scale), len(self.scale)
        whole = sparse.csr_matrix((self.whole, self.columns.astype(np.int32), self.starts), shape=shape)
        return self._of_whole(whole[items][:, items].tocsr(), self.scale[items])

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
        if whole.dtype != np.int8 or len(whole) != len(columns):
            raise ValueError(f"{len(whole)} entries of type {whole.dtype} in {len(columns)} columns")
        if len(starts) != n_items + 1 or starts[0] != 0 or starts[-1] != len(whole) or (np.diff(starts) < 0).any():
            raise ValueError(f"the rows are not those of {n_items} items with {len(whole)} entries")
        if len(scale) != n_items:
            raise ValueError(f"there are {len(scale)} scales for {n_items} items")
        if len(columns) and not 0 <= columns.min() <= columns.max() < n_items:
            raise ValueError(f"a column is beyond the {n_items} items")
        return cls(whole, columns, starts, scale)

    def _rows(self, rows: IntArray, dtype: np.dtype[np.floating]) -> sparse.csr_matrix:
        """Some rows as they are meant, ``(rows, items)``."""
        first, lengths = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        ends = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=ends[1:])
        taken = np.repeat(first - ends[:-1], lengths) + np.arange(ends[-1])
        data = self.whole[taken] * np.repeat(self.scale[rows].astype(dtype), lengths)
        parts = data, self.columns[taken].astype(np.int32), ends.astype(np.int32)
        return sparse.csr_matrix(parts, shape=(len(rows), len(self.scale)))


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
