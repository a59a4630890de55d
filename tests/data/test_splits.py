"""What every split promises, on random behaviour."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Interactions
from kgrec.data.splits import (
    Split,
    cut_at_last,
    hide,
    hold_out_last,
    k_fold,
    leave_one_out,
    random_split,
    time_split_global,
    time_split_per_user,
)
from kgrec.errors import ConfigError

Pairs = set[tuple[int, int]]

events = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9), st.integers(0, 50)), min_size=1, max_size=80).map(
    lambda rows: Interactions.of_pairs(*np.array(rows).T)
)

MAKERS: dict[str, Callable[[Interactions, int], list[Split]]] = {
    "random": lambda x, seed: [random_split(x, 0.2, 0.3, seed)],
    "k_fold": lambda x, seed: list(k_fold(x, 3, 0.2, seed)),
    "leave_one_out": lambda x, seed: [leave_one_out(x, seed)],
    "time_per_user": lambda x, seed: [time_split_per_user(x, 0.2, 0.3, seed)],
    "time_global": lambda x, seed: [time_split_global(x, 20.0, 35.0)],
}
TIMED = ("leave_one_out", "time_per_user", "time_global")


def pairs(part: Interactions) -> Pairs:
    return set(zip(part.user.tolist(), part.item.tolist(), strict=True))


def rows(*parts: Interactions) -> list[tuple[int, int, float]]:
    return sorted(row for p in parts for row in zip(p.user.tolist(), p.item.tolist(), p.time.tolist(), strict=True))


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=60, deadline=None)
@given(x=events, seed=st.integers(0, 5))
def test_promises(name: str, x: Interactions, seed: int) -> None:
    for split, again in zip(MAKERS[name](x, seed), MAKERS[name](x, seed), strict=True):
        train, valid, test = pairs(split.train), pairs(split.valid), pairs(split.test)
        assert not train & valid
        assert not train & test
        assert not valid & test
        assert rows(split.train, split.valid, split.test) == rows(x)
        assert {user for user, _ in train} == set(x.user.tolist())
        assert (rows(split.train), rows(split.valid)) == (rows(again.train), rows(again.valid))


@pytest.mark.parametrize("name", TIMED)
@settings(max_examples=60, deadline=None)
@given(x=events, seed=st.integers(0, 5))
def test_no_time_leak(name: str, x: Interactions, seed: int) -> None:
    """Of a user's items, by the last time each was taken: train, then validation, then test."""
    last = {pair: max(t for u, i, t in rows(x) if (u, i) == pair) for pair in pairs(x)}
    split = MAKERS[name](x, seed)[0]
    for earlier, later in ((split.train, split.valid), (split.train, split.test), (split.valid, split.test)):
        for user in range(7):
            before = [last[pair] for pair in pairs(earlier) if pair[0] == user]
            after = [last[pair] for pair in pairs(later) if pair[0] == user]
            assert not before or not after or max(before) <= min(after)


@settings(max_examples=60, deadline=None)
@given(x=events, seed=st.integers(0, 5))
def test_every_pair_of_a_longer_history_is_tested_in_one_fold(x: Interactions, seed: int) -> None:
    tested = [pair for split in k_fold(x, 3, 0.0, seed) for pair in pairs(split.test)]
    assert len(tested) == len(set(tested))
    counts = np.bincount([user for user, _ in pairs(x)])
    missing = pairs(x) - set(tested)
    # The only item of a user stays in train.
    assert {user for user, _ in missing} == {user for user in range(len(counts)) if counts[user] == 1}


def test_shares_hold_in_the_mean() -> None:
    rng = np.random.default_rng(0)
    x = Interactions.of_pairs(np.repeat(np.arange(500), 7), np.tile(np.arange(7), 500), rng.random(3500))
    for split in (random_split(x, 0.1, 0.2), time_split_per_user(x, 0.1, 0.2)):
        assert len(split.valid) / len(x) == pytest.approx(0.1, abs=0.01)
        assert len(split.test) / len(x) == pytest.approx(0.2, abs=0.01)
    assert repr(leave_one_out(x)) == "Split(2500 train, 500 valid, 500 test)"


def test_seeds_differ() -> None:
    x = Interactions.of_pairs(np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20))
    assert pairs(random_split(x, seed=1).test) != pairs(random_split(x, seed=2).test)


def test_leave_one_out_by_hand() -> None:
    x = Interactions.of_pairs([0, 0, 0, 1, 1, 2], [5, 6, 7, 5, 6, 5], [30, 10, 20, 2, 1, 9])
    split = leave_one_out(x)
    assert pairs(split.test) == {(0, 5), (1, 5)}
    assert pairs(split.valid) == {(0, 7)}
    assert pairs(split.train) == {(0, 6), (1, 6), (2, 5)}


def test_global_cut_by_hand() -> None:
    x = Interactions.of_pairs([0, 0, 0, 1, 1], [1, 2, 3, 4, 5], [1, 10, 20, 21, 21])
    split = time_split_global(x, 10, 20)
    assert pairs(split.train) == {(0, 1), (1, 4)}
    assert pairs(split.valid) == {(0, 2)}
    assert pairs(split.test) == {(0, 3), (1, 5)}


def test_nothing_splits_into_nothing() -> None:
    x = Interactions.of_pairs([], [])
    split = random_split(x)
    assert [len(part) for part in (split.train, split.valid, split.test)] == [0, 0, 0]


def message(make: Callable[[Interactions], object]) -> str:
    with pytest.raises(ConfigError) as error:
        make(Interactions.of_pairs([0, 0], [1, 2], [1.0, np.nan]))
    return str(error.value)


def test_what_cannot_be_is_refused() -> None:
    head = "ConfigError: a split cannot be made like this.\n"
    assert message(lambda x: random_split(x, 0.5, 0.5)) == (
        head + "  where     setting valid + test\n  found     1\n"
        "  expected  below 1, so that something is left for train"
    )
    assert message(lambda x: random_split(x, test=-0.1)) == (
        head + "  where     setting test\n  found     -0.1\n  expected  a share of at least 0 and below 1"
    )
    assert message(lambda x: list(k_fold(x, 1))) == (
        head + "  where     setting folds\n  found     1\n  expected  at least 2"
    )
    assert message(lambda x: time_split_global(x, 3, 2)) == (
        head + "  where     setting valid_from\n  found     3\n  expected  at most test_from, 2"
    )
    assert message(time_split_per_user) == (
        "ConfigError: a time-ordered split needs the time of every interaction.\n"
        "  found     1 of 2 without a time\n"
        "  expected  all times known\n"
        "  next      use a random split, or give the column that holds the time"
    )


@settings(max_examples=60, deadline=None)
@given(x=events, seed=st.integers(0, 5))
def test_the_last_item_of_a_kind_is_held_out_whole(x: Interactions, seed: int) -> None:
    x = replace(x, kind=np.random.default_rng(seed).integers(0, 2, len(x)), kinds=("buy", "view"))
    train, valid = hold_out_last(x, {"buy"}, seed)
    assert rows(train, valid) == rows(x)
    assert not pairs(train) & pairs(valid)
    assert {user for user, _ in pairs(train)} == set(x.user.tolist())
    bought = pairs(x.select(x.kind == 0))
    last = {(u, i): x.time[(x.user == u) & (x.item == i)].max() for u, i in bought}
    assert len(pairs(valid)) == len({user for user, _ in pairs(valid)})
    for user, item in pairs(valid):
        assert last[user, item] == max(time for (other, _), time in last.items() if other == user)


@settings(max_examples=60, deadline=None)
@given(x=events, seed=st.integers(0, 5))
def test_nothing_is_known_that_was_done_at_the_test_or_later(x: Interactions, seed: int) -> None:
    kind = np.random.default_rng(seed).integers(0, 2, len(x))
    x = replace(x, kind=kind, kinds=("buy", "view"))
    split = cut_at_last(x, {"buy"})
    for history, held in ((split.known, split.test), (split.train, split.valid)):
        assert set(held.kind.tolist()) <= {0}
        assert not pairs(history) & pairs(held)
        assert len(pairs(held)) == len(set(held.user.tolist()))
        for user in set(held.user.tolist()):
            moment = held.time[held.user == user].min()
            assert history.time[history.user == user].max() < moment
    bought = x.select(kind == 0)
    for user, item in pairs(split.test):
        own = bought.user == user
        latest = bought.time[own].max()
        assert (own & (bought.item == item) & (bought.time == latest)).any()
        # Everything else that was done before the purchase is known.
        moment = split.test.time[split.test.user == user].min()
        known = (x.user == user) & (x.time < moment) & (x.item != item)
        assert rows(split.known.select(split.known.user == user)) == rows(x.select(known))
    assert {user for user, _ in pairs(split.known)} == set(x.user.tolist())


def test_what_lies_between_validation_and_test_is_known_at_the_test_alone() -> None:
    kinds = {"buy": 0, "view": 1}
    done = [  # item, kind, time
        (1, "view", 1), (2, "view", 2), (2, "buy", 3), (3, "view", 4), (2, "view", 5),
        (4, "view", 6), (4, "buy", 7), (5, "view", 7), (6, "view", 8),
    ]  # fmt: skip
    x = Interactions.of_pairs([0] * len(done), [item for item, _, _ in done], [time for _, _, time in done])
    split = cut_at_last(replace(x, kind=np.array([kinds[k] for _, k, _ in done]), kinds=tuple(kinds)), {"buy"})
    assert rows(split.train) == [(0, 1, 1.0)]
    assert rows(split.valid) == [(0, 2, 3.0)]
    assert split.between is not None
    assert rows(split.between) == [(0, 2, 2.0), (0, 2, 5.0), (0, 3, 4.0)]
    assert rows(split.test) == [(0, 4, 7.0)]
    with pytest.raises(ConfigError, match="needs the time of every interaction"):
        cut_at_last(replace(x, time=np.full(len(x), np.nan)), {"interaction"})


def test_folds_are_tenths_that_do_not_overlap() -> None:
    rows = np.repeat(np.arange(25), 3)
    folds = [hide(rows, fold, seed=4) for fold in range(10)]
    assert sorted(map(len, folds)) == [2] * 5 + [3] * 5
    assert sorted(np.concatenate(folds)) == list(range(25))
    assert any((hide(rows, 0, seed) != folds[0]).any() for seed in range(3))


def test_what_cannot_be_hidden_is_said() -> None:
    with pytest.raises(ConfigError) as error:
        hide(np.arange(9), 2, 0)
    assert str(error.value) == (
        "ConfigError: a tenth cannot be hidden like this.\n"
        "  found     fold 2 of 9 rows\n"
        "  expected  a fold from 0 to 9, and at least 10 rows\n"
        "  next      use fewer folds or more data"
    )
    with pytest.raises(ConfigError, match="a tenth cannot be hidden"):
        hide(np.arange(20), 10, 0)
