"""ContentKNN: items whose facts or texts are near to those of a user's history, cold items included."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.evaluation.compared_system import Setting
from kgrec.learn.channels.content_kernel import content_knn
from kgrec.metrics.rankers import MatrixRanker
from kgrec.scoring.history_weights import HistoryWeights

_NEIGHBOURS = (5, 20, 100, 400)
_RECENCY = (1.0, 0.95, 0.9, 0.8, 0.7)


@dataclass(frozen=True)
class ContentKNN(MatrixRanker):
    """Scores are the sum of a candidate's similarities to the items of the history; candidates may be cold."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        vectors: Array | sparse.csr_matrix,
        neighbours: int = 100,
        recency: float = 1.0,
    ) -> Self:
        """Keep the nearest known items of every item, see :func:`~kgrec.learn.channels.content_kernel.content_knn`.

        Args:
            vectors: of all items, unit length, ``(items, d)``.
            recency: weight of an item of the history relative to the one after it.
        """
        n_items = vectors.shape[0]
        known = np.bincount(train.item, minlength=n_items) > 0
        history = HistoryWeights(recency).matrix(train, n_users, n_items).astype(np.float32)
        return cls(history, content_knn(vectors, known, neighbours=neighbours))


def content_settings(train: Interactions) -> list[Setting]:
    """What is tried for :class:`ContentKNN`; recency only where all times are known, as our own model does."""
    recency = _RECENCY if train.has_time else (1.0,)
    return [{"neighbours": n, "recency": factor} for n, factor in itertools.product(_NEIGHBOURS, recency)]
