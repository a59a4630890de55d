"""Interactions as columns: the first and the last time of each user."""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import Interactions


def test_first_and_last_times_are_those_of_users_whose_times_are_all_known() -> None:
    nan = np.nan
    interactions = Interactions.of_pairs([0, 0, 0, 1, 1, 3], [0, 1, 2, 0, 1, 2], [5.0, 2.0, 9.0, 1.0, nan, -4.0])
    np.testing.assert_array_equal(interactions.last_times(5), [9.0, nan, nan, -4.0, nan])
    np.testing.assert_array_equal(interactions.first_times(5), [2.0, nan, nan, -4.0, nan])


def test_nobody_has_no_times() -> None:
    assert np.isnan(Interactions.of_pairs([], []).last_times(2)).all()
