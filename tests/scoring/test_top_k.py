"""Exact top-k with stable ties, and ranks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.scoring.top_k import mask_of, rank_of, top_k

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(SCORES, st.integers(1, 35), st.integers(0, 2**32 - 1))
def test_top_k_is_the_head_of_a_full_sort(values: list[float], k: int, seed: int) -> None:
    scores = np.array(values)
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(values)) < 0.7)
    expected = sorted(rows.tolist(), key=lambda row: (-scores[row], row))
    assert top_k(scores, rows, k).tolist() == expected[:k]
    for place, row in enumerate(expected, start=1):
        assert rank_of(row, scores, mask_of(rows, len(scores))) == place


def test_rank_of_an_item_that_is_no_candidate_is_the_place_it_would_take() -> None:
    assert rank_of(1, np.array([3.0, 2.0, 1.0]), np.array([True, False, True])) == 2
