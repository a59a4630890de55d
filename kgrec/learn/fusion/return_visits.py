"""Return visits inside validation: users who go on at once, and users who come back after a pause.

What a user does next depends on how long they were away. A split by time shows each user at one moment only, mostly in
the middle of a session; the validation part holds many more moments, and all of them are out of sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kgrec.data.dataset import FOR, Array, Interactions
from kgrec.learn.limits import LIMITS

PAUSES = (0.0, 1800.0)
"""Least seconds of each kind of pause: none, and the session gap of half an hour that web analytics uses."""


@dataclass(frozen=True)
class ReturnVisits:
    """Some users at one moment each.

    Attributes:
        history, wanted: their interactions before that moment, and from then on.
    """

    history: Interactions
    wanted: Interactions


def visits_after_pause(
    train: Interactions, valid: Interactions, n_users: int, least: float, most: float
) -> ReturnVisits:
    """Histories and further interactions of users at their first event after a pause of ``least`` to ``most`` seconds.

    The event is one of ``valid``; users without such an event are left out. Times are known, and ``valid`` is later.
    """
    order = np.lexsort((valid.time, valid.user))
    valid = valid.select(order)
    first_of_user = np.r_[True, valid.user[1:] != valid.user[:-1]]
    before = np.where(first_of_user, train.saying(FOR).last_times(n_users)[valid.user], np.r_[np.nan, valid.time[:-1]])
    pause = valid.time - before  # nan for the first event of all, which no comparison passes
    after_pause = np.flatnonzero((pause >= least) & (pause < most))
    users, first = np.unique(valid.user[after_pause], return_index=True)
    at: Array = np.full(n_users, np.nan)
    at[users] = valid.time[after_pause[first]]
    known = ~np.isnan(at)
    earlier = valid.time < at[valid.user]
    return ReturnVisits(
        train.select(known[train.user]).joined(valid.select(known[valid.user] & earlier)),
        valid.select(known[valid.user] & ~earlier),
    )


def enough_return_visits(train: Interactions, valid: Interactions, n_users: int) -> bool:
    """Whether enough users come back after a session gap for gates of return visits to be fitted."""
    if not (train.in_unix_seconds and valid.in_unix_seconds):
        return False
    visits = visits_after_pause(train, valid, n_users, PAUSES[-1], np.inf)
    return len(np.unique(visits.wanted.user)) >= LIMITS.return_visit_users
