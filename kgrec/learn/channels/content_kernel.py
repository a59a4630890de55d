"""Item-item weights by content, that is facts and texts, which also speak for items without interactions.

All weights read the same way: rows are items of a history, columns are candidates, ``score = x @ W``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.learn.channels.linear_systems import blocks_of, factorised, largest_per_column

_NEARLY_FULL = 0.1
"""Share of a sparse matrix's entries that are not 0, beyond which products with it are faster dense."""


def fact_matrix(
    facts: Facts, n_items: int, n_nodes: int, idf_exponent: float = 1.0, length_exponent: float = 1.0
) -> sparse.csr_matrix:
    """Facts of items, weighted by idf, items x facts, rows of length 1 (root mean square).

    A fact of an item is (relation, other end, direction). A fact of one item only joins nothing and is left out.
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
    items_with = np.bincount(matrix.indices, minlength=len(names))
    idf = np.log(n_items / items_with[items_with >= 2]) ** idf_exponent
    matrix = matrix[:, items_with >= 2] @ sparse.diags(idf.astype(np.float32))
    matrix.eliminate_zeros()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    has_facts = length > 0
    scaled_length = length[has_facts] ** (1.0 - length_exponent)
    unit = np.sqrt(np.mean(scaled_length**2)) if has_facts.any() else 1.0
    scale = np.zeros(n_items)
    scale[has_facts] = length[has_facts] ** -length_exponent / unit
    return (sparse.diags(scale.astype(np.float32)) @ matrix).tocsr()


def content_knn(vectors: Array | sparse.csr_matrix, known: Array, *, neighbours: int) -> sparse.csr_matrix:
    """Cosines of items by their content, of each candidate with its nearest among the known items.

    Args:
        vectors: unit rows ``(items, d)``, dense or sparse, zero where there is no content.
        known: the known items, bool ``(items,)``; the others are candidates only.
        neighbours: kept per column.

    Returns:
        float32 ``(items, items)``, zero diagonal.
    """
    n = vectors.shape[0]
    past = sparse.diags(np.asarray(known, np.float32)) @ vectors

    def cosines(columns: slice) -> Array:
        products: Any = past @ vectors[columns].T
        block: Array = products.toarray() if sparse.issparse(products) else products
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return largest_per_column(cosines, n, n, neighbours)


@dataclass(frozen=True)
class ContentKernel:
    """How much items have in common: ``K = F F' + text_weight * T T'``.

    Attributes:
        facts: F, from :func:`fact_matrix`.
        texts: T, unit vectors ``(items, d)``, zero where there is no text; None for no texts at all.
    """

    facts: sparse.csr_matrix
    texts: Array | None = None
    text_weight: float = 0.0

    def of(self, rows: IntArray) -> Callable[[IntArray], Array]:
        """A function from column rows to ``K[rows, columns]``, float32."""
        facts = self.facts[rows].astype(np.float32)
        n_items = self.facts.shape[0]
        texts = np.zeros((n_items, 1), np.float32) if self.texts is None else np.asarray(self.texts, np.float32)
        weighted = texts[rows] * np.float32(self.text_weight)

        def block(columns: IntArray) -> Array:
            products: Array = (facts @ self.facts[columns].T).toarray().astype(np.float32)
            products += weighted @ texts[columns].T
            return products

        return block

    def gram(self, rows: IntArray) -> Array:
        """``K[rows, rows]``, float32, Fortran-ordered."""
        with_rows = self.of(rows)
        gram = np.empty((len(rows), len(rows)), np.float32, order="F")
        for columns in blocks_of(len(rows)):
            gram[:, columns] = with_rows(rows[columns])
        return gram


def content_map(
    base: sparse.csr_matrix, kernel: ContentKernel, wanted: Array, known: Array, *, l2: float, top: int | None = None
) -> sparse.csr_matrix:
    """Columns of some items as their content predicts them from those of the known items: kernel ridge regression.

    The wanted item c is written as the mixture m of the known items w whose content is nearest to its own,

        m_c = argmin |phi_c - SUM_w m_w phi_w|^2 + l2 |m|^2 = A^-1 K_wc        A = K_ww + l2 I

    where phi are the features behind the kernel K, and gets their columns in that mixture, ``L_w m_c``.

    An item that is known itself is written as a mixture of the others, as if it were not there. That takes no system of
    its own: by the inverse of a block matrix, its mixture of the others is ``-P_wi / P_ii`` with ``P = A^-1``
    (leave-one-out: Rifkin and Lippert 2007, Notes on Regularized Least Squares).

    Example: with ``K = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]`` item 2 has the content of item 0. With 0 and 1 known and
    ``l2 = 1`` the mixture of 2 is ``(1 + 1)^-1 * 1 = 1/2`` of 0 and nothing of 1: half the column of 0.

    Args:
        base: L, ``(rows, items)``. An item-item matrix that keeps its diagonal gives weights over histories; one row of
            centred popularities gives predicted popularities. An item's own column is not read.
        wanted: the items to write, bool ``(items,)``.
        known: the items to mix, bool ``(items,)``.
        l2: above 0; larger trusts content less.
        top: keep that many weights per column, the largest in size; None keeps all.

    Returns:
        float32, of the shape of ``base``; the columns of other than wanted items are empty.

    Raises:
        ConfigError: l2 is too small for the system to be solved.
    """
    known_rows, wanted_rows = np.flatnonzero(known), np.flatnonzero(wanted)
    if not len(known_rows):
        return sparse.csr_matrix(base.shape, dtype=np.float32)
    mixtures = content_mixtures(kernel, kernel.gram(known_rows), known_rows, wanted_rows, l2=l2)
    columns_of_known = base.tocsc()[:, known_rows].tocsr().astype(np.float32)
    used = np.flatnonzero(np.diff(columns_of_known.indptr))
    mixed = nearly_full_as_dense(columns_of_known[used])

    def predicted(columns: slice) -> Array:
        block: Array = mixed @ mixtures(columns)
        return block

    weights = largest_per_column(predicted, len(used), len(wanted_rows), top).tocoo()
    return sparse.csr_matrix((weights.data, (used[weights.row], wanted_rows[weights.col])), shape=base.shape)


def content_mixtures(
    kernel: ContentKernel, gram: Array, known: IntArray, wanted: IntArray, *, l2: float
) -> Callable[[slice], Array]:
    """The mixtures of known items that some wanted items are written as in :func:`content_map`, ``(known, wanted)``.

    Args:
        gram: of the known items; it is not changed, so that it serves for several ``l2``.
        known, wanted: rows of the items.

    Returns:
        A function that gives those of a slice of the wanted items.

    Raises:
        ConfigError: l2 is too small for the system to be solved.
    """
    system = gram.copy(order="F")
    system[np.diag_indices(len(system))] += np.float32(l2)
    factor, with_known = factorised(system, "l2", l2), kernel.of(known)
    place = np.full(kernel.facts.shape[0], -1)
    place[known] = np.arange(len(known))
    return lambda columns: _mixtures(factor, with_known(wanted[columns]), place[wanted[columns]])


def nearly_full_as_dense(weights: sparse.csr_matrix) -> Any:
    """Nearly full weights as what they are: they multiply many times faster then."""
    return weights.toarray() if weights.nnz > _NEARLY_FULL * np.prod(weights.shape) else weights


def _mixtures(factor: Array, target: Array, place: IntArray) -> Array:
    """Mixtures of known items ``(known, wanted)``: see :func:`content_map`.

    Args:
        target: K between known and wanted items; it is overwritten.
        place: place of each wanted item among the known ones, -1 where it is none of them.
    """
    itself = np.flatnonzero(place >= 0)
    row = place[itself]
    target[:, itself] = 0.0
    target[row, itself] = 1.0
    mixtures, _ = lapack.spotrs(factor, target, lower=1)
    mixtures[:, itself] /= -mixtures[row, itself]
    mixtures[row, itself] = 0.0
    result: Array = mixtures
    return result
