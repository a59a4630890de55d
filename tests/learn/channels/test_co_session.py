"""Rules of what is taken near what, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.learn.channels import co_session as sessions
from kgrec.learn.channels.co_session import co_session_weights
from kgrec.learn.limits import LIMITS


def test_rules_by_hand() -> None:
    # User 0 takes 2, a minute later 0, two minutes later 1; user 1 takes 0, 1, and 0 again at the end, at once.
    events = Interactions.of_pairs([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 0], time=[60, 180, 0, 7, 7, 7])
    found = co_session_weights(events, 4, fade=0.5).toarray()
    expected = np.zeros((4, 4))
    expected[2, 0] = expected[0, 2] = 1 / np.log2(3)
    expected[0, 1] = expected[1, 0] = 1 / np.log2(4) + 1
    expected[2, 1] = expected[1, 2] = 0.5 / np.log2(5)
    np.testing.assert_allclose(found, expected / np.array([2, 2, 1, 1])[:, None], atol=1e-6)
    assert found.dtype == np.float32


def test_the_horizon_ends_what_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    events = Interactions.of_pairs([0] * 4, [0, 1, 2, 3], time=[1, 2, 3, 4])
    assert co_session_weights(events, 4, horizon=1).nnz == 6
    assert co_session_weights(events, 4, horizon=2).nnz == 10
    monkeypatch.setattr(sessions, "LIMITS", replace(LIMITS, session_pairs=8))  # memory for two steps
    assert co_session_weights(events, 4).nnz == 10


def test_nobody_took_anything() -> None:
    assert co_session_weights(Interactions.of_pairs([], [], time=[]), 3).nnz == 0
