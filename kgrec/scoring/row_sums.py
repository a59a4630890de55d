"""Weighted sums of rows of a matrix, which is what a history says through an item-item matrix.

Of a few histories each is a sum of rows, added up in place: nothing is hashed, sorted or, where rows are long, copied.
This goes by the functions that scipy calls for its own products: what it checks on the way takes several times as long
as a short sum.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse._sparsetools import csc_matvec, csc_matvecs, csr_matvec, csr_matvecs, csr_row_index

from kgrec.data.dataset import Array, IntArray

FEW = 16
"""Histories that are scored one by one."""
_LONG = 256
"""Entries of a row from which on a call for it alone costs less than a copy of it."""
_ROWS_CONVERTED = 64


def dense_product(left: sparse.csr_matrix, right: sparse.csr_matrix) -> Array:
    """``left @ right``, dense, in the type of the left one."""
    if left.shape[0] > FEW:
        used = np.unique(left.indices)
        product: Array = (left[:, used] @ right[used]).toarray()
        return product
    used, weights = past_of_few(left)
    if left.shape[0] == 1 or 2 * len(used) < left.nnz:  # they have most in common: added up together
        return sums_of_rows(right, used, weights)
    dense = np.zeros((left.shape[0], right.shape[1]), left.dtype)
    for row, (start, end) in enumerate(pairwise(left.indptr.tolist())):
        dense[row] = sums_of_rows(right, left.indices[start:end], left.data[None, start:end])[0]
    return dense


def sums_of_rows(matrix: sparse.csr_matrix, rows: IntArray, weights: Array) -> Array:
    """``weights @ matrix[rows]``, dense, in the type of the weights, ``(n, columns)`` for ``(n, rows)``."""
    n_columns = matrix.shape[1]
    if len(weights) > 1:
        indptr, indices, data = parts_of_rows(matrix, rows)
        dense = np.zeros((n_columns, len(weights)), weights.dtype)
        csc_matvecs(
            *(n_columns, len(rows), len(weights)),
            *(indptr, indices, data.astype(weights.dtype, copy=False)),
            *(np.ascontiguousarray(weights.T).ravel(), dense.ravel()),
        )
        return np.ascontiguousarray(dense.T)
    total, weights = np.zeros(n_columns, weights.dtype), np.ascontiguousarray(weights[0])
    n_entries = int((matrix.indptr[rows + 1] - matrix.indptr[rows]).sum())
    if n_entries >= _LONG * len(rows) and matrix.dtype == weights.dtype:
        for place, row in enumerate(rows.tolist()):
            of_row = matrix.indptr[row : row + 2]  # which says where in all entries its own are
            csc_matvec(n_columns, 1, of_row, matrix.indices, matrix.data, weights[place : place + 1], total)
    else:
        indptr, indices, data = parts_of_rows(matrix, rows)
        csc_matvec(n_columns, len(rows), indptr, indices, data.astype(weights.dtype, copy=False), weights, total)
    return total[None, :]


def sums_of_table_rows(table: Array, rows: IntArray, weights: Array) -> Array:
    """Likewise of a dense float32 table whose rows lie one after the other."""
    dense = np.zeros((len(weights), table.shape[1]), weights.dtype)
    if len(weights) == 1 and table.dtype == weights.dtype:
        ends = np.array([0, len(rows)], np.int32)
        csr_matvecs(
            *(1, len(table), table.shape[1]),
            *(ends, rows.astype(np.int32), np.ascontiguousarray(weights[0])),
            *(table.ravel(), dense.ravel()),
        )
        return dense
    for start in range(0, len(rows), _ROWS_CONVERTED):
        part = slice(start, start + _ROWS_CONVERTED)
        dense += weights[:, part] @ table[rows[part]].astype(weights.dtype, copy=False)
    return dense


def product_with_vector(matrix: sparse.csr_matrix, vector: Array) -> Array:
    """``matrix @ vector`` in the type of the vector."""
    product = np.zeros(matrix.shape[0], vector.dtype)
    data = matrix.data.astype(vector.dtype, copy=False)
    csr_matvec(*matrix.shape, matrix.indptr, matrix.indices, data, vector, product)
    return product


def products_of_rows(matrix: sparse.csr_matrix, rows: IntArray, vector: Array) -> Array:
    """``matrix[rows] @ vector`` in the type of the vector."""
    indptr, indices, data = parts_of_rows(matrix, rows)
    product = np.zeros(len(rows), vector.dtype)
    csr_matvec(len(rows), matrix.shape[1], indptr, indices, data.astype(vector.dtype, copy=False), vector, product)
    return product


def parts_of_rows(matrix: sparse.csr_matrix, rows: IntArray) -> tuple[Array, Array, Array]:
    """Starts, columns and values of some rows, one after the other: the parts of ``matrix[rows]``."""
    rows = rows.astype(matrix.indptr.dtype, copy=False)
    indptr = np.zeros(len(rows) + 1, matrix.indptr.dtype)
    np.cumsum(matrix.indptr[rows + 1] - matrix.indptr[rows], out=indptr[1:])
    indices, data = np.empty(indptr[-1], matrix.indices.dtype), np.empty(indptr[-1], matrix.data.dtype)
    csr_row_index(len(rows), rows, matrix.indptr, matrix.indices, matrix.data, indices, data)
    return indptr, indices, data


def terms_of_rows(matrix: sparse.csr_matrix, rows: IntArray, weights: Array) -> tuple[IntArray, Array]:
    """Columns and float64 terms of ``weights @ matrix[rows]``, not added up."""
    indptr, columns, data = parts_of_rows(matrix, rows)
    terms = data.astype(np.float64)
    terms *= np.repeat(weights, np.diff(indptr))
    return columns, terms


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
