"""The learned score, of all items and of some."""

from __future__ import annotations

import numpy as np
import torch

from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.neural.model import JointModel, unit_history
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import genre_world, quick


def test_scores_of_some_items_are_those_of_all() -> None:
    world = genre_world(np.random.default_rng(0), n_users=24, n_items=24)
    torch.manual_seed(0)
    model = JointModel(world, HashingEncoder(16).encode(world.texts), np.linspace(-2, 0, 24), quick())
    history = unit_history(HistoryWeights().matrix(world.interactions, 24, 24))
    first, other, last = np.unique(world.interactions.item)[[0, 3, -1]]
    owner, item = np.array([0, 0, 5, 23]), np.array([other, last, other, first])
    drawn = np.array([other, first, last, other])
    source, target, texts = model.encode()
    found = model.sampled_scores(source, target, texts, history, (owner, item), drawn)
    whole = model.scores(source, target, texts, history)
    expected = whole[owner, item], whole[:, drawn]
    for got, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)
        slopes = [
            torch.autograd.grad(part.sum(), model.target.free["item"], retain_graph=True)[0] for part in (got, wanted)
        ]
        torch.testing.assert_close(*slopes, atol=1e-5, rtol=1e-4)


def test_scores_are_those_of_a_dense_computation() -> None:
    world = genre_world(np.random.default_rng(0), n_users=24, n_items=24)
    torch.manual_seed(0)
    model = JointModel(world, HashingEncoder(16).encode(world.texts), np.linspace(-2, 0, 24), quick())
    history = unit_history(HistoryWeights().matrix(world.interactions, 24, 24))
    source, target, texts = model.encode()
    assert texts is not None
    dense = torch.from_numpy(history.toarray()).float()
    agreement = source[:24] @ target[:24].T + texts @ texts.T
    expected = model.bias + dense @ agreement - dense * agreement.diagonal()
    found = model.scores(source, target, texts, history)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
