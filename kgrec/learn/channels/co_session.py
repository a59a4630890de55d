"""Co-session weights: how often items follow each other within a few steps of a user's sequence.

For catalogues too large for :mod:`kgrec.learn.channels.next_item_ridge`.

Co-occurrence within a few steps of a user's sequence, as item2vec takes it (Barkan and Koenigstein 2016, arXiv
1603.04259), read as a rule: of the events around ``a``, how many are with ``b``. What is near in steps and in time
counts more, so that no border between sessions need be drawn.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.learn.channels.sequences import latest_events
from kgrec.learn.limits import LIMITS

_MINUTE = 60.0


def co_session_weights(
    interactions: Interactions, n_items: int, *, horizon: int = 10, fade: float = 0.85
) -> sparse.csr_matrix:
    """Weights from past items to those that follow or precede them, near in steps and in time.

        C[a, b] = SUM over users with a and b m <= horizon steps and t seconds apart of  fade^(m - 1) / log2(2 + t / 60)
        W[a, b] = C[a, b] / c_a

    with c_a the users of a. Each user's items count once, at the latest time. The horizon is shorter where the pairs
    would not fit into memory.

    Args:
        interactions: all with known times.

    Returns:
        float32 ``(n_items, n_items)``, rows are past items, columns candidates; no diagonal.
    """
    user, item, time = latest_events(interactions, n_items)
    horizon = max(1, min(horizon, LIMITS.session_pairs // max(len(item), 1)))
    counts = sparse.csr_matrix((n_items, n_items), dtype=np.float32)
    for steps in range(1, horizon + 1):
        same = user[steps:] == user[:-steps]
        if not same.any():
            break
        apart = (time[steps:] - time[:-steps])[same]
        near = (fade ** (steps - 1) / np.log2(2.0 + apart / _MINUTE)).astype(np.float32)
        counts = counts + sparse.csr_matrix((near, (item[:-steps][same], item[steps:][same])), shape=counts.shape)
    users = np.bincount(item, minlength=n_items)
    result: sparse.csr_matrix = sparse.diags(1.0 / np.maximum(users, 1)) @ (counts + counts.T)
    return result.tocsr().astype(np.float32)
