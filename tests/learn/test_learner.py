"""The steps of learning: what the price of cold items sets, and what is said where it sets nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Dataset
from kgrec.data.splits import hold_out
from kgrec.data.triples import Facts
from kgrec.learn.fit_result import FitResult
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.learner import Learner
from kgrec.learn.limits import LIMITS
from kgrec.progress import Progress, silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.trend import DAY_S
from tests.support.datasets import genre_world, quick
from tests.support.trends import START

NOTE = "cold_item_cost has no effect: every item of the catalogue has interactions"

pytestmark = pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")


def chosen(world: Dataset, cost: float, notes: list[tuple[str, str]], num_layers: int = 0) -> FitResult:
    train, held_out = hold_out(world.interactions)
    config = quick(epochs=1, num_layers=num_layers, text_encoder="none", cold_item_cost=cost)

    progress = Progress(lambda event: notes.append((event.step, event.note)))
    learner = Learner(world.with_interactions(train), None, config, None, progress)
    return learner.choose(learner.prepare(held_out))


def test_without_cold_items_the_price_has_no_effect_and_that_is_said() -> None:
    notes: list[tuple[str, str]] = []
    found = chosen(genre_world(np.random.default_rng(0)), 0.3, notes)
    assert not found.model.is_cold.any()
    assert found.chosen.cold_items == found.chosen.as_dict()["cold_items"] == NOTE
    assert ("cold items", NOTE) in notes


@pytest.mark.parametrize("simulated", [True, False])
def test_one_price_sets_the_offset_of_cold_items_with_a_simulation_and_without(
    simulated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not simulated:
        monkeypatch.setattr("kgrec.learn.learner.LIMITS", replace(LIMITS, cold_item_known=1_000))
    costs: list[float] = []
    real = GateFitter.with_cold_offset

    def spy(self: GateFitter, gates: Gates, cost: float) -> Gates:
        costs.append(cost)
        return real(self, gates, cost)

    monkeypatch.setattr(GateFitter, "with_cold_offset", spy)
    world = genre_world(np.random.default_rng(0), n_users=80, n_items=64, n_new=8, texts=False)
    notes: list[tuple[str, str]] = []
    offsets = [chosen(world, cost, notes).chosen.gates.cold.offset for cost in (0.0, 0.5)]
    assert offsets[0] < offsets[1]
    assert costs == ([] if simulated else [0.0, 0.5])
    assert "cold items" not in {stage for stage, _ in notes}


def test_what_the_price_did_is_kept() -> None:
    world = genre_world(np.random.default_rng(0), n_users=80, n_items=64, n_new=8, texts=False)
    assert chosen(world, 0.25, []).chosen.cold_items == "cold_item_cost 0.25 set their offset"


@pytest.mark.parametrize(
    ("num_layers", "with_facts", "name"), [(1, True, "knowledge"), (0, True, "co_taking"), (1, False, "co_taking")]
)
def test_embeddings_are_called_knowledge_only_where_facts_send_messages(
    num_layers: int, with_facts: bool, name: str
) -> None:
    world = genre_world(np.random.default_rng(0), texts=False)
    facts = world.facts if with_facts else Facts.none()
    found = chosen(replace(world, facts=facts), 0.0, [], num_layers)
    names = {channel.name for channel in found.model.channels}
    assert names & {"knowledge", "co_taking"} == {name}
    assert name in found.metrics


@pytest.mark.parametrize("num_layers", [0, 1])
def test_near_and_far_are_said_beside_the_mean_item(num_layers: int) -> None:
    world = genre_world(np.random.default_rng(0), n_new=8, texts=False)
    model = chosen(world, 0.0, [], num_layers).model
    nodes = next(channel for channel in model.channels if channel.name in ("knowledge", "co_taking"))
    assert isinstance(nodes.matrix, LowRankMatrix)
    said = nodes.matrix.source @ nodes.matrix.target[~model.is_cold].T
    assert model.is_cold.any()
    assert np.allclose(said.mean(axis=1), 0.0, atol=1e-5 * np.abs(said).max())


@pytest.mark.parametrize("opens", [True, False])
def test_a_trend_that_validation_opens_counts_what_was_learned_from_and_after_a_refit_everything(
    opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("gate_search", "trend_search"):
        monkeypatch.setattr(f"kgrec.learn.fusion.{module}.beyond_chance", lambda *_: opens)
    world, rng = (
        genre_world(np.random.default_rng(0), n_users=80, n_items=64, n_new=8, texts=False),
        np.random.default_rng(0),
    )
    times = (START + DAY_S * rng.integers(0, 60, len(world.interactions))).astype(np.float64)
    world = world.with_interactions(replace(world.interactions, time=times))
    train, held_out = hold_out(world.interactions)
    config = quick(epochs=1, num_layers=0, text_encoder="none")
    learner = Learner(world.with_interactions(train), None, config, None, silent)
    found = learner.choose(learner.prepare(held_out))
    refitted, _ = Learner(world, None, config, None, silent).refit(found.chosen, silent)
    for model, past in ((found.model, train), (refitted, world.interactions)):
        assert (model.trend is not None) == opens
        assert model.gates.by_history.trend.any() == opens
        if model.trend is not None:
            counted = np.asarray(model.trend.counts.sum(axis=0)).ravel()
            np.testing.assert_array_equal(counted, np.bincount(past.item, minlength=64))
            assert model.trend.half_life == found.chosen.half_life
    assert found.chosen.as_dict()["trend_half_life_days"] == (found.chosen.half_life / DAY_S if opens else 0.0)
