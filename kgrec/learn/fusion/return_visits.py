"""Moments of asking inside validation: somebody goes on at once, or comes back after a pause.

What a person does next depends on how long they were away. A split by time shows each user at one moment only, mostly
in the middle of a session; the validation part holds many more, and all of them are out of sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.limits import LIMITS

PAUSES = (0.0, 1800.0)
"""Seconds from which a pause counts as another kind of moment: half an hour ends a session, as in web analytics."""


@dataclass(frozen=True)
class ReturnVisits:
    """Some users, each at one moment: what they had done, and what they did from then on."""

    history: Interactions
    wanted: Interactions


def visits_after_pause(
    train: Interactions, valid: Interactions, n_users: int, least: float, most: float
) -> ReturnVisits:
    """Each user at the first event of ``valid`` that came after a pause of ``least`` to ``most`` seconds.

    Users without one are left out. ``train`` and ``valid`` have known times, and valid is later.
    """
    order = np.lexsort((valid.time, valid.user))
    valid = valid.select(order)
    first_of_user = np.r_[True, valid.user[1:] != valid.user[:-1]]
    before = np.where(first_of_user, train.last_times(n_users)[valid.user], np.r_[np.nan, valid.time[:-1]])
    pause = valid.time - before  # nan for who had done nothing, which no comparison passes
    users, place = np.unique(valid.user[(pause >= least) & (pause < most)], return_index=True)
    at: Array = np.full(n_users, np.nan)
    at[users] = valid.time[np.flatnonzero((pause >= least) & (pause < most))[place]]
    known = ~np.isnan(at)
    earlier = valid.time < at[valid.user]
    return ReturnVisits(
        train.select(known[train.user]).joined(valid.select(known[valid.user] & earlier)),
        valid.select(known[valid.user] & ~earlier),
    )


def enough_return_visits(train: Interactions, valid: Interactions, n_users: int) -> bool:
    """Whether enough users are seen to come back after the longest of the pauses that gates can be fitted for that."""
    if not (train.in_unix_seconds and valid.in_unix_seconds):
        return False
    visits = visits_after_pause(train, valid, n_users, PAUSES[-1], np.inf)
    return len(np.unique(visits.wanted.user)) >= LIMITS.return_visit_users
