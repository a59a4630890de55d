"""Ridge regression of every item on its nearest items only: memory grows with the catalogue, not with its square.

Where a dense ``items x items`` system would outgrow the machine, each item is regressed on the few that resemble it
most, as fsSLIM does (Ning and Karypis 2011), in closed form as EASE (arXiv 1905.03375).
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy import sparse

from kgrec.dataset import Array, IntArray

_PRODUCTS = 20_000_000
_BROAD = 5_000
_SYSTEMS = 256


def local_ridge(rows: sparse.csc_matrix, penalty: Array, nearest: int) -> sparse.csr_matrix:
    """Weights ``B`` of least ``|R_i - R_N b|^2 + b' D_N b``, each item i on its nearest others N alone.

    Inner products that are not among the nearest of either item count as 0.

    Args:
        rows: R, weighted users and facts x items. A row with more than 5,000 items is left out: it says little of
            each, and its pairs alone would fill the memory.
        penalty: D, ``(items,)``, above 0.
        nearest: size of N, by cosine.

    Returns:
        float32 ``(items, items)``; column i holds the weights of N, its diagonal is empty.
    """
    n = rows.shape[1]
    by_row = rows.tocsr()
    by_row = by_row[np.flatnonzero(np.diff(by_row.indptr) <= _BROAD)]
    own = np.asarray(by_row.power(2).sum(axis=0), np.float64).ravel()
    products = nearest_products(by_row, nearest)
    gram = products.maximum(products.T).tocsr()
    gram.setdiag((own + penalty).astype(np.float32))
    gram.sort_indices()
    weights = products.copy()
    counts = np.diff(products.indptr)
    for start in range(0, n, _SYSTEMS):
        items = np.arange(start, min(start + _SYSTEMS, n))
        systems = np.tile(np.eye(nearest, dtype=np.float32), (len(items), 1, 1))
        right = np.zeros((len(items), nearest, 1), np.float32)
        for place, item in enumerate(items):
            near = products.indices[products.indptr[item] : products.indptr[item + 1]]
            systems[place, : len(near), : len(near)] = gram[near][:, near].toarray()
            right[place, : len(near), 0] = products.data[products.indptr[item] : products.indptr[item + 1]]
        solved = np.linalg.solve(systems, right)[:, :, 0]
        used = np.arange(nearest)[None, :] < counts[items][:, None]
        weights.data[products.indptr[start] : products.indptr[items[-1] + 1]] = solved[used]
    found: sparse.csr_matrix = weights.T.tocsr()
    return found


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
    found: sparse.csr_matrix = sparse.vstack(parts, format="csr", dtype=np.float32)
    found.sort_indices()
    return found


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
