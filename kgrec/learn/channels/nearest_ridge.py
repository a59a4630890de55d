"""Ridge regression of every item on its nearest items only: memory grows with the catalogue, not with its square.

Where a dense ``items x items`` system would outgrow the machine, each item is regressed on the few that resemble it
most, as fsSLIM does (Ning and Karypis 2011), in closed form as EASE (arXiv 1905.03375).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.learn.channels.linear_systems import nearest_products
from kgrec.learn.limits import LIMITS
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.executor import Executor, here

_SYSTEMS = 128


def nearest_ridge(
    rows: sparse.csc_matrix,
    penalty: Array,
    nearest: int,
    instead: Callable[[slice], Array] | None = None,
    executor: Executor = here,
) -> sparse.csr_matrix:
    """Weights ``B`` of least ``|R_i - R_N b|^2 + b' D_N b``, each item i on its nearest others N alone.

    Args:
        rows: R, weighted users x items. A row with more items than ``LIMITS.broad_row_items`` is left out: it
            says little of each, and its pairs alone would fill the memory.
        penalty: D, ``(items,)``, above 0.
        nearest: size of N, by cosine.
        instead: as for :func:`kgrec.learn.channels.ease.ease`: regress ``R M_i`` instead of ``R_i``.
        executor: counts products and solves systems, a block of items at a time.

    Returns:
        float32 ``(items, items)``; column i holds the weights of N, its diagonal is empty.
    """
    by_row = rows.tocsr()
    by_row = by_row[np.flatnonzero(np.diff(by_row.indptr) <= LIMITS.broad_row_items)]
    by_column = by_row.tocsc()
    among_all = (by_column.T @ by_column).toarray() if by_column.shape[1] <= LIMITS.whole_matrix_items else None
    products = nearest_products(by_row, nearest, executor=executor)
    systems = _Systems(by_row, by_column, among_all, products, penalty, nearest, instead)
    weights = products.copy()
    solved = list(map_blocks(executor, _solved, systems, ranges(rows.shape[1], _SYSTEMS)))
    weights.data = np.concatenate(solved) if solved else weights.data
    by_item: sparse.csr_matrix = weights.T.tocsr()
    return by_item


@dataclass(frozen=True)
class _Systems:
    """The small systems of all items.

    Attributes:
        by_row, by_column: R.
        among_all: ``R'R`` where all of it fits into memory, else None.
        products: ``R'R`` of each item with its nearest, items x items.
    """

    by_row: sparse.csr_matrix
    by_column: sparse.csc_matrix
    among_all: Array | None
    products: sparse.csr_matrix
    penalty: Array
    nearest: int
    instead: Callable[[slice], Array] | None

    def near(self, item: int) -> slice:
        """Where the nearest of an item stand among the products."""
        return slice(self.products.indptr[item], self.products.indptr[item + 1])

    def among(self, items: IntArray) -> Array:
        """The inner products of some items, dense."""
        if self.among_all is not None:
            return self.among_all[np.ix_(items, items)]
        columns = self.by_column[:, items]
        rows, place = np.unique(columns.indices, return_inverse=True)  # most users have none of these
        few = sparse.csc_matrix((columns.data, place, columns.indptr), shape=(len(rows), len(items)))
        products: Array = (few.T @ few).toarray()
        return products


def _solved(of: _Systems, items: range) -> Array:
    """The weights of some items' nearest, one item after the other."""
    systems = np.tile(np.eye(of.nearest, dtype=np.float32), (len(items), 1, 1))
    right = np.zeros((len(items), of.nearest, 1), np.float32)
    columns = slice(items.start, items.stop)
    wanted = None if of.instead is None else of.by_row @ of.instead(columns).astype(np.float32)
    for place, item in enumerate(items):
        near = of.products.indices[of.near(item)]
        systems[place, : len(near), : len(near)] = of.among(near) + np.diag(of.penalty[near])
        if wanted is None:
            right[place, : len(near), 0] = of.products.data[of.near(item)]
        else:
            right[place, : len(near), 0] = of.by_column[:, near].T @ wanted[:, place]
    counts = np.diff(of.products.indptr[items.start : items.stop + 1])
    weights: Array = np.linalg.solve(systems, right)[np.arange(of.nearest)[None, :] < counts[:, None], 0]
    return weights
