"""Ridge regression of every item on its nearest items only: memory grows with the catalogue, not with its square.

Where a dense ``items x items`` system would outgrow the machine, each item is regressed on the few that resemble it
most, as fsSLIM does (Ning and Karypis 2011), in closed form as EASE (arXiv 1905.03375).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.learn.channels.linear_systems import nearest_products
from kgrec.learn.limits import LIMITS

_SYSTEMS = 128


def nearest_ridge(
    rows: sparse.csc_matrix, penalty: Array, nearest: int, instead: Callable[[slice], Array] | None = None
) -> sparse.csr_matrix:
    """Weights ``B`` of least ``|R_i - R_N b|^2 + b' D_N b``, each item i on its nearest others N alone.

    Args:
        rows: R, weighted users x items. A row with more items than ``LIMITS.broad_row_items`` is left out: it
            says little of each, and its pairs alone would fill the memory.
        penalty: D, ``(items,)``, above 0.
        nearest: size of N, by cosine.
        instead: as for :func:`kgrec.learn.channels.ease.ease`: regress ``R M_i`` instead of ``R_i``.

    Returns:
        float32 ``(items, items)``; column i holds the weights of N, its diagonal is empty.
    """
    n = rows.shape[1]
    by_row = rows.tocsr()
    by_row = by_row[np.flatnonzero(np.diff(by_row.indptr) <= LIMITS.broad_row_items)]
    by_column = by_row.tocsc()
    products_among = _products(by_column)
    products = nearest_products(by_row, nearest)
    weights = products.copy()
    counts = np.diff(products.indptr)
    for start in range(0, n, _SYSTEMS):
        items = np.arange(start, min(start + _SYSTEMS, n))
        systems = np.tile(np.eye(nearest, dtype=np.float32), (len(items), 1, 1))
        right = np.zeros((len(items), nearest, 1), np.float32)
        wanted = None if instead is None else by_row @ instead(slice(start, start + len(items))).astype(np.float32)
        for place, item in enumerate(items):
            near = products.indices[products.indptr[item] : products.indptr[item + 1]]
            systems[place, : len(near), : len(near)] = products_among(near) + np.diag(penalty[near])
            if wanted is None:
                right[place, : len(near), 0] = products.data[products.indptr[item] : products.indptr[item + 1]]
            else:
                right[place, : len(near), 0] = by_column[:, near].T @ wanted[:, place]
        solved = np.linalg.solve(systems, right)[:, :, 0]
        used = np.arange(nearest)[None, :] < counts[items][:, None]
        weights.data[products.indptr[start] : products.indptr[items[-1] + 1]] = solved[used]
    by_item: sparse.csr_matrix = weights.T.tocsr()
    return by_item


def _products(by_column: sparse.csc_matrix) -> Callable[[IntArray], Array]:
    """A function from some items to their inner products, which are computed once where all fit into memory."""
    if by_column.shape[1] <= LIMITS.whole_matrix_items:
        whole = (by_column.T @ by_column).toarray()
        return lambda items: whole[np.ix_(items, items)]

    def among(items: IntArray) -> Array:
        columns = by_column[:, items]
        products: Array = (columns.T @ columns).toarray()
        return products

    return among
