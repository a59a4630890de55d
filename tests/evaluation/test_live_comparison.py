"""A new model beside the live one: what is held out, who is better, and when nothing can be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Dataset, Interactions
from kgrec.evaluation.live_comparison import ENOUGH, compare_with_live, hold_out_newest, is_new
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.bundles import bundle_of
from tests.support.datasets import dataset_of

USERS, ITEMS = 60, 8


def _model(shift: int) -> AdditiveModel:
    """Whoever took item i is told item i + shift."""
    weights = np.zeros((ITEMS, ITEMS), np.float32)
    weights[np.arange(ITEMS), (np.arange(ITEMS) + shift) % ITEMS] = 1
    channel = Channel("behaviour", SparseMatrix(sparse.csr_matrix(weights)), HistoryWeights())
    return AdditiveModel((channel,), Gates.common(np.ones(1), 0.0), np.zeros(ITEMS, np.float32), np.zeros(ITEMS, bool))


def _world() -> tuple[Dataset, Bundle]:
    """Everybody took item u and later item u + 1; the bundle has the first of each."""
    user = np.arange(USERS)
    first, then = user % ITEMS, (user + 1) % ITEMS
    both = Interactions.of_pairs(np.r_[user, user], np.r_[first, then], np.r_[np.full(USERS, 1.0), 10.0 + user])
    dataset = dataset_of(both, USERS, ITEMS)
    return dataset, bundle_of(_model(1), both.select(np.arange(0, USERS)), USERS)


def test_what_a_bundle_has_nothing_of_is_new() -> None:
    dataset, live = _world()
    assert is_new(dataset.interactions, dataset, live).tolist() == [False] * USERS + [True] * USERS


def test_the_newest_fifth_of_what_is_new_is_held_out_with_all_of_its_pair() -> None:
    dataset, live = _world()
    again = Interactions.of_pairs([59], [(59 + 1) % ITEMS], [5.0])  # an earlier event of a pair that is held out
    dataset = dataset.with_interactions(dataset.interactions.joined(again))
    train, held = hold_out_newest(dataset, live)
    assert len(train) + len(held) == len(dataset.interactions)
    assert sorted(set(held.user.tolist())) == list(range(48, 60))  # 12 of 60
    assert held.time.tolist().count(5.0) == 1
    pairs = set(zip(train.user.tolist(), train.item.tolist(), strict=True))
    assert not pairs & set(zip(held.user.tolist(), held.item.tolist(), strict=True))


def test_who_has_nothing_else_keeps_their_first() -> None:
    dataset, live = _world()
    late = Interactions.of_pairs([USERS - 1] * 3, [6, 5, 7], [200.0, 100.0, 300.0])
    train, held = hold_out_newest(dataset.with_interactions(late), live)
    assert (sorted(train.item.tolist()), held.item.tolist()) == ([5, 6], [7])  # the newest fifth of three is one
    everything = late.select(np.arange(0, 2))  # of two, one: but this user would have the other only
    assert [len(part) for part in hold_out_newest(dataset.with_interactions(everything), live)] == [1, 1]
    one = late.select(np.arange(0, 1))
    assert [len(part) for part in hold_out_newest(dataset.with_interactions(one), live)] == [1, 0]


def test_nothing_new_holds_nothing_out() -> None:
    dataset, live = _world()
    same = dataset.with_interactions(dataset.interactions.select(np.arange(0, USERS)))
    assert [len(part) for part in hold_out_newest(same, live)] == [USERS, 0]


def _held_out(dataset: Dataset) -> tuple[Dataset, Interactions]:
    first, then = (dataset.interactions.select(np.arange(*ends)) for ends in ((0, USERS), (USERS, 2 * USERS)))
    return dataset.with_interactions(first), then


def test_a_model_that_finds_less_is_worse_and_one_that_finds_as_much_is_not() -> None:
    dataset, live = _world()
    known, held = _held_out(dataset)
    worse = compare_with_live(live, _model(4), known, held)
    assert (worse.live, worse.is_worse) == (1.0, True)
    assert worse.new < 0.6
    same = compare_with_live(live, _model(1), known, held)
    assert (same.users, same.live, same.new, same.is_worse) == (USERS, 1.0, 1.0, False)
    better = compare_with_live(bundle_of(_model(4), known.interactions, USERS), _model(1), known, held)
    assert better.interval[0] > 0
    assert not better.is_worse
    assert "difference +0" in better.in_words


def test_the_live_model_is_asked_in_its_own_rows() -> None:
    """Its catalogue is in another order and lacks an item."""
    dataset, live = _world()
    known, held = _held_out(dataset)
    order = np.array([3, 1, 0, 2, 7, 6, 5])  # without item 4
    smaller = replace(
        live,
        items=type(live.items)(f"i{n}" for n in order),
        model=_model(1).restricted_to(order),
        interactions=known.interactions.select(np.zeros(USERS, np.bool_)),
    )
    found = compare_with_live(smaller, _model(1), known, held)
    has_way = ((held.item != 4) & (known.interactions.item != 4)).mean()
    assert found.live >= has_way  # those it cannot know may be found by chance, the others are first
    assert found.live < 1
    assert found.new == 1


def test_of_few_users_nothing_is_said() -> None:
    dataset, live = _world()
    known, held = _held_out(dataset)
    few = compare_with_live(live, _model(4), known, held.select(np.arange(0, ENOUGH - 1)))
    assert not few.is_worse
    assert few.in_words == "not compared: 29 users did something new that can be held out, 30 are needed"
    assert few.as_dict() == {"users": 29}


@pytest.mark.parametrize("users", [ENOUGH, USERS])
def test_the_manifest_has_both_figures(users: int) -> None:
    dataset, live = _world()
    known, held = _held_out(dataset)
    found = compare_with_live(live, _model(1), known, held.select(np.arange(0, users)))
    assert found.as_dict() == {"users": users, "ndcg@10 live": 1.0, "ndcg@10": 1.0, "interval": [0.0, 0.0]}
