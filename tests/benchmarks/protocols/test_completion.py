"""Facts of items that are hidden and found again, where each follows from another one and where none does."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.triples import Facts
from kgrec.progress import silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.completion import GraphCompletion
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.systems.complex_head import HeadSetting
from kgrec_benchmarks.systems.probable_facts import hide_facts, is_among
from tests.support.datasets import dataset_of, quick

ITEMS, KINDS = 120, 6
HEAD = HeadSetting(epochs=25, batch_size=16, n3=0.01, learning_rate=0.1, patience=25, embedding_dim=32)


def world(told_twice: bool) -> Dataset:
    """Items have a genre and stand on a shelf; where it is told twice, each genre has a shelf of its own."""
    rng = np.random.default_rng(0)
    genre, other = rng.permutation(ITEMS) % KINDS, rng.permutation(ITEMS) % KINDS
    shelf = genre if told_twice else other
    triples = [(i, 0, ITEMS + int(genre[i])) for i in range(ITEMS)]
    triples += [(i, 1, ITEMS + KINDS + int(shelf[i])) for i in range(ITEMS)]
    loved = [np.flatnonzero(genre == user % KINDS) for user in range(40)]
    item = np.concatenate([rng.choice(items, 6, replace=False) for items in loved])
    pairs = Interactions.of_pairs(np.repeat(np.arange(40), 6), item)
    return dataset_of(pairs, 40, ITEMS, triples=triples, relations=("genre", "shelf"), n_entities=2 * KINDS)


def row(dataset: Dataset, share: float) -> dict[str, float]:
    protocol = GraphCompletion(shares=(share,), bound=0.25, head=HEAD, epochs=1)
    published = PublishedSet("shelves", dataset, {"all": dataset.interactions})
    (found,) = protocol.run(published, quick(), RunCache(), silent).rows.values()
    return found


def test_what_follows_from_another_fact_is_found_and_nothing_else() -> None:
    found = row(world(told_twice=True), 0.1)
    assert found["hidden"] == 24
    assert found["recall"] > 0.8
    assert found["precision"] > 0.8
    assert found["ece, calibration"] < 0.05
    assert (
        found["pairs with a path, left"] < found["pairs with a path, with probable"] <= found["pairs with a path, all"]
    )


def test_what_follows_from_nothing_is_not_called_probable() -> None:
    found = row(world(told_twice=False), 0.1)
    assert found["recall"] < 0.05


def test_where_nothing_is_hidden_nothing_is_known_of_what_is_found() -> None:
    found = row(world(told_twice=True), 0.0)
    assert not {"precision", "recall"} & found.keys()
    assert found["ndcg@10 of paths, left"] == found["ndcg@10 of paths, all"]


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_hidden_are_facts_of_items_only(share: float) -> None:
    facts = Facts.unique(np.arange(8), np.zeros(8, np.int64), np.arange(8) + 8, ("r",))
    left, hidden = hide_facts(facts, 4, share, np.random.default_rng(0))
    assert len(hidden) == int(4 * share)
    assert (hidden.head < 4).all()
    assert len(left) + len(hidden) == 8
    assert is_among(facts, hidden, 16).sum() == len(hidden)
