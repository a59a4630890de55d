"""Vectors of several encoders side by side; validation chooses how much each counts.

    t = (sqrt(w_1) t_1, ..., sqrt(w_n) t_n)        so that      <t, t'> = SUM_e w_e <t_e, t_e'>,      SUM_e w_e = 1

The similarity of two texts is the weighted mean of what the encoders say, and what is learned from the vectors sees all
of them. Weights are those with which the texts of a user's past items are most like what they took next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import pairs_without, sample_users
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import mean_metrics
from kgrec.scoring.matrices import LowRankMatrix

_SHARES = 0.25, 0.5, 0.75
"""Of an encoder that joins those before it."""


def joined_vectors(parts: Sequence[Array], weights: Sequence[float]) -> Array | None:
    """Vectors of texts, float32 ``(texts, dims of all encoders with a weight)``; None where there is no encoder.

    Args:
        parts: unit vectors by each encoder.
        weights: of the encoders, with the sum 1: a text's vector has length 1.
    """
    if len(parts) < 2:
        return parts[0] if parts else None
    return np.hstack([np.sqrt(np.float32(w)) * part for part, w in zip(parts, weights, strict=True) if w])


def equal_weights(n: int) -> list[float]:
    """The weights under which n encoders count alike."""
    return [1.0 / max(n, 1)] * n


def choose_weights(parts: Sequence[Array], train: Interactions, valid: Interactions, data: Dataset) -> list[float]:
    """Weights of encoders, with the sum 1, under which texts alone rank the validation part best by ndcg@10.

    The search starts from the best encoder and takes in each of the others where that is better, so that one which
    brings nothing has the weight 0.

    Args:
        parts: unit vectors of the items by each encoder, ``(items, dim)``.
        data: numbers of users and items.
    """
    n = len(parts)
    if n <= 1 or not len(valid):
        return equal_weights(n)
    n_users, n_items = len(data.users), len(data.items)
    seen = train.matrix(n_users, n_items)
    wanted = sample_users(pairs_without(valid.matrix(n_users, n_items), seen), LIMITS.validation_users)

    def quality(weights: Array) -> float:
        vectors = joined_vectors(parts, weights.tolist())
        return 0.0 if vectors is None or not wanted.nnz else _quality(vectors, seen, wanted)

    alone = np.eye(n)
    qualities = [quality(single) for single in alone]
    order = sorted(range(n), key=lambda e: -qualities[e])
    best, highest = alone[order[0]], qualities[order[0]]
    for e in order[1:]:
        start = best
        for share in _SHARES:
            weights = (1 - share) * start + share * alone[e]
            if (found := quality(weights)) > highest:
                best, highest = weights, found
    return [float(weight) for weight in best]


def _quality(vectors: Array, seen: sparse.csr_matrix, wanted: sparse.csr_matrix) -> float:
    """Validation ndcg@10 of items ranked by how like their texts are to those of past items."""
    ranker = ItemMatrixRanker((LowRankMatrix(vectors, vectors),), seen.astype(np.float32))
    return mean_metrics(ranker, seen, wanted, ks=(10,))["ndcg@10"]
