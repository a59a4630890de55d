"""The encoder: what dropping, depth 0, and a lack of facts or texts do."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.data.triples import Facts
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.neural.gnn import HeteroEncoder
from kgrec.learn.neural.hetero_graph import to_hetero
from kgrec.learn.neural.message_passing import MessageGraph
from kgrec.learn.neural.model import JointModel
from tests.support.datasets import dataset_of, genre_world, quick

WORLD = genre_world(np.random.default_rng(0), n_users=8, n_items=12, taken=2, n_new=4)
DATA = to_hetero(WORLD)


def test_dropping_hides_about_that_share_of_items_in_training_only() -> None:
    torch.manual_seed(0)
    encoder = HeteroEncoder(MessageGraph.of(DATA, 0), 0, 4)
    hidden = sum(int((encoder({}, 0.3)[:12] == 0).all(1).sum()) for _ in range(200)) / (200 * 12)
    assert 0.25 < hidden < 0.35
    assert (encoder({}, 0.3)[12:] == encoder.free["entity"]).all()
    encoder.eval()
    assert (encoder({}, 0.9)[:12] == encoder.free["item"]).all()


def test_depth_0_ignores_facts_and_depth_1_does_not() -> None:
    bare = to_hetero(dataset_of(WORLD.interactions, 8, 12, n_entities=4))
    for depth, same in ((0, True), (1, False)):
        torch.manual_seed(1)
        with_facts = HeteroEncoder(MessageGraph.of(DATA, depth), 0, 4)({})[:12]
        torch.manual_seed(1)
        without = HeteroEncoder(MessageGraph.of(bare, depth), 0, 4)({})[:12]
        assert torch.equal(with_facts, without) is same


def test_no_facts_and_no_texts_is_a_plain_factorisation() -> None:
    world = dataset_of(Interactions.of_pairs([0, 0, 1], [0, 1, 2]), 2, 3)
    assert len(world.facts) == len(Facts.none()) == 0
    model = JointModel(world, None, np.zeros(3, np.float32), quick(num_layers=2))
    found = model.embeddings()
    assert found.texts is None
    assert found.source.shape == found.target.shape == found.nodes.shape == (3, 8)


def test_an_item_in_its_own_history_does_not_change_its_score() -> None:
    texts = HashingEncoder(16).encode(WORLD.texts)
    model = JointModel(WORLD, texts, np.zeros(12, np.float32), quick())
    history = np.random.default_rng(0).random((12, 12))
    without = history * (1 - np.eye(12))
    own = [
        model.scores(*model.encode(), sparse.csr_matrix(each)).diagonal()  # the history of user i holds item i
        for each in (history, without)
    ]
    torch.testing.assert_close(*own, atol=1e-5, rtol=1e-4)
