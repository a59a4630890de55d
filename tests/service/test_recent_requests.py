"""Rates and percentiles of the last five minutes."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec.service import recent_requests
from kgrec.service.recent_requests import RecentRequests


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_figures_are_of_the_window_alone() -> None:
    clock = Clock()
    recent = RecentRequests(clock)
    assert recent.figures() == {
        "of_last_s": 1e-3,
        "requests": 0,
        "per_s": 0.0,
        "refused": 0,
        "failed": 0,
        "ms": None,
        "routes": [],
    }
    for n in range(1, 101):
        clock.now += 1.0
        recent.note("/a" if n % 2 else "/b", {0: 500, 7: 404}.get(n % 50, 200), n / 1e3)
    found = recent.figures()
    assert (found["of_last_s"], found["requests"], found["per_s"]) == (100.0, 100, 1.0)
    assert (found["refused"], found["failed"]) == (2, 2)
    assert found["ms"] == pytest.approx({"p50": 50.5, "p95": 95.05, "p99": 99.01, "max": 100.0})
    assert [(one["route"], one["requests"], one["failed"]) for one in found["routes"]] == [("/a", 50, 0), ("/b", 50, 2)]
    clock.now += 290.0
    found = recent.figures()
    assert (found["of_last_s"], found["requests"]) == (300.0, 11)
    clock.now += 300.0
    assert recent.figures()["requests"] == 0


def test_requests_of_other_processes_count_since_all_of_them_count() -> None:
    clock = Clock()
    first = RecentRequests(clock)
    first.note("/a", 200, 0.001)
    clock.now += 50.0
    second = RecentRequests(clock)
    for recent, status, seconds in ((first, 200, 0.001), (second, 500, 0.003), (second, 404, 0.005)):
        clock.now += 1.0
        recent.note("/a", status, seconds)
    found = first.figures([second.last()])
    assert (found["of_last_s"], found["requests"], found["refused"], found["failed"]) == (3.0, 3, 1, 1)
    assert found["ms"]["p50"] == pytest.approx(3.0)
    assert found == second.figures([first.last()])
    assert first.figures()["requests"] == 2


def test_of_very_many_the_newest_are_counted_over_their_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_requests, "MOST", 10)
    clock = Clock()
    recent: Any = RecentRequests(clock)
    recent._last = type(recent._last)(maxlen=10)
    for _ in range(50):
        clock.now += 0.5
        recent.note("/a", 200, 0.001)
    found = recent.figures()
    assert (found["requests"], found["of_last_s"]) == (10, pytest.approx(4.5))
