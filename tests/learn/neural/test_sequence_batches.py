"""Histories as sequences: no event is lost, none is in two places."""

from __future__ import annotations

import numpy as np

from kgrec.learn.neural.sequence_batches import batches, padded, windows


def test_every_event_but_the_first_is_a_next_item_once() -> None:
    begins, ends = windows(np.array([0, 7, 7, 8, 10]), 3)
    targets = [place for begin, end in zip(begins, ends, strict=True) for place in range(begin + 1, end)]
    assert sorted(targets) == [1, 2, 3, 4, 5, 6, 9]
    assert (ends - begins).max() == 4


def test_every_sequence_is_in_one_batch() -> None:
    lengths = np.random.default_rng(0).integers(2, 30, 100)
    found = batches(lengths, 6, np.random.default_rng(1))
    assert sorted(np.concatenate(found).tolist()) == list(range(100))
    assert max(map(len, found)) == 6


def test_sequences_are_filled_up_at_the_end() -> None:
    rows, lengths = padded(np.arange(10, 20), np.array([0, 4]), np.array([2, 7]), 99)
    assert rows.tolist() == [[10, 11, 99], [14, 15, 16]]
    assert lengths.tolist() == [2, 3]
