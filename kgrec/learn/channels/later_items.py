"""Places of later items, which came after a training, in the vectors that it learned, without another training.

A map from what is known of items to their vectors is learned by ridge regression of the items that the training has
placed, and applied to those that it has not:

    W = argmin  SUM_placed  n_i |(1, f_i) W - (s_i, t_i)|^2 + penalty |W|^2
    (s_j, t_j) = n_j / (n_j + k) (1, f_j) W

f is a text vector, or the profile of those who took an item: the mean of what else they took, in the vectors that the
training learned. The last factor shrinks what little is known: with k = 5 an item taken five times goes half of the way
from "like the mean item".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.scoring.matrices import LowRankMatrix

_PENALTY = 1e-3
"""Of the ridge, as a part of the mean square of a feature."""
_SHRINKAGE = 5.0


def moved(matrix: LowRankMatrix, row_of: IntArray) -> LowRankMatrix:
    """The matrix over another catalogue; items that it does not have are neither near nor far: their vectors are 0.

    Args:
        row_of: row of each item in the old catalogue, -1 where it is not there, int64 ``(items,)``.
    """
    there = (row_of >= 0)[:, None]
    source, target = (
        np.where(there, factor[row_of], 0).astype(np.float32) for factor in (matrix.source, matrix.target)
    )
    return LowRankMatrix(source, target)


def without_place(matrix: LowRankMatrix) -> npt.NDArray[np.bool_]:
    """Items whose vectors are 0, bool ``(items,)``."""
    return ~np.asarray(np.hstack([matrix.source, matrix.target]).any(axis=1))


def placed(matrix: LowRankMatrix, features: Array, counts: Array) -> LowRankMatrix:
    """The matrix with vectors for items that had none, as a linear map predicts them.

    Args:
        features: what is known of each item, float ``(items, f)``.
        counts: how much of it there is: interactions, or any large number for a text; 0 for nothing, ``(items,)``.
    """
    known, fresh = ~without_place(matrix) & (counts > 0), without_place(matrix) & (counts > 0)
    if not (known.any() and fresh.any()):
        return matrix
    of_known = _with_constant(features[known])
    weighted = of_known * counts[known, None]
    system = of_known.T @ weighted
    system[np.diag_indices_from(system)] += _PENALTY * max(float(np.trace(system)) / len(system), 1e-12)
    width = matrix.source.shape[1]
    wanted = np.hstack([matrix.source[known], matrix.target[known]]).astype(np.float64)
    predicted = _with_constant(features[fresh]) @ np.linalg.solve(system, weighted.T @ wanted)
    predicted *= (counts[fresh] / (counts[fresh] + _SHRINKAGE))[:, None]
    source, target = matrix.source.copy(), matrix.target.copy()
    source[fresh], target[fresh] = predicted[:, :width], predicted[:, width:]
    return LowRankMatrix(source, target)


def taker_profiles(matrix: LowRankMatrix, history: sparse.csr_matrix) -> tuple[Array, Array]:
    """What else those who took an item took, as the mean of its vectors, float64 ``(items, 2 d)``, and how many did.

    Each history counts as one, and without the item itself: an item that has vectors is told from the others in the
    same way as one that has none.

    Args:
        history: weighted histories, users x items.
    """
    lengths = np.asarray(history.sum(axis=1)).ravel()
    even = sparse.diags(np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)) @ history
    took = history.astype(np.bool_).astype(np.float64)
    vectors = np.hstack([matrix.source, matrix.target]).astype(np.float64)
    own = np.asarray(took.multiply(even).sum(axis=0)).ravel()
    counts = np.asarray(took.sum(axis=0)).ravel()
    sums = took.T @ (even @ vectors) - own[:, None] * vectors
    return sums / np.maximum(counts, 1.0)[:, None], counts


def _with_constant(features: Array) -> Array:
    return np.hstack([np.ones((len(features), 1)), features.astype(np.float64)])
