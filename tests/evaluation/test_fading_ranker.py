"""Fading histories by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.evaluation.fading_ranker import FadingRanker, fading

# User 0 took items 2, 0 and 1 in this order and 2 again with 1; user 1 took two items at times of which one is unknown.
HISTORY = Interactions.of_pairs([0, 0, 0, 0, 1, 1], [2, 0, 1, 2, 0, 1], [1, 2, 3, 3, np.nan, 5])


def test_an_item_counts_once_by_its_latest_time() -> None:
    assert fading(HISTORY, 2, 3, 0.5).toarray() == pytest.approx(np.array([[0.25, 1, 1], [1, 1, 0]]))
    assert fading(HISTORY, 2, 3, 1.0).toarray() == pytest.approx(np.array([[1, 1, 1], [1, 1, 0]]))
    assert fading(Interactions.of_pairs([], []), 2, 3, 0.5).nnz == 0


def test_scores_are_sums_over_the_faded_history() -> None:
    weights = np.arange(9, dtype=np.float32).reshape(3, 3)
    ranker = FadingRanker(HISTORY, 2, weights)
    users = np.array([0])
    assert ranker.scores(users)[0] == pytest.approx(weights.sum(axis=0))
    assert ranker.with_recency(0.5).scores(users)[0] == pytest.approx(0.25 * weights[0] + weights[1] + weights[2])
    other = ranker.with_recency(0.5).with_history(Interactions.of_pairs([0, 0], [0, 1], [2, 1]))
    assert other.scores(users)[0] == pytest.approx(weights[0] + 0.5 * weights[1])
