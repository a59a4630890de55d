"""Return visits: who was away for how long, and what was known of them by then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.learn.fusion.return_visits import enough_return_visits, visits_after_pause
from kgrec.learn.limits import LIMITS

T0 = 1e9
TRAIN = Interactions.of_pairs([0, 0, 1, 2], [0, 1, 0, 3], [T0, T0 + 10, T0, T0])
VALID = Interactions.of_pairs(
    [0, 0, 0, 1, 1, 3], [2, 3, 4, 5, 6, 7], [T0 + 20, T0 + 9_000, T0 + 9_010, T0 + 50, T0 + 60, T0 + 70]
)


def rows(part: Interactions) -> set[tuple[int, int]]:
    return set(zip(part.user.tolist(), part.item.tolist(), strict=True))


def test_after_a_long_pause_everything_before_it_is_history() -> None:
    visits = visits_after_pause(TRAIN, VALID, 4, 1800.0, np.inf)
    assert rows(visits.history) == {(0, 0), (0, 1), (0, 2)}
    assert rows(visits.wanted) == {(0, 3), (0, 4)}


def test_within_a_session_it_is_the_first_event() -> None:
    visits = visits_after_pause(TRAIN, VALID, 4, 0.0, 1800.0)
    assert rows(visits.history) == {(0, 0), (0, 1), (1, 0)}
    assert rows(visits.wanted) == {(0, 2), (0, 3), (0, 4), (1, 5), (1, 6)}


def test_a_pause_of_the_other_kind_is_passed_over() -> None:
    """User 2 comes back after hours and then goes on: within a session, the first event is the second one."""
    later = Interactions.of_pairs([2, 2], [8, 9], [T0 + 9_000, T0 + 9_010])
    visits = visits_after_pause(TRAIN, later, 4, 0.0, 1800.0)
    assert rows(visits.history) == {(2, 3), (2, 8)}
    assert rows(visits.wanted) == {(2, 9)}


def test_the_order_of_the_input_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(len(VALID))
    visits = visits_after_pause(TRAIN, VALID.select(order), 4, 1800.0, np.inf)
    assert rows(visits.wanted) == {(0, 3), (0, 4)}


def test_whether_there_are_enough_return_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not enough_return_visits(TRAIN, VALID, 4)  # one does
    monkeypatch.setattr("kgrec.learn.fusion.return_visits.LIMITS", replace(LIMITS, return_visit_users=1))
    assert enough_return_visits(TRAIN, VALID, 4)
    assert not enough_return_visits(TRAIN, VALID.select(VALID.time < T0 + 9_000), 4)
    train, valid = [replace(part, time=part.time - T0) for part in (TRAIN, VALID)]
    assert not enough_return_visits(train, valid, 4)  # positions say nothing of pauses


def test_positions_milliseconds_and_unknown_times_are_no_seconds() -> None:
    assert VALID.in_unix_seconds
    assert not Interactions.of_pairs([0], [0], [5.0]).in_unix_seconds
    assert not Interactions.of_pairs([0, 0], [0, 1], [T0, np.nan]).in_unix_seconds
    assert not Interactions.of_pairs([0], [0], [T0 * 1e3]).in_unix_seconds
