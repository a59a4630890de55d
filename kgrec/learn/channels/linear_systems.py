"""Large matrices a part at a time: symmetric systems solved in place, the largest entries of every column or row."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array, IntArray
from kgrec.errors import ConfigError
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.executor import Executor, here

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
    dense: Callable[[slice], Array], n_rows: int, n_columns: int, top: int | None, executor: Executor = here
) -> sparse.csr_matrix:
    """The ``top`` largest entries (in size) of each column of a matrix that is made block by block.

    Args:
        dense: makes columns; picklable where the executor is not this process.
        executor: makes the blocks.
    """
    blocks = ranges(n_columns, _COLUMNS)
    parts = list(map_blocks(executor, _largest_of_columns, _Columns(dense, n_rows, top), blocks))
    stacked = sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix((0, n_rows), dtype=np.float32)
    result: sparse.csr_matrix = stacked.T.tocsr().astype(np.float32)
    result.sort_indices()
    return result


@dataclass(frozen=True)
class _Columns:
    """The matrix of :func:`largest_per_column`."""

    dense: Callable[[slice], Array]
    n_rows: int
    top: int | None


def _largest_of_columns(matrix: _Columns, columns: range) -> sparse.csr_matrix:
    """What is kept of some columns, a row for each."""
    block = np.ascontiguousarray(matrix.dense(slice(columns.start, columns.stop)).T)
    n_rows, top = matrix.n_rows, matrix.top
    if top is None or top >= n_rows:
        part = sparse.csr_matrix(block)
    else:
        kept = np.sort(np.argpartition(np.abs(block), n_rows - top, axis=1)[:, n_rows - top :], axis=1)
        data = np.take_along_axis(block, kept, axis=1)
        ends = np.arange(len(block) + 1) * top
        part = sparse.csr_matrix((data.ravel(), kept.ravel(), ends), shape=block.shape)
    part.eliminate_zeros()
    return part


def nearest_products(
    by_row: sparse.csr_matrix, top: int, output_exponent: float = 0.5, executor: Executor = here
) -> sparse.csr_matrix:
    """The inner products ``R'R`` of each item with the others whose cosine with it is largest.

    Args:
        by_row: R, what is counted x items.
        top: others kept per item.
        executor: counts blocks of items.

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
    blocks = list(itertools.starmap(range, itertools.pairwise(starts.tolist())))
    parts = list(map_blocks(executor, _nearest_of, _Products(by_row, transposed, scale, top), blocks))
    nearest: sparse.csr_matrix = sparse.vstack(parts, format="csr", dtype=np.float32)
    nearest.sort_indices()
    return nearest


@dataclass(frozen=True)
class _Products:
    """What the products of :func:`nearest_products` are counted from.

    Attributes:
        scale: of each column, ``(items,)``.
    """

    by_row: sparse.csr_matrix
    transposed: sparse.csr_matrix
    scale: Array
    top: int


def _nearest_of(of: _Products, items: range) -> sparse.csr_matrix:
    """The products of some items that are largest times the scale of their column, a row for each."""
    products = (of.transposed[items.start : items.stop] @ of.by_row).tocsr()
    kept: list[IntArray] = []
    for place, item in enumerate(items):
        low, high = products.indptr[place], products.indptr[place + 1]
        column = products.indices[low:high]
        value = products.data[low:high] * of.scale[column]
        value[column == item] = 0.0
        best = np.argpartition(value, -of.top)[-of.top :] if len(value) > of.top else np.arange(len(value))
        kept.append(low + best[value[best] > 0])
    chosen = np.concatenate(kept)
    ends = np.cumsum([0, *map(len, kept)])
    return sparse.csr_matrix((products.data[chosen], products.indices[chosen], ends), shape=products.shape)
