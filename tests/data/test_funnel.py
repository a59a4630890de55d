"""Kinds that take an item and kinds that only meet it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Interactions
from kgrec.data.funnel import hold_out_taken, kinds_named, of_kinds, split_in_time, taking_kinds, without_pairs
from kgrec.errors import ConfigError
from tests.support.funnel import BUY, CART, VIEW, did


def rows(interactions: Interactions) -> list[tuple[int, int, int]]:
    return sorted(zip(interactions.user.tolist(), interactions.item.tolist(), interactions.kind.tolist(), strict=True))


def test_a_kind_takes_where_only_it_is_held_out_and_was_met_before() -> None:
    train = did([(0, 0, VIEW), (0, 1, VIEW), (0, 2, BUY)])
    assert taking_kinds(train, did([(0, 0, BUY)])) == {"buy"}
    everything = {"buy", "view"}
    assert taking_kinds(train, did([(0, 3, BUY)])) == everything  # nobody had met what is held out
    assert taking_kinds(train, did([(1, 0, BUY)])) == everything  # another user had
    assert taking_kinds(train, did([(0, 0, BUY), (0, 4, VIEW)])) == everything  # views are to be found as well
    assert taking_kinds(train, did([(0, 2, BUY)])) == everything  # it had been bought


def test_one_kind_is_never_apart() -> None:
    train = did([(0, 0, BUY), (0, 1, BUY)])
    assert taking_kinds(train, did([(0, 0, BUY)])) == {"buy"} == train.kinds_present


def test_parts_of_interactions_by_kind_and_by_pair() -> None:
    given = did([(0, 0, VIEW), (0, 0, BUY), (1, 0, CART), (1, 1, BUY)])
    assert rows(of_kinds(given, frozenset({"buy"}))) == [(0, 0, BUY), (1, 1, BUY)]
    assert rows(without_pairs(given, did([(0, 0, CART), (2, 1, BUY)]))) == [(1, 0, CART), (1, 1, BUY)]


def test_what_was_done_before_is_known_and_what_was_done_later_is_not() -> None:
    given = did(
        [(0, 0, VIEW), (0, 1, BUY), (0, 2, VIEW), (0, 2, BUY), (0, 2, VIEW), (0, 3, VIEW), (1, 0, VIEW), (1, 0, BUY)],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
    )
    train, held = hold_out_taken(given, frozenset({"buy"}))
    assert rows(held) == [(0, 2, BUY)]
    assert rows(train) == [(0, 0, VIEW), (0, 1, BUY), (0, 2, VIEW), (1, 0, BUY), (1, 0, VIEW)]
    assert train.time[train.item == 2].tolist() == [3.0]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=40), st.booleans()
)
def test_nothing_that_is_held_out_is_in_train(done: list[tuple[int, int, int]], timed: bool) -> None:
    given_ = did(done, [float(n % 7) for n in range(len(done))] if timed else None)
    train, held = hold_out_taken(given_, frozenset({"buy"}))
    assert held.kinds_present <= {"buy"}
    assert not set(rows(train)) & set(rows(held))
    assert set(rows(train)) | set(rows(held)) <= set(done)
    moments = held.first_times(5)
    of_held = np.isin(train.user * 10 + train.item, held.user * 10 + held.item)
    assert not (train.time[of_held] >= moments[train.user[of_held]]).any()


def test_a_split_in_which_purchases_are_to_be_found() -> None:
    """Ten purchases, a view before each; the last two are the test, the one before them validation."""
    bought = [(0, item, BUY) for item in range(10)]
    viewed = [(0, item, VIEW) for item in range(10)]
    times = [2.0 * item + 2 for item in range(10)]
    given = did(bought + viewed, times + [time - 1 for time in times])
    split = split_in_time(given, "buy", 0)
    assert rows(split.valid) == bought[7:8]
    assert rows(split.test) == bought[8:]
    assert rows(split.train) == sorted(bought[:7] + viewed[:8])
    assert split.between is not None
    assert rows(split.between) == viewed[8:9]  # the last view is later than the first purchase of the test
    whole = split_in_time(given, "", 0)
    assert whole.between is None
    assert rows(whole.test) == sorted(bought[8:] + viewed[8:])


def test_kinds_are_named_with_commas_and_must_occur() -> None:
    given_ = did([(0, 0, VIEW), (0, 1, BUY)])
    assert kinds_named(" buy, view ", given_) == {"buy", "view"}
    assert kinds_named("", given_) == frozenset()
    with pytest.raises(ConfigError, match=r"(?s)nothing of this kind.*found\s+cart, rent.*buy, view"):
        kinds_named("buy,rent,cart", given_)
