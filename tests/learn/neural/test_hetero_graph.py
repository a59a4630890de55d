"""The graph the GNN walks: known counts and weights, and messages against a dense computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kgrec.data.dataset import Dataset, Interactions
from kgrec.learn.neural.gnn import HeteroEncoder
from kgrec.learn.neural.hetero_graph import to_hetero
from kgrec.learn.neural.message_passing import MessageGraph, RelationConv
from tests.support.datasets import dataset_of


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
    assert {kind: data[kind].num_nodes for kind in data.node_types} == {"item": 3, "entity": 2}
    assert set(data.edge_types) == {
        ("item", "HAS", "entity"),
        ("entity", "rev_HAS", "item"),
        ("item", "FOLLOWS", "item"),
        ("item", "rev_FOLLOWS", "item"),
    }


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


@pytest.mark.parametrize("num_layers", [1, 2], ids=["to items", "everywhere"])
def test_messages_equal_a_dense_computation_and_so_does_their_gradient(num_layers: int) -> None:
    rng = np.random.default_rng(0)
    # Items 0-5, entities 6-11, three relations between any two nodes.
    triples = sorted({(int(a), int(r), int(b)) for a, r, b in rng.integers(0, (12, 3, 12), (60, 3))})
    world = dataset_of(Interactions.of_pairs([0], [0]), 1, 6, triples=triples, relations=("R", "S", "T"), n_entities=6)
    data = to_hetero(world)
    graph = MessageGraph.of(data, num_layers)
    n_targets = 6 if num_layers == 1 else 12
    conv = RelationConv(len(graph.keys), 3)
    torch.nn.init.normal_(conv.relation)
    x = torch.randn(12, 3, requires_grad=True)
    upstream = torch.randn(n_targets, 3)
    first = {"item": 0, "entity": 6}
    expected = torch.zeros(12, 3)
    for number, key in enumerate(graph.keys):
        dense = torch.zeros(12, 12)
        source, target = data[key].edge_index
        dense[target + first[key[2]], source + first[key[0]]] = data[key].edge_weight
        expected = expected + (dense @ x) * conv.relation[number]
    expected = expected[:n_targets]
    found = conv(x, graph.layers[0])
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
    encoder = HeteroEncoder(MessageGraph.of(data, 1), 0, 2)
    item, entity = encoder.free["item"], encoder.free["entity"]
    found = encoder({})
    r = 0.3
    torch.testing.assert_close(found[0], item[0] + r * (0.5 * entity[0] + 0.5 * item[1]))
    torch.testing.assert_close(found[2], item[2])
    torch.testing.assert_close(found[3:], entity.detach())


def test_two_layers_of_the_encoder_by_hand() -> None:
    data = to_hetero(small_world())
    encoder = HeteroEncoder(MessageGraph.of(data, 2), 0, 2)
    item, entity = encoder.free["item"], encoder.free["entity"]
    found = encoder({})
    r = 0.3
    item_1 = item[1] + r * (0.5 * entity[0] + 0.5 * item[0])
    entity_0 = entity[0] + r * (0.5 * item[0] + 0.5 * item[1])
    first = item[0] + r * (0.5 * entity[0] + 0.5 * item[1])
    torch.testing.assert_close(found[0], first + r * (0.5 * entity_0 + 0.5 * item_1))
    torch.testing.assert_close(found[3], entity_0)


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
    encoder = HeteroEncoder(MessageGraph.of(data, 2), 0, 2)
    encoder({}).sum().backward()
    gradients = [parameter.grad for name, parameter in encoder.named_parameters() if name.endswith(".relation")]
    first, last = [gradient.abs().sum(1) > 0 for gradient in gradients if gradient is not None]
    assert first.tolist() == [True] * 4
    assert last.tolist() == [key[2] == "item" for key in encoder.graph.keys]


def test_a_graph_of_single_mentions_builds_without_a_warning() -> None:
    world = dataset_of(Interactions.of_pairs([0], [0]), 1, 2, triples=[(0, 0, 2)], relations=("R",), n_entities=1)
    data = to_hetero(world)
    encoder = HeteroEncoder(MessageGraph.of(data, 1), 0, 2)
    torch.testing.assert_close(encoder({})[:2], encoder.free["item"])


def test_a_relation_that_is_called_like_a_reverse_loses_no_edge() -> None:
    triples = [(0, 0, 6), (1, 0, 6), (6, 1, 2), (6, 1, 3)]
    world = dataset_of(
        Interactions.of_pairs([0, 1], [0, 1]), 2, 6, triples=triples, relations=("X", "rev_X"), n_entities=1
    )
    data = to_hetero(world)
    assert sum(data[key].edge_index.shape[1] for key in data.edge_types) == 2 * len(triples)
