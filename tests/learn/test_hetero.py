"""The graph the GNN walks: known counts and weights, and messages against a dense computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learning_worlds import dataset_of

from kgrec.dataset import Dataset, Interactions
from kgrec.learn.encoder import HeteroEncoder, RelationConv
from kgrec.learn.hetero import fact_edge_types, to_hetero


def small_world() -> Dataset:
    """Items 0-2, entities 3 and 4. Entity 3 is met by items 0 and 1, entity 4 by item 2 only; item 1 follows item 0."""
    return dataset_of(
        Interactions.of_pairs([0, 0, 1], [0, 1, 2]),
        2,
        3,
        triples=[(0, 0, 3), (1, 0, 3), (2, 0, 4), (1, 1, 0)],
        relations=("HAS", "FOLLOWS"),
        n_entities=2,
    )


def test_node_counts_and_edge_types() -> None:
    data = to_hetero(small_world())
    assert {kind: data[kind].num_nodes for kind in data.node_types} == {"user": 2, "item": 3, "entity": 2}
    assert set(data.edge_types) == {
        ("user", "interacted", "item"),
        ("item", "HAS", "entity"),
        ("entity", "rev_HAS", "item"),
        ("item", "FOLLOWS", "item"),
        ("item", "rev_FOLLOWS", "item"),
    }
    assert ("user", "interacted", "item") not in fact_edge_types(data)
    assert data["user", "interacted", "item"].edge_index.tolist() == [[0, 0, 1], [0, 1, 2]]


def test_reverses_and_single_mentions() -> None:
    data = to_hetero(small_world())
    assert data["item", "HAS", "entity"].edge_index.tolist() == [[0, 1, 2], [0, 0, 1]]
    # Entity 4 (row 1) is met once: it hears of its item and tells nobody.
    assert data["entity", "rev_HAS", "item"].edge_index.tolist() == [[0, 0], [0, 1]]
    assert data["item", "FOLLOWS", "item"].edge_index.tolist() == [[1], [0]]
    assert data["item", "rev_FOLLOWS", "item"].edge_index.tolist() == [[0], [1]]


def test_weights_are_symmetric_and_by_degree() -> None:
    data = to_hetero(small_world())
    # Facts per node: item 0 two, item 1 two, item 2 one, entity 3 two, entity 4 one.
    assert data["item", "HAS", "entity"].edge_weight.tolist() == pytest.approx([0.5, 0.5, 1.0])
    assert data["entity", "rev_HAS", "item"].edge_weight.tolist() == pytest.approx([0.5, 0.5])
    assert data["item", "FOLLOWS", "item"].edge_weight.tolist() == pytest.approx([0.5])


def test_relation_conv_equals_a_dense_computation_and_so_does_its_gradient() -> None:
    rng = np.random.default_rng(0)
    pairs = sorted({(int(a), int(b)) for a, b in rng.integers(0, 6, (20, 2))})
    world = dataset_of(
        Interactions.of_pairs([0], [0]), 1, 6, triples=[(a, 0, 6 + b) for a, b in pairs], relations=("R",), n_entities=6
    )
    data = to_hetero(world)
    key = ("item", "R", "entity")
    dense = torch.zeros(6, 6)
    source, target = data[key].edge_index
    dense[target, source] = data[key].edge_weight
    conv = RelationConv(3)
    x = torch.randn(6, 3, requires_grad=True)
    upstream = torch.randn(6, 3)
    found = conv((x, torch.zeros(6, 3)), data[key].adj_t, data[key].edge_weight)
    expected = (dense @ x) * conv.relation
    torch.testing.assert_close(found, expected)
    leaves = (x, conv.relation)
    for ours, theirs in zip(
        torch.autograd.grad((found * upstream).sum(), leaves),
        torch.autograd.grad((expected * upstream).sum(), leaves),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_one_layer_of_the_encoder_by_hand() -> None:
    data = to_hetero(small_world())
    encoder = HeteroEncoder(data, 0, 2, 1, torch.ones(3, dtype=torch.bool))
    item, entity = encoder.free["item"], encoder.free["entity"]
    found = encoder(data, {})
    r = 0.3
    torch.testing.assert_close(found["item"][0], item[0] + r * (0.5 * entity[0] + 0.5 * item[1]))
    torch.testing.assert_close(found["item"][2], item[2])
    torch.testing.assert_close(found["entity"], entity.detach())


def test_two_layers_of_the_encoder_by_hand() -> None:
    data = to_hetero(small_world())
    encoder = HeteroEncoder(data, 0, 2, 2, torch.ones(3, dtype=torch.bool))
    item, entity = encoder.free["item"], encoder.free["entity"]
    found = encoder(data, {})
    r = 0.3
    item_1 = item[1] + r * (0.5 * entity[0] + 0.5 * item[0])
    entity_0 = entity[0] + r * (0.5 * item[0] + 0.5 * item[1])
    first = item[0] + r * (0.5 * entity[0] + 0.5 * item[1])
    torch.testing.assert_close(found["item"][0], first + r * (0.5 * entity_0 + 0.5 * item_1))
    torch.testing.assert_close(found["entity"][0], entity_0)


@pytest.mark.parametrize(
    "relations",
    [("http://w3.org/ns#type", "a.b/c"), ("one___two", "keys"), ("电影", "x" * 10_000)],
    ids=["uri", "underscores", "long"],
)
def test_any_name_of_a_relation_carries_messages(relations: tuple[str, str]) -> None:
    world = dataset_of(
        Interactions.of_pairs([0], [0]),
        1,
        2,
        triples=[(0, 0, 2), (1, 0, 2), (0, 1, 1)],
        relations=relations,
        n_entities=1,
    )
    data = to_hetero(world)
    encoder = HeteroEncoder(data, 0, 2, 2, torch.ones(2, dtype=torch.bool))
    sum(value.sum() for value in encoder(data, {}).values()).backward()
    gradients = [parameter.grad for name, parameter in encoder.named_parameters() if "relation" in name]
    assert len(gradients) == 7  # four edge types, and those three of them that end at items once more
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)


def test_a_graph_of_single_mentions_builds_without_a_warning() -> None:
    world = dataset_of(Interactions.of_pairs([0], [0]), 1, 2, triples=[(0, 0, 2)], relations=("R",), n_entities=1)
    data = to_hetero(world)
    encoder = HeteroEncoder(data, 0, 2, 1, torch.ones(2, dtype=torch.bool))
    torch.testing.assert_close(encoder(data, {})["item"], encoder.free["item"])


def test_a_relation_that_is_called_like_a_reverse_loses_no_edge() -> None:
    triples = [(0, 0, 6), (1, 0, 6), (6, 1, 2), (6, 1, 3)]
    world = dataset_of(
        Interactions.of_pairs([0, 1], [0, 1]), 2, 6, triples=triples, relations=("X", "rev_X"), n_entities=1
    )
    data = to_hetero(world)
    assert sum(data[key].edge_index.shape[1] for key in fact_edge_types(data)) == 2 * len(triples)
