"""Room for what was met before is made where validation finds more by more than chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.data.funnel import of_kinds
from kgrec.learn.channels.refind import RefindSettings, refind_channel
from kgrec.learn.fusion.refind_gate import RefindGate, refind_gate
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import mean_metrics
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.funnel import did, shop

TAKES = frozenset({"buy"})
SETTINGS = RefindSettings(HistoryWeights(kinds={"buy": 0.0}), 3.0)


def noise(n_items: int, seed: int = 0) -> AdditiveModel:
    weights = np.random.default_rng(seed).random((n_items, n_items)).astype(np.float32)
    channel = Channel("behaviour", SparseMatrix(sparse.csr_matrix(weights)))
    return AdditiveModel(
        (channel,), Gates.common(np.ones(1), 0.0), np.zeros(n_items, np.float32), np.zeros(n_items, bool)
    )


def found(done: Interactions, held: Interactions, model: AdditiveModel, n_users: int) -> RefindGate | None:
    channel = refind_channel(SETTINGS, done, n_users, model.n_items)
    return refind_gate(model, channel, done, of_kinds(done, TAKES), held, n_users)


def test_what_it_says_it_finds_is_what_the_model_then_finds() -> None:
    world, held = shop()
    model = noise(40)
    gate = found(world.interactions, held, model, 120)
    assert gate is not None
    assert gate.ndcg > 2 * gate.ndcg_without
    channel = refind_channel(SETTINGS, world.interactions, 120, 40)
    opened = replace(model, channels=(*model.channels, channel), gates=model.gates.with_channel(gate.weights))
    seen = opened.taken(world.interactions).matrix(120, 40)
    wanted = held.matrix(120, 40)
    ndcg = mean_metrics(ModelRanker.over(opened, world.interactions, 120), seen, wanted, (10,))["ndcg@10"]
    assert ndcg == pytest.approx(gate.ndcg, abs=1e-6)


def test_where_nobody_takes_what_they_met_it_stays_closed() -> None:
    world, _ = shop()
    rng = np.random.default_rng(0)
    never = []
    for user in range(120):
        met = world.interactions.item[world.interactions.user == user]
        never.append((user, int(rng.choice(np.setdiff1d(np.arange(40), met))), 0))
    assert found(world.interactions, did(never), noise(40), 120) is None


def test_without_anybody_to_validate_it_stays_closed() -> None:
    world, held = shop()
    assert found(world.interactions, held.select(np.zeros(len(held), bool)), noise(40), 120) is None
