"""The learned score, of all items and of some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from learning_worlds import genre_world, quick

from kgrec.history import HistoryWeights
from kgrec.learn.model import JointModel, unit_history
from kgrec.learn.text import HashingEncoder


def test_scores_of_some_items_are_those_of_all() -> None:
    world = genre_world(np.random.default_rng(0), n_users=24, n_items=24)
    torch.manual_seed(0)
    model = JointModel(world, HashingEncoder(16).encode(world.texts), np.linspace(-2, 0, 24), quick())
    history = unit_history(HistoryWeights().matrix(world.interactions, 24, 24))
    first, other, last = np.unique(world.interactions.item)[[0, 3, -1]]
    owner, item = np.array([0, 0, 5, 23]), np.array([other, last, other, first])
    drawn = np.array([other, first, last, other])
    pair, negative = model.place(torch.from_numpy(item)), model.place(torch.from_numpy(drawn))
    source, target, texts = model.encode()
    found = model.sampled_scores(source, target, texts, history, (owner, item), drawn)
    whole = model.scores(source, target, texts, history)
    expected = whole[torch.from_numpy(owner), pair], whole[:, negative]
    for got, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)
        slopes = [
            torch.autograd.grad(part.sum(), model.target.free["item"], retain_graph=True)[0] for part in (got, wanted)
        ]
        torch.testing.assert_close(*slopes, atol=1e-5, rtol=1e-4)


def test_scores_are_those_of_a_dense_computation_over_what_is_known() -> None:
    world = genre_world(np.random.default_rng(0), n_users=24, n_items=24, n_new=4)
    # New items need not be the last ones.
    world = world.with_interactions(replace(world.interactions, item=5 * world.interactions.item % 24))
    torch.manual_seed(0)
    model = JointModel(world, HashingEncoder(16).encode(world.texts), np.linspace(-2, 0, 24), quick())
    history = unit_history(HistoryWeights().matrix(world.interactions, 24, 24))
    source, target, texts = model.encode()
    assert texts is not None
    dense = torch.from_numpy(history.toarray()).float()
    agreement = source[:24] @ target[:24].T + texts @ texts.T
    expected = model.bias + dense @ agreement - dense * agreement.diagonal()
    known = torch.from_numpy(np.unique(world.interactions.item))
    found = model.scores(source, target, texts, history)
    torch.testing.assert_close(found, expected[:, known], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(model.place(known), torch.arange(len(known)))
    assert np.diff(known).max() > 1
