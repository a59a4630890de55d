"""Sequential rules by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec_benchmarks.systems.sequential_rules import SequentialRules, rules

# User 0: items 0, 1, 2; user 1: items 1, 0.
HISTORIES = Interactions.of_pairs([0, 0, 0, 1, 1], [0, 1, 2, 1, 0], [1, 2, 3, 1, 2])


def test_rules_count_less_the_further_apart_they_are() -> None:
    found = rules(HISTORIES, 2, 3, steps=2, decay=1.0, damping=0.0).toarray()
    assert found == pytest.approx(np.array([[0, 1, 0.5], [1, 0, 1], [0, 0, 0]]))
    near = rules(HISTORIES, 2, 3, steps=1, decay=1.0, damping=0.0).toarray()
    assert near == pytest.approx(np.array([[0, 1, 0], [1, 0, 1], [0, 0, 0]]))
    damped = rules(HISTORIES, 2, 3, steps=2, decay=1.0, damping=1.0).toarray()
    assert damped == pytest.approx(np.array([[0, 1 / 1.5, 0.5 / 1.5], [0.5, 0, 0.5], [0, 0, 0]]))


def test_near_zero_only_the_last_item_speaks() -> None:
    ranker = SequentialRules.fit(HISTORIES, 2, 3, steps=1, damping=0.0, recency=1e-6)
    assert ranker.scores(np.array([1]))[0] == pytest.approx([0, 1, 0], abs=1e-5)
