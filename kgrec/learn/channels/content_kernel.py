"""Item-item weights by content: facts and texts, which also speak for items that nobody has taken.

All weights read the same way: rows are items of a history, columns are candidates, ``score = x @ W``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array, Facts
from kgrec.learn.channels.linear_systems import blocks_of, factorised, largest_per_column


def fact_matrix(
    facts: Facts, n_items: int, n_nodes: int, idf_exponent: float = 1.0, length_exponent: float = 1.0
) -> sparse.csr_matrix:
    """What is known of items, items x facts, rows of length 1 (root mean square).

    A fact of an item is (relation, other end, direction). A fact met by one item only joins nothing and is left out.
    Each counts its idf, ``log(items / items that have it)`` (Spärck Jones 1972).

    Args:
        facts: triples of node rows; rows below ``n_items`` are items.
        idf_exponent: of the idf; more lets rare facts decide.
        length_exponent: of the length that rows are divided by; below 1, much that is known says more than little.

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
    idf = np.log(n_items / met_by[met_by >= 2]) ** idf_exponent
    matrix = matrix[:, met_by >= 2] @ sparse.diags(idf.astype(np.float32))
    matrix.eliminate_zeros()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    known = length > 0
    left = length[known] ** (1.0 - length_exponent)
    scale = np.zeros(n_items)
    scale[known] = length[known] ** -length_exponent / (np.sqrt(np.mean(left**2)) if known.any() else 1.0)
    return (sparse.diags(scale.astype(np.float32)) @ matrix).tocsr()


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
    warm: Array | None = None,
) -> sparse.csr_matrix:
    """Carry what is known of warm items over to cold ones by their content: ``L (K_ww + l2 I)^-1 K_wc``.

    Kernel ridge regression with ``K = F F' + text_weight * T T'`` (w warm, c cold items): each cold item is written as
    a mixture of warm ones, and takes their columns of L in that mixture. An item that is warm itself is written as a
    mixture of the others, as if it were not there: leaving one out has a closed form (Rifkin and Lippert 2007, Notes on
    Regularized Least Squares).

    Args:
        base: L, ``(rows, items)``. An item-item matrix that keeps its diagonal gives weights over histories; one row of
            centred popularities gives predicted popularities. An item's own column is not read.
        facts: F, from :func:`fact_matrix`.
        texts: T, unit vectors ``(items, d)``, zero where there is no text; None for no texts at all.
        cold: bool ``(items,)``, the items to write.
        l2: above 0; larger trusts content less.
        top: keep that many weights per column, the largest in size; None keeps all.
        warm: bool ``(items,)``, the items to mix; None takes all that are not cold.

    Returns:
        float32, of the shape of ``base``; the columns of other than cold items are empty.

    Raises:
        ConfigError: l2 is too small for the system to be solved.
    """
    n = len(cold)
    warm_rows, cold_rows = np.flatnonzero(~cold if warm is None else warm), np.flatnonzero(cold)
    facts_of_warm = facts[warm_rows].astype(np.float32)
    text = np.zeros((n, 1), np.float32) if texts is None else np.asarray(texts, np.float32)
    text_of_warm = text[warm_rows] * np.float32(text_weight)

    def kernel(rows: Array) -> Array:
        """K between all warm items and some items."""
        block: Array = (facts_of_warm @ facts[rows].T).toarray().astype(np.float32)
        block += text_of_warm @ text[rows].T
        return block

    gram = np.empty((len(warm_rows), len(warm_rows)), np.float32, order="F")
    for columns in blocks_of(len(warm_rows)):
        gram[:, columns] = kernel(warm_rows[columns])
    gram[np.diag_indices(len(gram))] += np.float32(l2)
    factor = factorised(gram, "l2", l2) if len(gram) else gram
    known = base.tocsc()[:, warm_rows].tocsr().astype(np.float32)
    place = np.full(n, -1)
    place[warm_rows] = np.arange(len(warm_rows))

    def weights(columns: slice) -> Array:
        target = kernel(cold_rows[columns])
        itself = np.flatnonzero(place[cold_rows[columns]] >= 0)
        row = place[cold_rows[columns]][itself]
        target[:, itself] = 0.0
        target[row, itself] = 1.0
        mixture, _ = lapack.spotrs(factor, target, lower=1)
        mixture[:, itself] /= -mixture[row, itself]
        mixture[row, itself] = 0.0
        block: Array = known @ mixture
        return block

    n_cold = len(cold_rows) if len(gram) else 0
    found = largest_per_column(weights, base.shape[0], n_cold, top).tocoo()
    return sparse.csr_matrix((found.data, (found.row, cold_rows[found.col])), shape=base.shape)
