"""Paths over texts: likeness above the usual, in one scale for all users."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.learn.channels.semantic_paths import semantic_paths
from kgrec.scoring.history_weights import HistoryWeights

TEXTS = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.0, 0.0], [5.0, 5.0]], np.float32)
"""The fourth item has no text; the last one is cold."""
KNOWN = np.arange(5) < 4
HISTORY = sparse.csr_matrix(np.array([[0.0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 4, 0, 0, 0]]))


def test_texts_speak_by_how_much_more_alike_they_are_than_is_usual() -> None:
    channel = semantic_paths(TEXTS, HistoryWeights(), HISTORY, KNOWN)
    mean = np.array([0.6, 1.6 / 3])
    for past in range(3):
        for item in (0, 1, 2, 4):
            expected = TEXTS[past] @ (TEXTS[item] - mean) * (past != item)
            assert channel.matrix.block(np.array([past]), np.array([item])) == pytest.approx(expected, abs=1e-6)
    assert channel.matrix.block(np.array([0]), np.array([1, 2])) == pytest.approx(np.array([[0.2, -0.6]]))


def test_an_item_without_a_text_is_neither_like_nor_unlike_any() -> None:
    matrix = semantic_paths(TEXTS, HistoryWeights(), HISTORY, KNOWN).matrix
    assert not matrix.block(np.array([3]), np.arange(5)).any()
    assert not matrix.block(np.arange(5), np.array([3])).any()


def test_the_unit_is_the_mean_spread_over_the_known_items_by_the_root_of_the_weights() -> None:
    channel = semantic_paths(TEXTS, HistoryWeights(0.5), HISTORY, KNOWN)
    mean = np.array([0.6, 1.6 / 3])
    likeness = TEXTS @ np.where(TEXTS.sum(axis=1, keepdims=True) > 0, TEXTS - mean, 0.0).T
    np.fill_diagonal(likeness, 0.0)
    spreads = [likeness[0, :4].std(), 4 * likeness[1, :4].std() / np.sqrt(4)]
    assert channel.unit == pytest.approx(np.mean(spreads), abs=1e-6)
    assert (channel.name, channel.history) == ("semantic_paths", HistoryWeights(0.5))


def test_nobody_has_a_text() -> None:
    channel = semantic_paths(np.zeros((5, 2), np.float32), HistoryWeights(), HISTORY, KNOWN)
    assert channel.unit == 1.0
    assert not channel.matrix.scores(HISTORY).any()
