"""SLIM: every item as a sparse, not negative mixture of the others."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.evaluation.baselines import fast
from kgrec.evaluation.compared_system import RECENCIES, System, grid
from kgrec.evaluation.fading_ranker import FadingRanker

_MOST_ITEMS = 4_000
"""Time grows with the cube of the catalogue."""


class SLIM(FadingRanker):
    """Sparse linear methods (Ning and Karypis 2011, ICDM): an elastic net for each item."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        n_items: int,
        l1: float = 1.0,
        l2: float = 10.0,
        recency: float = 1.0,
    ) -> SLIM:
        """A ranker by :func:`slim`."""
        return cls(train, n_users, fast(slim(train.matrix(n_users, n_items), l1=l1, l2=l2)), recency)


def slim(
    X: sparse.csr_matrix, *, l1: float, l2: float, tolerance: float = 1e-3, iterations: int = 100
) -> sparse.csr_matrix:
    """Item-item weights that minimise ``|X - X W|^2 / 2 + l2 / 2 |W|^2 + l1 |W|_1``, with ``W >= 0`` and diagonal 0.

    Solved by the alternating direction method of multipliers (Steck, Dimakopoulou, Riabov and Jebara 2020, WSDM): one
    inverse, then one product of two matrices per iteration, so time grows with the cube of the catalogue.

    Args:
        X: users x items, 0 or 1.
        l1, l2: in interactions, above 0.
        tolerance: the iteration ends where no weight differs more from its dense copy, or from the iteration before.
        iterations: at most; the weights are near enough then, and validation judges them.

    Returns:
        float32 ``(items, items)``, column i the weights for item i.
    """
    gram: Array = (X.T @ X).toarray().astype(np.float64)
    n = len(gram)
    rho = float(gram.diagonal().mean()) + l2
    regularised = gram + (l2 + rho) * np.eye(n)
    inverse = linalg.inv(regularised, assume_a="pos", overwrite_a=True).astype(np.float32)
    start = inverse @ gram.astype(np.float32)
    diagonal = inverse.diagonal().copy()
    sparse_part, dual = np.zeros((n, n), np.float32), np.zeros((n, n), np.float32)
    for _ in range(iterations):
        dense = start + inverse @ (rho * sparse_part - dual)
        dense -= inverse * (dense.diagonal() / diagonal)
        before = sparse_part
        sparse_part = np.maximum(dense + dual / rho - l1 / rho, 0.0).astype(np.float32)
        np.fill_diagonal(sparse_part, 0.0)
        apart = dense - sparse_part
        dual += (rho * apart).astype(np.float32)
        if max(np.abs(apart).max(), np.abs(sparse_part - before).max()) < tolerance:
            break
    return sparse.csr_matrix(sparse_part)


SYSTEM = System(SLIM.fit, grid(l1=(1.0, 3.0, 10.0), l2=(3.0, 30.0)), RECENCIES, most_items=_MOST_ITEMS)
