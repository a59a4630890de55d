"""Facts hold from a moment on and before another, or always."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.triples import Facts

TIMES = st.one_of(st.just(float("nan")), st.integers(0, 6).map(float))


def of(since: list[float], until: list[float]) -> Facts:
    rows = np.arange(len(since))
    return Facts(rows, rows * 0, rows + 10, ("r",), np.array(since), np.array(until))


@given(st.lists(st.tuples(TIMES, TIMES), max_size=6), st.integers(0, 6))
def test_a_fact_holds_from_its_first_moment_on_and_before_its_last(times: list[tuple[float, float]], at: int) -> None:
    since, until = ([time[n] for time in times] for n in (0, 1))
    found = of(since, until).holding(float(at)).head.tolist()
    holds = [not at < first and not at >= last for first, last in times]  # no comparison with nan is true
    assert found == np.flatnonzero(holds).tolist()


def test_what_says_nothing_of_times_always_holds() -> None:
    facts = Facts(np.array([0, 1]), np.array([0, 0]), np.array([5, 6]), ("r",))
    assert facts.holding(1e9) is facts
    assert len(facts.holding(-1e9)) == 2


def test_times_stay_with_their_facts() -> None:
    facts = Facts.unique(
        np.array([3, 1, 1]),
        np.array([0, 0, 0]),
        np.array([5, 6, 6]),
        ("r",),
        np.array([1.0, 2.0, 9.0]),
        np.array([4.0, 5.0, 9.0]),
    )
    assert (facts.head.tolist(), facts.since.tolist(), facts.until.tolist()) == ([1, 3], [2.0, 1.0], [5.0, 4.0])
    both = facts.select(np.array([1])).joined(facts.select(np.array([0])))
    assert (both.since.tolist(), both.until.tolist()) == ([1.0, 2.0], [4.0, 5.0])
    assert np.isnan(Facts.none().until).tolist() == []
