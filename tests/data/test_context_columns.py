"""Circumstances as columns: what comes from a moment, what is declared, and what is unknown."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.context_columns import (
    OF_MOMENT,
    ContextColumn,
    Contexts,
    columns_of,
    context_text,
    joined,
    of_moment,
)
from kgrec.data.dataset import Interactions

TEXTS = st.text(max_size=6)


@given(st.floats(0, 4e9))
def test_columns_of_a_moment_are_those_of_the_calendar(moment: float) -> None:
    when = datetime.fromtimestamp(int(moment), UTC)
    (hour, weekday, month) = (
        column.values[column.code[0]] for column in (of_moment(name, np.array([moment])) for name in OF_MOMENT)
    )
    start, end = map(int, hour.split("-"))
    assert start <= when.hour < end == start + 3
    assert weekday == when.strftime("%A")
    assert month == when.strftime("%B")


def test_an_unknown_moment_has_no_circumstances() -> None:
    for name in OF_MOMENT:
        assert of_moment(name, np.array([np.nan, 0.0])).code.tolist()[0] == -1


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_a_text_of_circumstances_says_them_all(values: dict[str, str]) -> None:
    columns = columns_of([context_text(values), ""], np.array([0, 1, 0]))
    found = {column.name: column.values[column.code[0]] for column in columns}
    assert found == {name: value for name, value in values.items() if value}
    assert all(column.code.tolist() == [0, -1, 0] for column in columns)


def test_codes_among_other_values() -> None:
    column = ContextColumn.of_texts("device", ["tv", "", "phone", "watch"])
    assert column.codes_among(("phone", "tv")).tolist() == [1, -1, 0, -1]
    assert ContextColumn("device", (), np.array([-1, -1])).codes_among(("tv",)).tolist() == [-1, -1]


def test_columns_that_one_side_does_not_have_are_unknown_there() -> None:
    first = (ContextColumn.of_texts("device", ["tv", "phone"]),)
    second = (ContextColumn.of_texts("device", ["watch"]), ContextColumn.of_texts("weather", ["rain"]))
    device, weather = joined(first, 2, second, 1)
    assert [device.values[code] for code in device.code] == ["tv", "phone", "watch"]
    assert weather.code.tolist() == [-1, -1, 0]


def test_contexts_are_found_by_column_or_by_the_moment() -> None:
    tuesday = datetime(2024, 1, 2, 13, tzinfo=UTC).timestamp()
    asked = Contexts(np.array([tuesday, np.nan]), (ContextColumn.of_texts("device", ["tv", ""]),))
    assert asked.codes("device", ("phone", "tv")).tolist() == [1, -1]
    assert asked.codes("weekday", OF_MOMENT["weekday"]).tolist() == [1, -1]
    assert asked.codes("weather", ("rain",)).tolist() == [-1, -1]
    assert asked.of_user(0).codes("device", ("tv",)).tolist() == [0]


@pytest.mark.parametrize("asked", [None, 5.0, np.array([5.0, 5.0, 5.0])])
def test_what_is_asked_may_be_a_moment_or_nothing(asked: float | None) -> None:
    assert Contexts.of(asked, 3).at.tolist() == pytest.approx([np.nan if asked is None else 5.0] * 3, nan_ok=True)


def test_one_context_is_that_of_all() -> None:
    one = Contexts(np.array([7.0]), (ContextColumn.of_texts("device", ["tv"]),))
    assert Contexts.of(one, 3).codes("device", ("tv",)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("timed", [True, False])
def test_the_context_of_a_user_is_that_of_their_first_interaction(timed: bool) -> None:
    times = np.array([9.0, 3.0, 8.0, 1.0]) if timed else np.full(4, np.nan)
    done = Interactions.of_pairs([0, 0, 2, 2], [0, 1, 2, 3], times)
    done = Interactions(**{**vars(done), "context": (ContextColumn.of_texts("device", ["tv", "phone", "watch", ""]),)})
    asked = done.first_contexts(3)
    first = ["phone", "", ""] if timed else ["tv", "", "watch"]
    assert asked.codes("device", ("phone", "tv", "watch")).tolist() == [
        -1 if not value else ("phone", "tv", "watch").index(value) for value in first
    ]
    np.testing.assert_array_equal(asked.at, done.first_times(3))
    later = done.select(np.array([1, 3]))
    assert [column.code.tolist() for column in later.context] == [[0, -1]] or timed
    assert len(done.joined(later).context[0].code) == 6
    assert done.digest != later.joined(later).digest
