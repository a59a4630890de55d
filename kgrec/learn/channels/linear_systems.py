"""Large matrices a part at a time: symmetric systems solved in place, the largest entries of every column or row."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array, IntArray
from kgrec.errors import ConfigError

_COLUMNS = 512
_PRODUCTS = 20_000_000


def inverted(gram: Array, setting: str, value: float) -> Array:
    """Inverse of a symmetric positive definite Fortran-ordered float32 matrix, in its own memory.

    Raises:
        ConfigError: it is not positive definite; ``setting`` and ``value`` name what would make it so.
    """
    gram = factorised(gram, setting, value)
    inverse, info = lapack.spotri(gram, lower=1, overwrite_c=1)
    if info != 0:
        raise _not_solvable(setting, value)
    # LAPACK leaves the result in the lower triangle only.
    for columns in blocks_of(len(inverse)):
        corner = inverse[columns, columns]
        inverse[columns, columns] = np.tril(corner) + np.tril(corner, -1).T
        inverse[columns, columns.stop :] = inverse[columns.stop :, columns].T
    result: Array = inverse
    return result


def factorised(gram: Array, setting: str, value: float) -> Array:
    """Cholesky factor in the lower triangle of such a matrix, in the same memory.

    Raises:
        ConfigError: likewise.
    """
    factor, info = lapack.spotrf(gram, lower=1, clean=0, overwrite_a=1)
    if info != 0:
        raise _not_solvable(setting, value)
    result: Array = factor
    return result


def _not_solvable(setting: str, value: float) -> ConfigError:
    return ConfigError(
        "the item-item system cannot be solved.",
        where=f"setting {setting}",
        found=f"{value:g}",
        expected="a value large enough to make the matrix positive definite in float32",
        next=f"raise {setting}",
    )


def blocks_of(n: int) -> list[slice]:
    """Slices that cut ``n`` columns into blocks."""
    return [slice(start, min(start + _COLUMNS, n)) for start in range(0, n, _COLUMNS)]


def largest_per_column(
    dense: Callable[[slice], Array], n_rows: int, n_columns: int, top: int | None
) -> sparse.csr_matrix:
    """The ``top`` largest entries (in size) of each column of a matrix that is made block by block."""
    parts = []
    for columns in blocks_of(n_columns):
        block = np.ascontiguousarray(dense(columns).T)
        if top is None or top >= n_rows:
            part = sparse.csr_matrix(block)
        else:
            kept = np.sort(np.argpartition(np.abs(block), n_rows - top, axis=1)[:, n_rows - top :], axis=1)
            data = np.take_along_axis(block, kept, axis=1)
            ends = np.arange(len(block) + 1) * top
            part = sparse.csr_matrix((data.ravel(), kept.ravel(), ends), shape=block.shape)
        part.eliminate_zeros()
        parts.append(part)
    stacked = sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix((0, n_rows), dtype=np.float32)
    result: sparse.csr_matrix = stacked.T.tocsr().astype(np.float32)
    result.sort_indices()
    return result


def nearest_products(by_row: sparse.csr_matrix, top: int, output_exponent: float = 0.5) -> sparse.csr_matrix:
    """The inner products ``R'R`` of each item with the others whose cosine with it is largest.

    Args:
        by_row: R, what is counted x items.
        top: others kept per item.

    Returns:
        float32 ``(items, items)``, row i holds the others of item i, sorted; no diagonal.
    """
    n = by_row.shape[1]
    transposed = by_row.T.tocsr()
    own = np.asarray(by_row.power(2).sum(axis=0), np.float64).ravel()
    scale = np.where(own > 0, own, np.inf) ** -(1.0 - output_exponent)
    pairs = transposed.astype(bool).astype(np.int64) @ np.diff(by_row.indptr)
    block = np.searchsorted(np.cumsum(pairs), np.arange(0, max(int(pairs.sum()), 1), _PRODUCTS), side="left")
    starts = np.unique(np.append(block, n))
    parts = [
        _largest((transposed[low:high] @ by_row).tocsr(), scale, np.arange(low, high), top)
        for low, high in itertools.pairwise(starts)
    ]
    nearest: sparse.csr_matrix = sparse.vstack(parts, format="csr", dtype=np.float32)
    nearest.sort_indices()
    return nearest


def _largest(products: sparse.csr_matrix, scale: Array, items: IntArray, top: int) -> sparse.csr_matrix:
    """Per row the entries that are largest times the scale of their column, without that of the item itself."""
    kept: list[IntArray] = []
    for place, item in enumerate(items):
        low, high = products.indptr[place], products.indptr[place + 1]
        column = products.indices[low:high]
        value = products.data[low:high] * scale[column]
        value[column == item] = 0.0
        best = np.argpartition(value, -top)[-top:] if len(value) > top else np.arange(len(value))
        kept.append(low + best[value[best] > 0])
    chosen = np.concatenate(kept)
    ends = np.cumsum([0, *map(len, kept)])
    return sparse.csr_matrix((products.data[chosen], products.indices[chosen], ends), shape=products.shape)
