"""Neighbours by content: a cold item is found by what it has in common with the history."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec_benchmarks.systems.content_knn import ContentKNN, content_settings

VECTORS = np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)
"""Items 0 and 1 are known, 2 and 3 are cold."""


def test_a_cold_item_has_the_similarity_to_the_history() -> None:
    ranker = ContentKNN.fit(Interactions.of_pairs([0, 1, 1], [0, 0, 1]), 2, VECTORS)
    scores = ranker.scores(np.array([0, 1]))
    assert scores[:, 2:] == pytest.approx(np.array([[1, 0.6], [1, 1.4]]))


def test_recency_weighs_the_history_where_times_are_known() -> None:
    timed = Interactions.of_pairs([0, 0], [0, 1], time=[1, 2])
    assert ContentKNN.fit(timed, 1, VECTORS, recency=0.5).scores(np.array([0]))[0, 2:] == pytest.approx([0.5, 1.1])
    assert {setting["recency"] for setting in content_settings(timed)} == {1.0, 0.95, 0.9, 0.8, 0.7}
    assert {setting["recency"] for setting in content_settings(Interactions.of_pairs([0], [0]))} == {1.0}
