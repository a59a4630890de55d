"""Large matrices a few columns at a time: solving symmetric systems in place, keeping the largest of every column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.dataset import Array
from kgrec.errors import ConfigError

_COLUMNS = 512


def inverted(gram: Array, setting: str, value: float) -> Array:
    """Inverse of a symmetric positive definite Fortran-ordered float32 matrix, in its own memory."""
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
    """Cholesky factor in the lower triangle, in the same memory."""
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
