"""The training subgraph: learning on it and embedding the rest is learning on the whole."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.config import TrainConfig
from kgrec.data.dataset import Interactions
from kgrec.learn.neural.model import JointModel
from kgrec.learn.neural.training_subgraph import TrainingSubgraph
from tests.support.datasets import dataset_of, genre_world

# Items 0 and 1 are known, 2 and 3 are cold. Entity 4 is shared by 0 and 2, 5 is of item 3 only, 6 of 0 and 1.
WORLD = dataset_of(
    Interactions.of_pairs([0, 0, 1], [0, 1, 1]),
    2,
    4,
    triples=[(0, 0, 4), (2, 0, 4), (3, 0, 5), (0, 1, 6), (1, 1, 6), (3, 1, 2)],
    relations=("likes", "has"),
    n_entities=3,
)


def test_cold_items_and_what_only_they_mention_are_left_out() -> None:
    subgraph = TrainingSubgraph.of(WORLD)
    assert list(subgraph.dataset.items) == ["i0", "i1"]
    assert list(subgraph.dataset.nodes) == ["Item:i0", "Item:i1", "Entity:e0", "Entity:e2"]
    assert subgraph.items.tolist() == [0, 1]
    assert subgraph.nodes.tolist() == [0, 1, 4, 6]
    assert subgraph.degree.tolist() == [2, 1, 2, 2]
    facts = subgraph.dataset.facts
    assert list(zip(facts.head, facts.relation, facts.tail, strict=True)) == [(0, 0, 2), (0, 1, 3), (1, 1, 3)]


def test_without_cold_items_the_part_is_the_whole() -> None:
    whole = genre_world(np.random.default_rng(0))
    taken = whole.with_interactions(Interactions.of_pairs(np.zeros(48, np.int64), np.arange(48)))
    subgraph = TrainingSubgraph.of(taken)
    assert subgraph.dataset.nodes == taken.nodes
    assert len(subgraph.dataset.facts) == len(taken.facts)


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("with_text", [True, False])
def test_items_of_the_part_have_the_same_embeddings_in_the_whole(depth: int, with_text: bool) -> None:
    whole = genre_world(np.random.default_rng(1), n_new=8)
    texts = np.random.default_rng(2).normal(size=(len(whole.nodes), 6)).astype(np.float32) if with_text else None
    config = TrainConfig(embedding_dim=4, num_layers=depth)
    subgraph = TrainingSubgraph.of(whole)
    part_texts = None if texts is None else texts[subgraph.nodes]
    model = JointModel(subgraph.dataset, part_texts, np.ones(len(subgraph.items)), config, subgraph.degree)
    small, large = model.embeddings(), subgraph.embed(model, whole, texts, config)
    for name in ("source", "target", "bias"):
        np.testing.assert_allclose(getattr(large, name)[subgraph.items], getattr(small, name), atol=1e-6)
    np.testing.assert_allclose(large.nodes[subgraph.nodes], small.nodes, atol=1e-6)
    cold = np.setdiff1d(np.arange(len(whole.items)), subgraph.items)
    assert np.any(large.target[cold] != 0) == (with_text or depth == 1)


def test_a_cold_item_is_embedded_from_its_facts() -> None:
    config = TrainConfig(embedding_dim=4, num_layers=1)
    subgraph = TrainingSubgraph.of(WORLD)
    model = JointModel(subgraph.dataset, None, np.zeros(2), config, subgraph.degree)
    large = subgraph.embed(model, WORLD, None, config)
    # Item 2 has two facts, entity 4 two: the message weighs 1 / sqrt(4), turned by the relation's .3 to start with.
    shared = model.target.free["entity"][0].detach().numpy()
    np.testing.assert_allclose(large.target[2], 0.5 * 0.3 * shared, atol=1e-6)
