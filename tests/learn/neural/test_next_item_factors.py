"""Next-item factors: they find what no pair of items tells, they are served as they were learned, and they repeat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.errors import ConfigError, TrainingDivergedError
from kgrec.learn.channels.next_item_ridge import next_item_ridge
from kgrec.learn.channels.sequences import latest_events
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural import next_item_factors as module
from kgrec.learn.neural.next_item_factors import NextItemFactors, NextItemModel, NextItemRun
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Event, Progress, silent
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from tests.support.datasets import InterruptedRunError, quick
from tests.support.next_item_world import N_ITEMS, N_USERS, backwards, next_item_world

WORLD, VALID, NEVER = next_item_world()
SETTINGS: dict[str, Any] = {"learning_rate": 0.02, "batch_size": 64, "next_item_dim": 16}
WANTED = VALID.matrix(N_USERS, N_ITEMS)


def run(
    interactions: Interactions = WORLD.interactions, epochs: int | None = 30, n_items: int = N_ITEMS, **settings: Any
) -> NextItemRun:
    user, item, _ = latest_events(interactions, N_ITEMS)
    config = quick(**{**SETTINGS, **settings})
    return NextItemRun(interactions, user, item, N_USERS, n_items, config, HistoryWeights(), epochs=epochs)


def until_validation(most: int = 60, **settings: Any) -> NextItemRun:
    ready = run(epochs=None, **settings)
    return replace(ready, valid=WANTED, config=ready.config.model_copy(update={"epochs": most}))


@pytest.fixture(scope="module")
def learned() -> NextItemFactors:
    return run()(silent)


def found(matrix: ItemMatrix, recency: float) -> float:
    """Share of the never seen pairs whose item is among the first ten."""
    history = HistoryWeights(recency=recency).matrix(WORLD.interactions, N_USERS, N_ITEMS)
    ranker = ItemMatrixRanker((matrix,), history.astype(np.float32))
    return mean_metrics(ranker, WORLD.interactions.matrix(N_USERS, N_ITEMS), NEVER, ks=(10,))["recall@10"]


def test_what_nobody_took_one_after_the_other_is_found_by_groups(learned: NextItemFactors) -> None:
    assert found(LowRankMatrix(learned.source, learned.target), learned.recency) > 0.7


@pytest.mark.parametrize("recency", [0.7, 0.97])
def test_pairs_of_items_do_not_tell_it(recency: float) -> None:
    (weights,), _ = next_item_ridge(WORLD.interactions, N_ITEMS, (recency,))
    assert found(SparseMatrix(weights), recency) < 0.2


def test_the_opposite_direction_finds_nothing(learned: NextItemFactors) -> None:
    assert found(LowRankMatrix(learned.target, learned.source), learned.recency) < 0.1
    of_opposite = run(backwards(WORLD.interactions))(silent)
    assert found(LowRankMatrix(of_opposite.source, of_opposite.target), of_opposite.recency) < 0.1


def test_the_recency_is_learned_as_the_last_item_alone_tells(learned: NextItemFactors) -> None:
    assert learned.recency < 0.4
    assert learned.history(HistoryWeights(strength=0.5)) == HistoryWeights(recency=learned.recency, strength=0.5)


def test_a_state_is_the_fading_sum_that_is_served() -> None:
    """The scores of a history as a channel has them, but for one factor a position."""
    torch.manual_seed(0)
    model = NextItemModel(5, 3)
    model.mix.data += 0.1 * torch.randn(3, 3)
    with torch.no_grad():
        states = model.states(torch.tensor([[3, 0, 4]]), torch.ones(1, 3))[0].double() @ model.items.double().T
        source, recency = (model.items @ model.mix).double().numpy(), float(model.recency)
    matrix = LowRankMatrix(source, model.items.detach().double().numpy())
    for length, state in enumerate(states.numpy(), 1):
        events = Interactions.of_pairs([0] * length, [3, 0, 4][:length], np.arange(length))
        served = matrix.scores(HistoryWeights(recency=recency).matrix(events, 1, 5))[0]
        for item in events.item:  # a channel leaves out what an item says of itself
            state[item] = served[item] = 0.0
        np.testing.assert_allclose(state * np.sqrt((recency ** np.arange(length)).sum()), served, rtol=1e-5)


def test_hidden_past_items_say_nothing() -> None:
    model = NextItemModel(5, 3)
    with torch.no_grad():
        hidden = model.states(torch.tensor([[3, 0, 4]]), torch.tensor([[1.0, 0.0, 1.0]]))
        other = model.states(torch.tensor([[3, 2, 4]]), torch.tensor([[1.0, 0.0, 1.0]]))
    torch.testing.assert_close(hidden, other)


def test_validation_stops_it_and_the_best_epoch_is_kept() -> None:
    told: list[Event] = []
    stopped = until_validation(patience=2)(Progress(told.append))
    qualities = [entry["valid_ndcg@10"] for entry in stopped.log]
    assert stopped.best_epoch == int(np.argmax(qualities)) + 1
    assert len(stopped.log) in {60, stopped.best_epoch + 4}
    assert [(event.step, event.done) for event in told] == [
        ("next-item factors", epoch + 1) for epoch in range(len(stopped.log))
    ]
    assert told[0].note == f"loss {stopped.log[0]['loss']:.4f}, ndcg@10 {qualities[0]:.4f}"
    history = stopped.history(HistoryWeights()).matrix(WORLD.interactions, N_USERS, N_ITEMS).astype(np.float32)
    ranker = ItemMatrixRanker((LowRankMatrix(stopped.source, stopped.target),), history)
    seen = WORLD.interactions.matrix(N_USERS, N_ITEMS)
    assert mean_metrics(ranker, seen, WANTED, ks=(10,))["ndcg@10"] == pytest.approx(max(qualities), abs=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_vectors_and_another_others(threads: int) -> None:
    before = torch.get_num_threads()
    settings: dict[str, Any] = {"num_threads": threads, "next_item_dim": 32, "batch_size": 256}
    try:
        first, again, other = (run(epochs=2, seed=seed, **settings)(silent) for seed in (0, 0, 1))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(first.source, again.source)
    assert first.recency == again.recency
    assert not np.array_equal(first.source, other.source)


def test_items_that_nobody_took_have_no_vector() -> None:
    wider = run(epochs=2, n_items=N_ITEMS + 2)(silent)
    assert wider.source.shape == wider.target.shape == (N_ITEMS + 2, 16)
    assert not wider.source[N_ITEMS:].any()
    assert not wider.target[N_ITEMS:].any()
    np.testing.assert_array_equal(wider.source[:N_ITEMS], run(epochs=2)(silent).source)


def test_an_interrupted_training_goes_on_to_the_bit(tmp_path: Path) -> None:
    def kill(event: Event) -> None:
        if event.done == 2:
            raise InterruptedRunError

    ready = replace(until_validation(most=4), checkpoint=tmp_path)
    with pytest.raises(InterruptedRunError):
        ready(Progress(kill))
    told: list[int] = []
    resumed = ready(Progress(lambda event: told.append(event.done)))
    whole = replace(ready, checkpoint=None)(silent)
    assert told == [3, 4]
    np.testing.assert_array_equal(resumed.source, whole.source)
    assert (resumed.recency, resumed.best_epoch) == (whole.recency, whole.best_epoch)
    with pytest.raises(ConfigError, match="other data"):
        replace(ready, item=ready.item[::-1])(silent)


def test_nan_stops_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SPREAD", float("inf"))
    with pytest.raises(TrainingDivergedError, match="the loss is not finite") as caught:
        run(epochs=1)(silent)
    assert caught.value.where == "epoch 1, after 0 of 900 sequences"


def test_an_epoch_sees_no_more_sequences_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMITS", replace(LIMITS, epoch_users=100))
    seen: list[int] = []
    real = module._loss

    def spied(*arguments: object) -> torch.Tensor:
        seen.append(len(arguments[2]))  # type: ignore[arg-type]
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_loss", spied)
    run(epochs=1)(silent)
    assert sorted(seen) == [36, 64]


def test_no_more_is_learned_from_what_validation_asks() -> None:
    """The pairs of validation stop the training; they are in no step of it."""
    asked = replace(run(epochs=3), valid=WANTED)(silent)
    shuffled = sparse.csr_matrix(WANTED[::-1])
    seen = WORLD.interactions.matrix(N_USERS, N_ITEMS)
    other = replace(run(epochs=3), valid=(shuffled - shuffled.multiply(seen > 0)).tocsr())(silent)
    assert [entry["loss"] for entry in asked.log] == [entry["loss"] for entry in other.log]
