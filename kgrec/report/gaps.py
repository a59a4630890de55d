"""Users by how long after their last known event the test begins: next-click data and next-month data are two tasks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kgrec.dataset import Array
from kgrec.splits import Split

GROUPS = ("same second", "up to an hour", "longer")

_HOUR_S = 3600.0


def gap_groups(split: Split, n_users: int) -> dict[str, npt.NDArray[np.bool_]] | None:
    """Users by the time between their last event in train or validation and their first in the test set.

    Only where that means something: every time is in unix seconds, and no user's test begins before their history ends.

    Returns:
        Name of each group to bool ``(n_users,)``; None where there are no such times.
    """
    parts = (split.train, split.valid, split.test)
    there = [part for part in parts if len(part)]
    if not there or not all(part.in_unix_seconds for part in there):
        return None
    last, first = np.full(n_users, -np.inf), np.full(n_users, np.inf)
    for part in parts[:2]:
        np.maximum.at(last, part.user, part.time)
    np.minimum.at(first, split.test.user, split.test.time)
    both = np.isfinite(last) & np.isfinite(first)
    gap: Array = np.where(both, first, 0.0) - np.where(both, last, 0.0)
    if (gap < 0).any():
        return None
    masks = (gap == 0, (gap > 0) & (gap <= _HOUR_S), gap > _HOUR_S)
    return {name: both & mask for name, mask in zip(GROUPS, masks, strict=True)}
