"""Histories in order of time."""

from __future__ import annotations

from kgrec.data.dataset import Interactions
from kgrec_benchmarks.systems.event_order import in_order


def test_events_are_in_order_and_one_that_follows_itself_counts_once() -> None:
    given = Interactions.of_pairs([2, 0, 0, 0, 0, 2], [7, 3, 4, 3, 3, 6], [5, 2, 1, 3, 4, 5])
    item, start = in_order(given, 4)
    assert item.tolist() == [4, 3, 7, 6]
    assert start.tolist() == [0, 2, 2, 4, 4]
    item, start = in_order(Interactions.of_pairs([], []), 2)
    assert (item.tolist(), start.tolist()) == ([], [0, 0, 0])
