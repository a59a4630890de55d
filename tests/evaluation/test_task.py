"""A split made ready: what was seen is not asked for, and the graph stays the same graph."""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.data.splits import Split
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.evaluation.task import Task
from kgrec.metrics.rankers import FixedScores
from tests.support.datasets import dataset_of
from tests.support.funnel import BUY, VIEW, did

NODES = ["Item:a", "Item:b", "Item:c", "Item:d", "Genre:x"]


def task() -> Task:
    """Item b was taken by nobody before the test; user 0 meets item a in train and in the test."""
    split = Split(
        Interactions.of_pairs([0, 1], [0, 3]),
        Interactions.of_pairs([0], [2]),
        Interactions.of_pairs([0, 0, 1], [0, 1, 2]),
    )
    dataset = Dataset(
        Vocabulary("uv"),
        Vocabulary("abcd"),
        Vocabulary(NODES),
        split.train,
        Facts(np.array([0, 1, 3]), np.array([0, 0, 0]), np.array([4, 4, 1]), ("R",)),
        tuple(NODES),
        ("",) * 5,
    )
    return Task.of(dataset, split)


def test_what_was_seen_is_not_asked_for() -> None:
    assert task().seen.toarray().tolist() == [[1, 0, 1, 0], [0, 0, 0, 1]]
    assert task().test.toarray().tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]
    assert task().is_taken.all()


def test_columns_are_the_items_that_were_taken_and_the_other_one_is_an_entity() -> None:
    ready = task()
    assert ready.columns.tolist() == [0, 2, 3]
    assert (ready.train.item.tolist(), ready.valid.item.tolist()) == ([0, 2], [1])
    names = ["Item:a", "Item:c", "Item:d", "Item:b", "Genre:x"]
    facts = {(names[h], names[t]) for h, t in zip(ready.facts.head, ready.facts.tail, strict=True)}
    assert facts == {("Item:a", "Genre:x"), ("Item:b", "Genre:x"), ("Item:d", "Item:b")}
    assert ready.n_nodes == 5


def test_a_ranker_of_the_columns_is_placed_among_all_items() -> None:
    class Columns:
        def scores(self, users: IntArray) -> Array:
            return np.array([[1.0, 2.0, 3.0]] * len(users))

    assert task().over_catalogue(Columns()).scores(np.array([0])).tolist() == [[1, 0, 2, 3]]


def test_what_was_only_met_is_to_be_found_again_and_is_a_group_of_its_own() -> None:
    """Ann viewed a and b and bought c; Bob viewed a. They buy a and d. Scores are a: 4, b: 3, c: 2, d: 1."""
    train = did([(0, 0, VIEW), (0, 1, VIEW), (0, 2, BUY), (1, 0, VIEW), (1, 1, VIEW)])
    split = Split(train, did([(1, 1, BUY)]), did([(0, 0, BUY), (1, 3, BUY)]))
    ready = Task.of(dataset_of(train, 2, 4), split)
    assert ready.seen.toarray().tolist() == [[0, 0, 1, 0], [0, 1, 0, 0]]
    assert ready.met.toarray().tolist() == [[1, 1, 0, 0], [1, 0, 0, 0]]
    assert ready.test.toarray().tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]
    ranker = FixedScores(np.tile([4.0, 3.0, 2.0, 1.0], (2, 1)))
    assert ready.measure(ranker).per_user["mrr@10"].tolist() == [1.0, 1 / 3]  # Bob's list: a, c, d
    groups = ready.measure_by_meeting(FixedScores(np.tile([4.0, 3.0, 2.0, 1.0], (2, 1))))
    assert groups["met_before"].users.tolist() == [0]
    assert groups["met_before"].per_user["mrr@10"].tolist() == [1.0]
    assert groups["never_met"].users.tolist() == [1]
    never = ready.measure_by_meeting(FixedScores(np.array([[0.0] * 4, [9.0, 3.0, 2.0, 1.0]])))["never_met"]
    assert never.per_user["mrr@10"].tolist() == [1 / 2]  # c, d: a is left out, b was bought
    assert task().measure_by_meeting(ranker) == {}
