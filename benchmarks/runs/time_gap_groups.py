"""Users by how long after their last known event the test begins: next-click data and next-month data are two tasks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array
from kgrec.data.splits import Split

GROUPS = ("same second", "up to an hour", "longer")

_HOUR_S = 3600.0


def gap_groups(split: Split, n_users: int) -> dict[str, npt.NDArray[np.bool_]] | None:
    """Users by the time between their last event in train or validation and their first in the test set.

    Only where that means something: every time is in unix seconds, and no user's test begins before their history ends.

    Returns:
        Name of each group to bool ``(n_users,)``; None where there are no such times.
    """
    parts = (split.known, split.test)
    there = [part for part in parts if len(part)]
    if not there or not all(part.in_unix_seconds for part in there):
        return None
    # nan, which no comparison passes, for users who lack either
    gap: Array = split.test.first_times(n_users) - split.known.last_times(n_users)
    if (gap < 0).any():
        return None
    masks = (gap == 0, (gap > 0) & (gap <= _HOUR_S), gap > _HOUR_S)
    return dict(zip(GROUPS, masks, strict=True))
