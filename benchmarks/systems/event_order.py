"""Histories in order of time, as systems read them that learn what follows what."""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import IntArray, Interactions


def in_order(interactions: Interactions, n_users: int) -> tuple[IntArray, IntArray]:
    """The items of all users, each user's by time.

    Events of one time keep the order of the input. An item that follows itself counts once.

    Returns:
        Items one user after the other, and where each user's begin in them, ``(n_users + 1,)``.
    """
    order = np.lexsort((interactions.time, interactions.user))
    user, item = interactions.user[order], interactions.item[order]
    if len(user):
        new = np.r_[True, (user[1:] != user[:-1]) | (item[1:] != item[:-1])]
        user, item = user[new], item[new]
    return item, np.r_[0, np.cumsum(np.bincount(user, minlength=n_users))].astype(np.int64)
