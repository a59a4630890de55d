"""EASE: item-item weights by ridge regression of every item on all others, in closed form.

Rows are items of a history, columns are candidates, ``score = x @ W``. Memory is one dense float32 matrix of the system
that is solved, ``items x items`` or, where there are fewer users than items, as wide as these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from kgrec.data.dataset import Array
from kgrec.learn.channels.linear_systems import blocks_of, factorised, inverted, largest_per_column
from kgrec.learn.limits import LIMITS
from kgrec.parallel.cached_attribute import cached_property
from kgrec.parallel.executor import Executor, here


def ease(
    X: sparse.csr_matrix,
    ridge: float,
    *,
    user_exponent: float = 0.0,
    item_exponent: float = 0.0,
    relative: bool = True,
    diagonal: bool = False,
    top: int | None = None,
    instead: Callable[[slice], Array] | None = None,
    executor: Executor = here,
) -> sparse.csr_matrix:
    """Ridge regression of every item on all others, with a zero diagonal (EASE: Steck 2019, arXiv 1905.03375).

    With ``P = G^-1`` the weights are ``B[j, i] = -P[j, i] / P[i, i]``, where

        G = X' diag(n_u^-user_exponent) X  +  ridge * m * diag(d_i^e / mean(d^e))

    ``n_u`` and ``d_i`` count the interactions of users and items, ``e`` is ``item_exponent``, and ``m`` is the mean
    diagonal of the first term. EASE itself is ``relative=False`` and both exponents 0. Departures: users and
    items weighed by their degree, small weights dropped.

    Args:
        X: users x items.
        ridge: above 0; in units of ``m``, or of interactions where ``relative`` is False.
        diagonal: regress every item on all items, itself among them: ``B = I - P D`` with D the last term of G.
        top: keep that many weights per column, the largest in size; None keeps all.
        instead: columns of a matrix M, ``(items, columns)`` with a zero diagonal: regress ``R M`` on all items instead
            of the items themselves, ``S (R'R M - diag)`` with ``S = G^-1``. What M says of an item, as far as the items
            of the users who took it say it too.
        executor: makes blocks of columns of the weights, of the system that is solved here.

    Returns:
        float32 ``(items, items)``.

    Raises:
        ConfigError: the ridge is too small for the system to be solved.
    """
    rows, penalty = ridge_system(
        X,
        ridge,
        user_exponent=user_exponent,
        item_exponent=item_exponent,
        relative=relative,
    )
    n = X.shape[1]
    rows = rows[np.flatnonzero(np.diff(rows.tocsr().indptr))]
    solved = _ByRows if 0 < rows.shape[0] < LIMITS.woodbury_share * n else _ByColumns
    return largest_per_column(solved.of(rows.tocsc(), penalty, ridge, diagonal, instead), n, n, top, executor)


def ridge_system(
    X: sparse.csr_matrix,
    ridge: float,
    *,
    user_exponent: float = 0.0,
    item_exponent: float = 0.0,
    relative: bool = True,
) -> tuple[sparse.csc_matrix, Array]:
    """R and D of the system ``G = R'R + D`` of :func:`ease`: weighted users x items, and ``(items,)``."""
    interactions = X.tocsc().astype(np.float32)
    of_user = np.maximum(np.diff(X.tocsr().indptr), 1.0) ** -user_exponent
    rows = (sparse.diags(np.sqrt(of_user).astype(np.float32)) @ interactions).tocsc()
    n = X.shape[1]
    mean = float(rows.power(2).sum(dtype=np.float64)) / n or 1.0
    spread = np.maximum(np.diff(interactions.indptr), 1.0) ** item_exponent
    penalty = (ridge * (mean if relative else 1.0) * spread / spread.mean()).astype(np.float32)
    return rows, penalty


@dataclass(frozen=True)
class _ByColumns:
    """Columns of the weights by the inverse of ``R'R + D``, ``(items, items)``."""

    inverse: Array
    diagonal: Array
    penalty: Array
    keep_diagonal: bool
    instead: Callable[[slice], Array] | None

    @classmethod
    def of(cls, rows: sparse.csc_matrix, penalty: Array, ridge: float, *how: Any) -> _ByColumns:
        """The system solved, in its own memory; ``how`` are the last two attributes."""
        n = rows.shape[1]
        gram = np.empty((n, n), np.float32, order="F")
        transposed = rows.T
        for columns in blocks_of(n):
            gram[:, columns] = (transposed @ rows[:, columns]).toarray()
        gram[np.diag_indices(n)] += penalty
        inverse = inverted(gram, "ridge", ridge)
        return cls(inverse, inverse.diagonal().copy(), penalty, *how)

    def __call__(self, columns: slice) -> Array:
        inverse, penalty, diagonal = self.inverse, self.penalty, self.diagonal
        own = np.arange(len(inverse))[columns], np.arange(columns.stop - columns.start)
        block: Array
        if self.instead is not None:
            block = np.asfortranarray(self.instead(columns), np.float32)
            block -= inverse @ (penalty[:, None] * block)
            block -= inverse[:, columns] * (block[own] / diagonal[columns])
            block[own] = 0.0
        elif self.keep_diagonal:
            block = inverse[:, columns] * -penalty[columns]
            block[own] += 1.0
        else:
            block = inverse[:, columns] / -diagonal[columns]
            block[own] = 0.0
        return block


@dataclass(frozen=True)
class _ByRows:
    """The same where there are fewer users than items, by the smaller system ``I + R D^-1 R'`` (Woodbury)."""

    rows: sparse.csc_matrix
    scaled: sparse.csc_matrix
    factor: Array
    penalty: Array
    keep_diagonal: bool
    instead: Callable[[slice], Array] | None

    @classmethod
    def of(cls, rows: sparse.csc_matrix, penalty: Array, ridge: float, *how: Any) -> _ByRows:
        """The system factorised; ``how`` are the last two attributes."""
        scaled = (rows @ sparse.diags(1.0 / penalty)).tocsc()
        small = (scaled @ rows.T).toarray(order="F").astype(np.float32)
        small[np.diag_indices(len(small))] += 1.0
        return cls(rows, scaled, factorised(small, "ridge", ridge), penalty, *how)

    @cached_property
    def _transposed(self) -> sparse.csr_matrix:
        return self.scaled.T.tocsr()

    def __call__(self, columns: slice) -> Array:
        penalty, factor = self.penalty, self.factor
        right = self.scaled[:, columns].toarray(order="F")
        solved, _ = lapack.spotrs(factor, right, lower=1)
        block: Array = self._transposed @ solved
        if self.keep_diagonal:
            return block * penalty[columns]
        own = np.arange(self.rows.shape[1])[columns], np.arange(block.shape[1])
        diagonal = 1.0 / penalty[columns] - (right * solved).sum(axis=0)
        if self.instead is None:
            block /= diagonal
        else:
            of_inverse = -block
            of_inverse[own] += 1.0 / penalty[columns]
            wanted, _ = lapack.spotrs(factor, np.asfortranarray(self.rows @ self.instead(columns), np.float32), lower=1)
            block = self._transposed @ wanted
            block -= of_inverse * (block[own] / diagonal)
        block[own] = 0.0
        return block
