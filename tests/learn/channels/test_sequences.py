"""Sequences of users by hand."""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import Interactions
from kgrec.learn.channels.sequences import latest_events


def test_each_item_counts_once_at_its_latest_time_in_the_order_of_time() -> None:
    events = Interactions.of_pairs([1, 0, 1, 0, 1, 0], [5, 3, 4, 3, 5, 2], time=[1.0, 9.0, 2.0, 4.0, 3.0, 6.0])
    user, item, time = latest_events(events, 6)
    assert user.tolist() == [0, 0, 1, 1]
    assert item.tolist() == [2, 3, 4, 5]
    assert time.tolist() == [6.0, 9.0, 2.0, 3.0]


def test_events_of_one_time_stay_in_the_order_given() -> None:
    events = Interactions.of_pairs([0, 0, 0], [2, 0, 1], time=[7.0, 7.0, 7.0])
    assert latest_events(events, 3)[1].tolist() == [2, 0, 1]


def test_nobody_did_anything() -> None:
    parts = latest_events(Interactions.of_pairs([], [], time=[]), 3)
    assert all(len(part) == 0 for part in parts)
    assert parts[2].dtype == np.float64
