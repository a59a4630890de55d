"""Bounded memory: learning never holds a dense users x items matrix."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.splits import hold_out
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.channels.behaviour_weights import BehaviourSettings, NeighbourSettings, RidgeSettings
from kgrec.learn.fusion import candidate_scores, cold_item_offset, gate_search
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.trainings import Trainings, results
from kgrec.parallel.executor import here
from kgrec.progress import silent
from kgrec.scoring import model as scoring_model
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.datasets import dataset_of, quick

N_USERS, N_ITEMS = 20_000, 2_000
DENSE = N_USERS * N_ITEMS * 4
"""Bytes of the matrix that must not be, 160 MB."""


class LargestTensor(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the largest tensor that any operation makes, in elements."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.elements = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        found = func(*args, **(kwargs or {}))
        for made in found if isinstance(found, tuple | list) else (found,):
            if isinstance(made, Tensor):
                self.elements = max(self.elements, made.numel())
        return found


def peak(work: Callable[[], object]) -> int:
    """Bytes that numpy and Python held at most beyond what they held before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def many_users() -> Dataset:
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(N_USERS), 5)
    keys = np.unique(user * N_ITEMS + rng.integers(0, N_ITEMS, len(user)))
    return dataset_of(Interactions.of_pairs(keys // N_ITEMS, keys % N_ITEMS), N_USERS, N_ITEMS)


def test_training_holds_a_batch_of_users_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_model, "_BLOCK_BYTES", 8 * 2**20)
    world = many_users()
    train, held = hold_out(world.interactions)
    few = held.select(held.user < 1_000)
    config = quick(epochs=1, batch_size=500)
    largest = LargestTensor()

    def work() -> None:
        trainings = Trainings(world.with_interactions(train), None, config, None, here)
        with largest:
            results(trainings.depths((0,), HistoryWeights(), few.matrix(N_USERS, N_ITEMS)), silent)

    assert peak(work) < DENSE / 3
    assert largest.elements <= 500 * N_ITEMS


def test_the_behaviour_channel_needs_items_x_items_at_most() -> None:
    world = many_users()
    learner = BehaviourChannels(world, None, silent)
    settings = BehaviourSettings(ridge=RidgeSettings(top=50), neighbours=NeighbourSettings(kept=50))
    assert peak(lambda: learner.channels(settings)) < 0.75 * DENSE


@pytest.mark.parametrize("bags", [1, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("new_share", [0.0, 0.9])
def test_gates_keep_to_their_budget(new_share: float, bags: int, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = 4 * 2**20
    monkeypatch.setattr(gate_search, "_BAGS", bags)
    monkeypatch.setattr(cold_item_offset, "_BYTES", budget)
    monkeypatch.setattr(candidate_scores, "_BYTES", budget)
    monkeypatch.setattr(candidate_scores, "block_size", lambda n_items: 4 * 2**20 // (4 * n_items))
    rng = np.random.default_rng(0)
    world = many_users()
    train, held = hold_out(world.interactions)
    new = np.arange(N_ITEMS) < N_ITEMS * new_share
    train, held = (part.select(~new[part.item]) for part in (train, held))
    low_rank = LowRankMatrix(*rng.normal(size=(2, N_ITEMS, 4)).astype(np.float32))
    gates = Gates.common(np.ones(2), 1.0)
    model = AdditiveModel(
        (Channel("a", low_rank), Channel("b", replace(low_rank, source=low_rank.target))),
        gates,
        np.zeros(N_ITEMS, np.float32),
        new,
    )

    def work() -> None:
        fitter = GateFitter(model, train, held, N_USERS, 0, silent)
        fitter.with_cold_offset(fitter.fit()[0], 0.01)

    assert peak(work) < 16 * budget < DENSE / 2
