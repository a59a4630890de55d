"""Hiding items and users, and measuring what was hidden."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.splits import hide
from kgrec.learn.channels.content_kernel import content_knn
from kgrec_benchmarks.protocols.cold_start import (
    ContentKNN,
    content_settings,
    first_items,
    measure_hidden,
    measure_users,
    measure_warm,
    tune_content,
)


class Table:
    """Scores given as a table."""

    def __init__(self, table: list[list[float]]) -> None:
        self.table = np.array(table, np.float64)

    def scores(self, users: IntArray) -> Array:
        return self.table[users].copy()


def test_first_items_follow_time_and_keep_repeats_together() -> None:
    # User 0 takes 5, 3, 5 again, 4; user 2 takes a single item.
    behaviour = Interactions.of_pairs([0, 0, 0, 0, 2], [4, 5, 3, 5, 1], time=[9, 1, 2, 3, 1])
    first, rest = first_items(behaviour, 1)
    assert (first.user.tolist(), first.item.tolist()) == ([0, 0], [5, 5])
    assert sorted(rest.item.tolist()) == [3, 4]
    first, rest = first_items(behaviour, 2)
    assert (set(first.item.tolist()), rest.item.tolist()) == ({5, 3}, [4])
    assert len(first_items(behaviour, 3)[1]) == 0


def test_first_items_are_random_without_time() -> None:
    behaviour = Interactions.of_pairs(np.zeros(8), np.arange(8))
    draws = {first_items(behaviour, 1, seed)[0].item[0] for seed in range(20)}
    assert len(draws) > 3
    assert first_items(behaviour, 1, 5)[0].item == first_items(behaviour, 1, 5)[0].item


def test_neighbours_by_content_are_items_that_somebody_took() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], np.float32)
    found = content_knn(vectors, np.array([True, True, False, False]), neighbours=1).toarray()
    assert found == pytest.approx(np.array([[0, 0.6, 0, 0], [0.6, 0, 0.8, 0.96], [0, 0, 0, 0], [0, 0, 0, 0]]))


def test_hidden_items_by_hand() -> None:
    # Items 2 and 3 are hidden. User 0 took 3: third of 1, 2, 3, second among the hidden; user 1 took 2: first.
    train, cold = Interactions.of_pairs([0, 1], [0, 1]), Interactions.of_pairs([0, 1], [3, 2])
    ranker = Table([[9, 5, 4, 3], [0, 0, 1, 0]])
    among_hidden = measure_hidden(ranker, train, cold, "hidden", 2, 4)
    assert among_hidden == {"hidden recall@20": 1.0, "hidden ndcg@10": pytest.approx((1 / np.log2(3) + 1) / 2)}
    among_all = measure_hidden(ranker, train, cold, "all", 2, 4)
    assert among_all == {"all recall@20": 1.0, "all ndcg@10": pytest.approx((1 / np.log2(4) + 1) / 2)}


def test_warm_loss_by_hand() -> None:
    # Twenty hidden items stand above the warm test item of user 0 and below that of user 1.
    n_items = 23
    table = np.zeros((2, n_items))
    table[0, 3:], table[1, 1] = 1.0, 2.0
    train, cold = Interactions.of_pairs([0, 1], [0, 0]), Interactions.of_pairs(np.zeros(20), np.arange(3, 23))
    warm = Interactions.of_pairs([0, 1], [2, 1])
    found = measure_warm(Table(table.tolist()), train, cold, warm, 2, n_items)
    assert found == {
        "warm recall@20": 0.5,
        "warm recall@20 without hidden": 1.0,
        "warm loss": 0.5,
        "warm ndcg@10": 0.5,
        "warm ndcg@10 loss": pytest.approx(1 - 0.5 / ((1 / np.log2(3) + 1) / 2)),
    }


def test_users_are_measured_on_what_they_took_later() -> None:
    history, rest = first_items(Interactions.of_pairs([1, 1, 0], [0, 2, 1], time=[1, 2, 3]), 1)
    found = measure_users(Table([[0, 0, 0], [0, 2, 1]]), history, rest, 1, 3)
    assert found == {"recall@20 after 1": 1.0, "ndcg@10 after 1": pytest.approx(1 / np.log2(3)), "users after 1": 1.0}


def test_content_finds_hidden_items_and_settings_come_from_train() -> None:
    """Users love one of four topics; text says which topic an item is of."""
    rng = np.random.default_rng(0)
    n_users, n_items = 60, 80
    user = np.repeat(np.arange(n_users), 8)
    item = np.concatenate([4 * rng.permutation(n_items // 4)[:8] + u % 4 for u in range(n_users)])
    behaviour = Interactions.of_pairs(user, item)
    vectors = np.eye(4, dtype=np.float32)[np.arange(n_items) % 4]
    is_hidden = np.isin(item, hide(item, 0, 0))
    train, cold = behaviour.select(~is_hidden), behaviour.select(is_hidden)
    setting = tune_content(train, n_users, vectors, "hidden", seed=1)
    assert setting in content_settings(train)
    ranker = ContentKNN.fit(train, n_users, vectors, neighbours=400)
    scores = ranker.scores(np.arange(n_users))[:, np.unique(cold.item)]
    same = np.arange(n_users)[:, None] % 4 == np.unique(cold.item) % 4
    assert scores[same].min() > scores[~same].max() == 0.0
