"""What each user did in the order of time, one event per item."""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import Array, IntArray, Interactions


def latest_events(interactions: Interactions, n_items: int) -> tuple[IntArray, IntArray, Array]:
    """User, item and time of each user's latest event with each item, by user and then by time.

    Args:
        interactions: all with known times; events of the same time stay in the order given.
    """
    order = np.lexsort((interactions.time, interactions.user))
    user, item = interactions.user[order], interactions.item[order]
    pair = user * np.int64(n_items) + item
    _, from_end = np.unique(pair[::-1], return_index=True)
    kept = np.sort(len(pair) - 1 - from_end)
    return user[kept], item[kept], interactions.time[order][kept]
