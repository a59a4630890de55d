"""Item-item weights in closed form from who took what: EASE with facts, and neighbourhoods.

All weights read the same way: rows are items of a history, columns are candidates, ``score = x @ W``. Memory is one
dense ``items x items`` float32 matrix where a system is solved and a few columns at a time elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array
from kgrec.learn.channels.linear_systems import blocks_of, factorised, inverted, largest_per_column, nearest_products

_SPARSE_ITEMS = 5_000
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
    diagonal: bool = False,
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
        facts: F, items x facts, from :func:`kgrec.learn.channels.content_kernel.fact_matrix`.
        diagonal: regress every item on all items, itself among them: ``B = I - P D`` with D the last term of G.
        top: keep that many weights per column, the largest in size; None keeps all.

    Returns:
        float32 ``(items, items)``.

    Raises:
        ConfigError: the ridge is too small for the system to be solved.
    """
    rows, penalty = ridge_system(
        X,
        ridge,
        facts=facts,
        fact_weight=fact_weight,
        user_exponent=user_exponent,
        item_exponent=item_exponent,
        relative=relative,
    )
    n = X.shape[1]
    rows = rows[np.flatnonzero(np.diff(rows.tocsr().indptr))]
    solve = _by_rows if 0 < rows.shape[0] < _FEW_ROWS * n else _by_columns
    return largest_per_column(solve(rows.tocsc(), penalty, ridge, diagonal), n, n, top)


def ridge_system(
    X: sparse.csr_matrix,
    ridge: float,
    *,
    facts: sparse.csr_matrix | None = None,
    fact_weight: float = 0.0,
    user_exponent: float = 0.0,
    item_exponent: float = 0.0,
    relative: bool = True,
) -> tuple[sparse.csc_matrix, Array]:
    """R and D of the system ``G = R'R + D`` of :func:`ease`: weighted users and facts x items, and ``(items,)``."""
    taken = X.tocsc().astype(np.float32)
    of_user = np.maximum(np.diff(X.tocsr().indptr), 1.0) ** -user_exponent
    rows = (sparse.diags(np.sqrt(of_user).astype(np.float32)) @ taken).tocsc()
    n = X.shape[1]
    mean = float(rows.power(2).sum(dtype=np.float64)) / n or 1.0
    if facts is not None and fact_weight:
        rows = sparse.vstack([rows, np.float32(np.sqrt(fact_weight * mean)) * facts.T]).tocsc()
    spread = np.maximum(np.diff(taken.indptr), 1.0) ** item_exponent
    penalty = (ridge * (mean if relative else 1.0) * spread / spread.mean()).astype(np.float32)
    return rows, penalty


def _by_columns(rows: sparse.csc_matrix, penalty: Array, ridge: float, keep_diagonal: bool) -> Callable[[slice], Array]:
    """Columns of the weights by the inverse of ``R'R + D``, ``(items, items)``, in its own memory."""
    n = rows.shape[1]
    gram = np.empty((n, n), np.float32, order="F")
    transposed = rows.T
    for columns in blocks_of(n):
        gram[:, columns] = (transposed @ rows[:, columns]).toarray()
    gram[np.diag_indices(n)] += penalty
    inverse = inverted(gram, "ridge", ridge)
    diagonal = inverse.diagonal().copy()

    def weights(columns: slice) -> Array:
        own = np.arange(n)[columns], np.arange(columns.stop - columns.start)
        if keep_diagonal:
            block: Array = inverse[:, columns] * -penalty[columns]
            block[own] += 1.0
        else:
            block = inverse[:, columns] / -diagonal[columns]
            block[own] = 0.0
        return block

    return weights


def _by_rows(rows: sparse.csc_matrix, penalty: Array, ridge: float, keep_diagonal: bool) -> Callable[[slice], Array]:
    """The same where there are fewer users and facts than items, by the smaller system ``I + R D^-1 R'`` (Woodbury)."""
    n = rows.shape[1]
    scaled = (rows @ sparse.diags(1.0 / penalty)).tocsc()
    small = (scaled @ rows.T).toarray(order="F").astype(np.float32)
    small[np.diag_indices(len(small))] += 1.0
    factor = factorised(small, "ridge", ridge)
    transposed = scaled.T.tocsr()

    def weights(columns: slice) -> Array:
        right = scaled[:, columns].toarray(order="F")
        solved, _ = lapack.spotrs(factor, right, lower=1)
        block: Array = transposed @ solved
        if keep_diagonal:
            return block * penalty[columns]
        block /= 1.0 / penalty[columns] - (right * solved).sum(axis=0)
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return weights


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
    if n > _SPARSE_ITEMS and similarity == "cosine" and not shrink:
        # Most pairs share no user: only those that do are looked at.
        rows = sparse.diags(np.sqrt(of_user).astype(np.float32)) @ X.tocsr().astype(np.float32)
        near = nearest_products(rows.tocsr(), neighbours, output_exponent)
        norm = np.where(own > 0, own, 1.0)
        left, right = (sparse.diags(norm**-e) for e in (output_exponent, 1.0 - output_exponent))
        return (left @ near @ right).T.tocsr().astype(np.float32)

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
