"""Item-item weights in closed form: EASE with facts, neighbourhoods, and content for items without interactions.

All weights read the same way: rows are items of a history, columns are candidates, ``score = x @ W``. Memory is one
dense ``items x items`` float32 matrix where a system is solved and a few columns at a time elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.dataset import Array, Facts
from kgrec.errors import ConfigError

_COLUMNS = 512
_FEW_ROWS = 0.6
"""Users and facts per item below which the ridge is solved over them; at about 1 both ways cost the same."""


def ease(
    X: sparse.csr_matrix,
    ridge: float,
    *,
    facts: sparse.csr_matrix | None = None,
    fact_weight: float = 0.0,
    user_exponent: float = 0.0,
    item_exponent: float = 0.0,
    relative: bool = True,
    top: int | None = None,
) -> sparse.csr_matrix:
    """Ridge regression of every item on all others, with a zero diagonal (EASE: Steck 2019, arXiv 1905.03375).

    With ``P = G^-1`` the weights are ``B[j, i] = -P[j, i] / P[i, i]``, where

        G = X' diag(n_u^-user_exponent) X  +  fact_weight * m * F F'  +  ridge * m * diag(d_i^e / mean(d^e))

    ``n_u`` and ``d_i`` count the interactions of users and items, ``e`` is ``item_exponent``, and ``m`` is the mean
    diagonal of the first term. EASE itself is ``relative=False`` and both exponents 0. Departures: facts as further
    rows of the regression, users and items weighed by their degree, small weights dropped.

    Args:
        X: users x items.
        ridge: above 0; in units of ``m``, or of interactions where ``relative`` is False.
        facts: F, items x facts, from :func:`fact_matrix`.
        top: keep that many weights per column, the largest in size; None keeps all.

    Returns:
        float32 ``(items, items)``.

    Raises:
        ConfigError: the ridge is too small for the system to be solved.
    """
    taken = X.tocsc().astype(np.float32)
    of_user = np.maximum(np.diff(X.tocsr().indptr), 1.0) ** -user_exponent
    rows = (sparse.diags(np.sqrt(of_user).astype(np.float32)) @ taken).tocsc()
    n = X.shape[1]
    mean = float(rows.power(2).sum(dtype=np.float64)) / n or 1.0
    if facts is not None and fact_weight:
        rows = sparse.vstack([rows, np.float32(np.sqrt(fact_weight * mean)) * facts.T]).tocsc()
    spread = np.maximum(np.diff(taken.indptr), 1.0) ** item_exponent
    penalty = (ridge * (mean if relative else 1.0) * spread / spread.mean()).astype(np.float32)
    rows = rows[np.flatnonzero(np.diff(rows.tocsr().indptr))]
    solve = _by_rows if rows.shape[0] < _FEW_ROWS * n else _by_columns
    return largest_per_column(solve(rows.tocsc(), penalty, ridge), n, n, top)


def _by_columns(rows: sparse.csc_matrix, penalty: Array, ridge: float) -> Callable[[slice], Array]:
    """Columns of the weights by the inverse of ``R'R + D``, ``(items, items)``, in its own memory."""
    n = rows.shape[1]
    gram = np.empty((n, n), np.float32, order="F")
    transposed = rows.T
    for columns in _blocks(n):
        gram[:, columns] = (transposed @ rows[:, columns]).toarray()
    gram[np.diag_indices(n)] += penalty
    inverse = _inverted(gram, "ridge", ridge)
    diagonal = inverse.diagonal().copy()

    def weights(columns: slice) -> Array:
        block = inverse[:, columns] / -diagonal[columns]
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return weights


def _by_rows(rows: sparse.csc_matrix, penalty: Array, ridge: float) -> Callable[[slice], Array]:
    """The same where there are fewer users and facts than items, by the smaller system ``I + R D^-1 R'`` (Woodbury)."""
    n = rows.shape[1]
    scaled = (rows @ sparse.diags(1.0 / penalty)).tocsc()
    small = (scaled @ rows.T).toarray(order="F").astype(np.float32)
    small[np.diag_indices(len(small))] += 1.0
    factor = _factorised(small, "ridge", ridge)
    transposed = scaled.T.tocsr()

    def weights(columns: slice) -> Array:
        right = scaled[:, columns].toarray(order="F")
        solved, _ = lapack.spotrs(factor, right, lower=1)
        diagonal = 1.0 / penalty[columns] - (right * solved).sum(axis=0)
        block: Array = (transposed @ solved) / diagonal
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return weights


def _inverted(gram: Array, setting: str, value: float) -> Array:
    """Inverse of a symmetric positive definite Fortran-ordered float32 matrix, in its own memory."""
    gram = _factorised(gram, setting, value)
    inverse, info = lapack.spotri(gram, lower=1, overwrite_c=1)
    if info != 0:
        raise _not_solvable(setting, value)
    # LAPACK leaves the result in the lower triangle only.
    for columns in _blocks(len(inverse)):
        corner = inverse[columns, columns]
        inverse[columns, columns] = np.tril(corner) + np.tril(corner, -1).T
        inverse[columns, columns.stop :] = inverse[columns.stop :, columns].T
    result: Array = inverse
    return result


def _factorised(gram: Array, setting: str, value: float) -> Array:
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


def item_knn(
    X: sparse.csr_matrix,
    *,
    neighbours: int,
    shrink: float = 0.0,
    user_exponent: float = 0.0,
    output_exponent: float = 0.5,
    similarity: Literal["cosine", "jaccard"] = "cosine",
) -> sparse.csr_matrix:
    """Similarities of items by who took them, the nearest of each candidate.

        cosine   S[j, i] = c_ji / (c_jj^(1-a) * c_ii^a + shrink)        c = X' diag(n_u^-user_exponent) X
        jaccard  S[j, i] = c_ji / (c_jj + c_ii - c_ji + shrink)

    ``a`` is ``output_exponent``: .5 is the cosine (Sarwar et al. 2001), less favours popular candidates (the asymmetric
    cosine of Aiolli 2013); jaccard has no use for it.

    Args:
        X: users x items.
        neighbours: kept per column.
        shrink: added to the denominator, so that few co-occurrences count for little.

    Returns:
        float32 ``(items, items)``, zero diagonal.
    """
    taken = X.tocsc().astype(np.float32)
    of_user = np.maximum(np.diff(X.tocsr().indptr), 1.0) ** -user_exponent
    weighted = (sparse.diags(of_user.astype(np.float32)) @ taken).tocsc()
    transposed = taken.T
    own = np.asarray(taken.multiply(weighted).sum(axis=0), np.float32).ravel()
    n = X.shape[1]

    def similarities(columns: slice) -> Array:
        block: Array = (transposed @ weighted[:, columns]).toarray()
        if similarity == "cosine":
            scale = np.outer(own ** (1.0 - output_exponent), own[columns] ** output_exponent) + np.float32(shrink)
        else:
            scale = own[:, None] + own[None, columns] - block + np.float32(shrink)
        block /= np.where(scale > 0, scale, 1.0)
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return largest_per_column(similarities, n, n, neighbours)


def fact_matrix(facts: Facts, n_items: int, n_nodes: int) -> sparse.csr_matrix:
    """What is known of items, items x facts, rows of length 1.

    A fact of an item is (relation, other end, direction). A fact met by one item only joins nothing and is left out.
    Each counts its idf, ``log(items / items that have it)`` (Spärck Jones 1972).

    Args:
        facts: triples of node rows; rows below ``n_items`` are items.

    Returns:
        float32 ``(n_items, facts)``; an item without facts has an empty row.
    """
    forward, backward = facts.head < n_items, facts.tail < n_items
    item = np.concatenate([facts.head[forward], facts.tail[backward]])
    key = np.concatenate(
        [
            2 * facts.relation[forward] * n_nodes + facts.tail[forward],
            (2 * facts.relation[backward] + 1) * n_nodes + facts.head[backward],
        ]
    )
    names, column = np.unique(key, return_inverse=True)
    matrix = sparse.csr_matrix((np.ones(len(item), np.float32), (item, column)), shape=(n_items, len(names)))
    matrix.data[:] = 1.0
    met_by = np.bincount(matrix.indices, minlength=len(names))
    matrix = matrix[:, met_by >= 2] @ sparse.diags(np.log(n_items / met_by[met_by >= 2]).astype(np.float32))
    matrix.eliminate_zeros()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sparse.diags((1.0 / np.where(length > 0, length, 1.0)).astype(np.float32)) @ matrix).tocsr()


def content_knn(vectors: Array | sparse.csr_matrix, taken: Array, *, neighbours: int) -> sparse.csr_matrix:
    """Cosines of items by their content, the nearest of each candidate among the items that somebody has taken.

    Args:
        vectors: unit rows ``(items, d)``, dense or sparse, zero where nothing is known.
        taken: bool ``(items,)``; the others are candidates only.
        neighbours: kept per column.

    Returns:
        float32 ``(items, items)``, zero diagonal.
    """
    n = vectors.shape[0]
    past = sparse.diags(np.asarray(taken, np.float32)) @ vectors

    def cosines(columns: slice) -> Array:
        found: Any = past @ vectors[columns].T
        block: Array = found.toarray() if sparse.issparse(found) else found
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return largest_per_column(cosines, n, n, neighbours)


def content_map(
    base: sparse.csr_matrix,
    facts: sparse.csr_matrix,
    texts: Array | None,
    cold: Array,
    *,
    l2: float,
    text_weight: float = 0.0,
    top: int | None = None,
) -> sparse.csr_matrix:
    """Carry what is known of warm items over to cold ones by their content: ``L (K_ww + l2 I)^-1 K_wc``.

    Kernel ridge regression with ``K = F F' + text_weight * T T'`` (w warm, c cold items): each cold item is written as
    a mixture of warm ones, and takes their columns of L in that mixture.

    Args:
        base: L, ``(rows, items)``. An item-item matrix that keeps its diagonal gives weights over histories; one row of
            centred popularities gives predicted popularities. Columns of cold items are not read.
        facts: F, from :func:`fact_matrix`.
        texts: T, unit vectors ``(items, d)``, zero where there is no text; None for no texts at all.
        cold: bool ``(items,)``.
        l2: above 0; larger trusts content less.
        top: keep that many weights per column, the largest in size; None keeps all.

    Returns:
        float32, of the shape of ``base``; the columns of warm items are empty.

    Raises:
        ConfigError: l2 is too small for the system to be solved.
    """
    n = len(cold)
    warm_rows, cold_rows = np.flatnonzero(~cold), np.flatnonzero(cold)
    facts_of_warm = facts[warm_rows].astype(np.float32)
    text = np.zeros((n, 1), np.float32) if texts is None else np.asarray(texts, np.float32)
    text_of_warm = text[warm_rows] * np.float32(text_weight)

    def kernel(rows: Array) -> Array:
        """K between all warm items and some items."""
        block: Array = (facts_of_warm @ facts[rows].T).toarray().astype(np.float32)
        block += text_of_warm @ text[rows].T
        return block

    gram = np.empty((len(warm_rows), len(warm_rows)), np.float32, order="F")
    for columns in _blocks(len(warm_rows)):
        gram[:, columns] = kernel(warm_rows[columns])
    gram[np.diag_indices(len(gram))] += np.float32(l2)
    factor = _factorised(gram, "l2", l2) if len(gram) else gram
    known = base.tocsc()[:, warm_rows].tocsr().astype(np.float32)

    def weights(columns: slice) -> Array:
        mixture, _ = lapack.spotrs(factor, kernel(cold_rows[columns]), lower=1)
        block: Array = known @ mixture
        return block

    n_cold = len(cold_rows) if len(gram) else 0
    found = largest_per_column(weights, base.shape[0], n_cold, top).tocoo()
    return sparse.csr_matrix((found.data, (found.row, cold_rows[found.col])), shape=base.shape)


def _blocks(n: int) -> list[slice]:
    return [slice(start, min(start + _COLUMNS, n)) for start in range(0, n, _COLUMNS)]


def largest_per_column(
    dense: Callable[[slice], Array], n_rows: int, n_columns: int, top: int | None
) -> sparse.csr_matrix:
    """The ``top`` largest entries (in size) of each column of a matrix that is made block by block."""
    parts = []
    for columns in _blocks(n_columns):
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
