"""Which items are taken near each other in time, counted.

For catalogues too large for :mod:`kgrec.learn.channels.next_item_ridge`.

Co-occurrence within a few steps of a user's sequence, as item2vec takes it (Barkan and Koenigstein 2016, arXiv
1603.04259), read as a rule: of the events around ``a``, how many are with ``b``. What is near in steps and in time
counts more, so that no border between sessions need be drawn.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Interactions

_PAIRS = 50_000_000
_MINUTE = 60.0


def session_rules(
    interactions: Interactions, n_items: int, *, horizon: int = 10, fade: float = 0.85
) -> sparse.csr_matrix:
    """Weights from past items to those taken around them.

        C[a, b] = SUM over users with a and b m <= horizon steps and t seconds apart of  fade^(m - 1) / log2(2 + t / 60)
        W[a, b] = C[a, b] / c_a

    with c_a the users of a. Each user's items count once, at the latest time. The horizon is shorter where the pairs
    would not fit into memory.

    Args:
        interactions: all with known times.

    Returns:
        float32 ``(n_items, n_items)``, rows are past items, columns candidates; no diagonal.
    """
    user, item, time = _in_order(interactions, n_items)
    horizon = max(1, min(horizon, _PAIRS // max(len(item), 1)))
    found = sparse.csr_matrix((n_items, n_items), dtype=np.float32)
    for steps in range(1, horizon + 1):
        same = user[steps:] == user[:-steps]
        if not same.any():
            break
        apart = (time[steps:] - time[:-steps])[same]
        near = (fade ** (steps - 1) / np.log2(2.0 + apart / _MINUTE)).astype(np.float32)
        found = found + sparse.csr_matrix((near, (item[:-steps][same], item[steps:][same])), shape=found.shape)
    users = np.bincount(item, minlength=n_items)
    result: sparse.csr_matrix = sparse.diags(1.0 / np.maximum(users, 1)) @ (found + found.T)
    return result.tocsr().astype(np.float32)


def _in_order(interactions: Interactions, n_items: int) -> tuple[Array, Array, Array]:
    """User, item and time of each pair's latest event, every user's in the order of time."""
    order = np.lexsort((interactions.time, interactions.user))
    user, item = interactions.user[order], interactions.item[order]
    pair = user * np.int64(n_items) + item
    _, from_end = np.unique(pair[::-1], return_index=True)
    kept = np.sort(len(pair) - 1 - from_end)
    return user[kept], item[kept], interactions.time[order][kept]
