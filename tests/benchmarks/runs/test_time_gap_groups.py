"""Groups of users by the time between history and test."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.data.splits import Split
from kgrec_benchmarks.runs.time_gap_groups import GROUPS, gap_groups

START = 1_000_000_000.0


def split(last: list[float], first: list[float], scale: float = 1.0, start: float = START) -> Split:
    users, zeros = list(range(len(last))), np.zeros(len(last))
    early, late = start + scale * np.array(last), start + scale * np.array(first)
    return Split(
        Interactions.of_pairs(users, zeros, early - 5 * scale),
        Interactions.of_pairs(users, zeros + 1, early),
        Interactions.of_pairs(users * 2, np.r_[zeros + 2, zeros + 3], np.r_[late, late + scale]),
    )


def test_users_fall_into_three_groups() -> None:
    found = gap_groups(split([0, 0, 0, 0], [0, 1, 3600, 3601]), 5)
    assert found is not None
    assert list(found) == list(GROUPS) == ["same second", "up to an hour", "longer"]
    assert [np.flatnonzero(mask).tolist() for mask in found.values()] == [[0], [1, 2], [3]]


@pytest.mark.parametrize(
    "other",
    [
        split([0, 0], [1, 1], start=6.0),  # positions
        split([0, 0], [1, 1], scale=1e3, start=1e12),  # milliseconds
        split([0, 2], [1, 1]),  # not in time order
        split([0, np.nan], [1, 1]),
    ],
)
def test_times_that_are_no_unix_seconds_in_order_give_no_groups(other: Split) -> None:
    assert gap_groups(other, 2) is None
