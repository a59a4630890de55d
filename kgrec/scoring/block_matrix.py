"""An item-item matrix with a dense block: where most items speak for most others, a table is half of their list.

    M = block of some items + what lies outside it

The list of an entry takes eight bytes and is added up one by one, a place in a table takes four and is multiplied by
the row. With 1,664 known items of 17,726, each past item speaks for all the known ones: the block is 11 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.matrices import ItemMatrix, Scorer, SparseMatrix, place_of, span_of
from kgrec.scoring.reach import ReachedTerms
from kgrec.scoring.row_sums import (
    dense_product,
    entries_at,
    in_order,
    past_of_few,
    sums_of_table_rows,
    terms_of_rows,
)

_DENSE = 0.5
"""Share of a block from which on a table is smaller than a list."""


@dataclass(frozen=True)
class BlockMatrix:
    """An item-item matrix kept as a dense block of some items and the entries outside it.

    Attributes:
        items: rows of the items of the block, int64 ``(b,)``, each once.
        inside: what they say for each other, float32 ``(b, b)`` with a diagonal of 0.
        outside: all other entries, ``(items, items)``, without a diagonal.

    Raises:
        ValueError: shapes that do not fit each other.
    """

    items: IntArray
    inside: Array
    outside: sparse.csr_matrix
    kind: ClassVar[str] = "block"

    def __post_init__(self) -> None:
        if self.inside.shape != (len(self.items), len(self.items)):
            raise ValueError(f"the block is {self.inside.shape}, for {len(self.items)} items")
        object.__setattr__(self, "outside", in_order(self.outside))

    @classmethod
    def of(cls, weights: sparse.csr_matrix) -> BlockMatrix | None:
        """The matrix of some weights ``(items, items)``, where those of the items with any are dense; else None."""
        items = np.flatnonzero(np.diff(weights.indptr)).astype(np.int64)
        rows = weights[items]
        if not len(items) or rows[:, items].nnz < _DENSE * len(items) ** 2:
            return None
        inside = rows[:, items].toarray().astype(np.float32)
        np.fill_diagonal(inside, 0.0)
        entries = weights.tocoo()
        is_inside = np.zeros(weights.shape[0], np.bool_)
        is_inside[items] = True
        beyond = ~is_inside[entries.col]
        outside = (entries.data[beyond].astype(np.float32), (entries.row[beyond], entries.col[beyond]))
        return cls(items, inside, sparse.csr_matrix(outside, shape=weights.shape))

    def scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ M`` without each item's own term, dense ``(users, items)``."""
        dense = dense_product(history, self.outside)
        dense[:, self.items] += self._inside_scores(history)
        return dense

    def reach(self, history: sparse.csr_matrix) -> ReachedTerms:
        """The terms of one history ``(1, items)``; of items of the block they are added up."""
        items, terms = terms_of_rows(self.outside, history.indices, history.data)
        if not (self._place[history.indices] >= 0).any():
            return ReachedTerms(items, terms)
        inside = self._inside_scores(history)[0]
        return ReachedTerms(np.concatenate([items, self.items]), np.concatenate([terms, inside]))

    def scorer_of(self, columns: IntArray) -> Scorer:
        """The columns of some items of :meth:`scores`."""
        inside = self._place[columns]
        of_block = np.flatnonzero(inside >= 0)
        if not len(of_block):
            return partial(self._outside_scores, span_of(columns))
        if not self._has_outside[columns].any() and np.array_equal(columns, self.items):
            return self._inside_scores
        outside = self.outside[:, columns] if self._has_outside[columns].any() else None
        return partial(self._scores_of, len(columns), span_of(of_block), span_of(inside[of_block]), outside)

    def _scores_of(
        self,
        n_columns: int,
        of_block: IntArray | slice,
        inside: IntArray | slice,
        outside: sparse.csr_matrix | None,
        history: sparse.csr_matrix,
    ) -> Array:
        """Scores of some columns.

        Args:
            of_block: places of the columns that are in the block; ``inside`` are their own there.
            outside: the columns of what is outside, None where there is nothing.
        """
        if outside is None:
            dense = np.zeros((history.shape[0], n_columns), history.dtype)
        else:
            dense = dense_product(history, outside)
        dense[:, of_block] += self._inside_scores(history)[:, inside]
        return dense

    def _outside_scores(self, columns: IntArray | slice, history: sparse.csr_matrix) -> Array:
        scores: Array = dense_product(history, self.outside)[:, columns]
        return scores

    def block(self, rows: IntArray, columns: IntArray) -> Array:
        """``M[rows, columns]`` dense, 0 where row and column are the same item."""
        block = np.zeros((len(rows), len(columns)))
        beyond = self._has_outside[columns]
        if beyond.any():
            block[:, beyond] = entries_at(self.outside, rows, columns[beyond])
        of_rows, of_columns = self._place[rows], self._place[columns]
        r, c = np.flatnonzero(of_rows >= 0), np.flatnonzero(of_columns >= 0)
        block[np.ix_(r, c)] += self.inside[np.ix_(of_rows[r], of_columns[c])]
        return block

    def restricted_to(self, items: IntArray) -> BlockMatrix:
        """The matrix of some items only, in this order."""
        place = self._place[items]
        kept = np.flatnonzero(place >= 0)
        inside = self.inside[np.ix_(place[kept], place[kept])]
        return BlockMatrix(kept, inside, self.outside[items][:, items].tocsr())

    def arrays(self) -> dict[str, Array]:
        """The block, its items, and the compressed rows of the rest."""
        return {
            "items": self.items,
            "inside": self.inside.astype(np.float32, copy=False),
            "outside.data": self.outside.data.astype(np.float32, copy=False),
            "outside.indices": self.outside.indices.astype(np.int32, copy=False),
            "outside.indptr": self.outside.indptr.astype(np.int64, copy=False),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> BlockMatrix:
        """The matrix again from its :meth:`arrays`.

        Raises:
            ValueError: they do not fit each other, or so many items.
            KeyError: one is missing.
        """
        items = arrays["items"]
        if len(np.unique(items)) < len(items) or (len(items) and not 0 <= items.min() <= items.max() < n_items):
            raise ValueError(f"the block has items twice or beyond the {n_items} that there are")
        parts = tuple(arrays[f"outside.{part}"] for part in ("data", "indices", "indptr"))
        outside = sparse.csr_matrix(parts, shape=(n_items, n_items))
        outside.check_format(full_check=True)
        return cls(items, arrays["inside"], outside)

    @cached_property
    def _has_outside(self) -> npt.NDArray[np.bool_]:
        """Whether anything outside the block speaks for an item, ``(items,)``."""
        there = np.zeros(self.outside.shape[1], np.bool_)
        there[self.outside.indices] = True
        return there

    @cached_property
    def _place(self) -> IntArray:
        """Row of each item in the block, -1 outside it, ``(items,)``."""
        return place_of(self.items, self.outside.shape[0])

    def _inside_scores(self, history: sparse.csr_matrix) -> Array:
        """``history @ inside`` in the type of the history, ``(users, b)``."""
        used, weights = past_of_few(history)
        place = self._place[used]
        inside = place >= 0
        if not inside.all():
            place, weights = place[inside], weights[:, inside]
        return sums_of_table_rows(self.inside, place, weights)


def table_or_list(matrix: ItemMatrix) -> ItemMatrix:
    """The same weights as a table where they are kept as a list that is as good as full."""
    return (isinstance(matrix, SparseMatrix) and BlockMatrix.of(matrix.weights)) or matrix
