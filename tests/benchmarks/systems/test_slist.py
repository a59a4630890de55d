"""SLIST against a plain least-squares solver."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.learn.channels.ease import ease
from kgrec_benchmarks.systems.slist import cuts, slist

# User 0: items 0, 1, 2; user 1: item 1; user 2: items 2, 0.
HISTORIES = Interactions.of_pairs([0, 0, 0, 1, 2, 2], [0, 1, 2, 1, 2, 0], [1, 2, 3, 1, 1, 2])


def test_a_history_is_cut_after_every_event_but_the_last() -> None:
    past, future = (part.toarray() for part in cuts(HISTORIES, 3, 3, 0.5))
    assert past == pytest.approx(np.array([[1, 0, 0], [0.5, 1, 0], [0, 0, 1]]))
    assert future == pytest.approx(np.array([[0, 1, 0.5], [0, 0, 1], [1, 0, 0]]))


def test_without_order_it_is_ease() -> None:
    found = slist(HISTORIES, 3, 3, ridge=2.0, alpha=1.0, fading=0.5).toarray()
    assert found == pytest.approx(ease(HISTORIES.matrix(3, 3), 2.0, relative=False).toarray(), abs=1e-5)


def test_the_weights_are_those_of_least_squares_over_both_tables() -> None:
    ridge, alpha = 0.7, 0.4
    x = HISTORIES.matrix(3, 3).toarray().astype(float)
    past, future = (part.toarray().astype(float) for part in cuts(HISTORIES, 3, 3, 0.5))
    found = slist(HISTORIES, 3, 3, ridge=ridge, alpha=alpha, fading=0.5).toarray()
    for column in range(3):
        others = [row for row in range(3) if row != column]
        left = np.vstack(
            [np.sqrt(alpha) * x[:, others], np.sqrt(1 - alpha) * past[:, others], np.sqrt(ridge) * np.eye(2)]
        )
        right = np.concatenate([np.sqrt(alpha) * x[:, column], np.sqrt(1 - alpha) * future[:, column], np.zeros(2)])
        assert found[others, column] == pytest.approx(np.linalg.lstsq(left, right, rcond=None)[0], abs=1e-5)
        assert found[column, column] == 0
