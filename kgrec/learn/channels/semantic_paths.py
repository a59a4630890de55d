"""The channel of paths over texts, item ~ text ~ item: how much more alike two texts are than is usual.

    M[j, i] = <t_j, t_i - m>        m: mean over the known items that have a text

What the texts of all items have in common says nothing; without the mean it would be most of every number. An item that
has no text is neither like nor unlike any. With one scale for all users a number depends on nothing but the two texts,
and goes when one of them goes.

Three items with t = (1, 0), (0.8, 0.6) and (0, 1), so m = (0.6, 0.533): the first speaks for the second with
``0.8 - 0.6 = 0.2``, and against the third with ``0 - 0.6 = -0.6``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.learn.channels.path_features import common_unit
from kgrec.scoring.channel_names import SEMANTIC_PATHS
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import Channel

_SPREAD_USERS = 1_000
"""Users who tell how far scores spread."""


def semantic_paths(
    vectors: Array, weights: HistoryWeights, history: sparse.csr_matrix, known: npt.NDArray[np.bool_]
) -> Channel:
    """The channel, with one scale for all users, in which scores of known items have unit spread on average.

    Args:
        vectors: of the items' texts, float32 ``(items, d)``, 0 where there is none.
        history: of all users in these weights, users x items.
        known: which items somebody has taken, bool ``(items,)``.
    """
    matrix = LowRankMatrix.beside_mean(vectors, vectors, known)
    sample = history[np.flatnonzero(np.diff(history.indptr))[:_SPREAD_USERS]]
    return Channel(SEMANTIC_PATHS, matrix, weights, common_unit(matrix.scores(sample)[:, known], sample))
