"""Kinds that take an item and kinds that only meet it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Interactions
from kgrec.data.funnel import finding, hold_out_taken, kinds_named, of_kinds, taking_kinds, without_pairs
from kgrec.data.splits import Split
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


def test_what_was_done_with_it_before_stays_in_train() -> None:
    given = did(
        [(0, 0, VIEW), (0, 1, BUY), (0, 2, VIEW), (0, 2, BUY), (0, 2, VIEW), (0, 3, VIEW)],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    )
    train, held = hold_out_taken(given, {"buy"})
    assert rows(held) == [(0, 2, BUY)]
    assert rows(train) == [(0, 0, VIEW), (0, 1, BUY), (0, 2, VIEW), (0, 3, VIEW)]
    assert train.time[(train.item == 2)].tolist() == [3.0]  # the view after the purchase is in no part


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=40), st.booleans()
)
def test_nothing_that_is_held_out_is_in_train(done: list[tuple[int, int, int]], timed: bool) -> None:
    given_ = did(done, [float(n % 7) for n in range(len(done))] if timed else None)
    train, held = hold_out_taken(given_, {"buy"})
    assert held.kinds_present <= {"buy"}
    assert not set(rows(train)) & set(rows(held))
    assert set(rows(train)) | set(rows(held)) <= set(done)
    moments = held.first_times(5)
    of_held = np.isin(train.user * 10 + train.item, held.user * 10 + held.item)
    assert not (train.time[of_held] >= moments[train.user[of_held]]).any()


def test_a_split_in_which_purchases_are_to_be_found() -> None:
    train, valid, test = (
        did([(0, 0, VIEW), (0, 1, BUY)], [1.0, 2.0]),
        did([(0, 2, VIEW), (0, 2, BUY), (0, 3, VIEW)], [3.0, 4.0, 5.0]),
        did([(0, 4, VIEW), (0, 4, BUY)], [6.0, 7.0]),
    )
    split = finding(Split(train, valid, test), frozenset({"buy"}))
    assert (rows(split.valid), rows(split.test)) == ([(0, 2, BUY)], [(0, 4, BUY)])
    assert rows(split.train) == [(0, 0, VIEW), (0, 1, BUY), (0, 2, VIEW)]
    assert rows(split.known) == sorted([*rows(split.train), (0, 2, BUY), (0, 4, VIEW)])


def test_kinds_are_named_with_commas_and_must_occur() -> None:
    given_ = did([(0, 0, VIEW), (0, 1, BUY)])
    assert kinds_named(" buy, view ", given_) == {"buy", "view"}
    assert kinds_named("", given_) == frozenset()
    with pytest.raises(ConfigError, match=r"(?s)nothing of this kind.*found\s+cart, rent.*buy, view"):
        kinds_named("buy,rent,cart", given_)
