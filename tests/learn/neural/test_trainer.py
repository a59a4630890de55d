"""Training: repeatable, stopped early, and stopped in time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.data.dataset import Interactions
from kgrec.errors import ConfigError, TrainingDivergedError
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural import batch_losses
from kgrec.learn.neural import trainer as trainer_module
from kgrec.learn.neural.batch_losses import BatchLosses, Drawn
from kgrec.learn.neural.epoch_loop import Epoch
from kgrec.learn.neural.model import Embeddings
from kgrec.learn.neural.trainer import Trainer
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import dataset_of, quick
from tests.support.training import TEXTS, WORLD, assert_same, quality, trainer, without_clock

pytestmark = pytest.mark.usefixtures("few_triples")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 1e-4),
        ({"exact_items": 1}, 1e-5),
        ({"loss": "gbce"}, 1e-5),
        ({"loss": "softmax"}, 1e-4),
        ({"weight_decay": 0.25, "exact_items": 1}, 0.25),
    ],
)
def test_the_pull_on_parameters_is_weaker_where_the_loss_is_sampled(
    changes: dict[str, object], expected: float
) -> None:
    assert trainer(quick(**changes)).optimizer.param_groups[0]["weight_decay"] == expected


@pytest.mark.parametrize(
    ("threads", "change"),
    [
        (1, {}),
        (1, {"kg_decoder": "rotate"}),
        (2, {"loss": "sampled_bce", "kg_decoder": "transe", "num_layers": 2}),
    ],
)
def test_the_same_seed_gives_the_same_result(
    threads: int, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_losses, "_TRIPLES", 2048)  # enough for torch to share the work among threads
    config = quick(epochs=2, embedding_dim=32, num_threads=threads, **change)
    before = torch.get_num_threads()
    try:
        assert_same(trainer(config).fit(quality), trainer(config).fit(quality))
    finally:
        torch.set_num_threads(before)


def test_another_seed_gives_another_result() -> None:
    a, b = (trainer(quick(seed=seed, epochs=2)).fit() for seed in (0, 1))
    assert not np.array_equal(a.embeddings.source, b.embeddings.source)


@pytest.mark.parametrize("loss", ["exact_bce", "sampled_bce", "softmax", "gbce"])
def test_the_loss_falls(loss: str) -> None:
    log = trainer(quick(loss=loss, epochs=8, dropout=0.2)).fit().log
    assert log[-1]["loss_behaviour"] < log[0]["loss_behaviour"]
    assert log[-1]["loss_kg"] < log[0]["loss_kg"]
    assert log[-1]["loss_text"] < log[0]["loss_text"]


def test_nothing_that_only_training_needs_stays() -> None:
    ready = trainer(quick(epochs=2))
    ready.fit()
    assert not ready.optimizer.state
    assert all(parameter.grad is None for parameter in ready.model.parameters())


def poison(monkeypatch: pytest.MonkeyPatch, from_step: int) -> None:
    """From one step on, Adam makes a weight nan."""
    steps = 0
    real = torch.optim.Adam.step

    def step(self: torch.optim.Adam) -> None:
        nonlocal steps
        real(self)
        steps += 1
        if steps >= from_step:
            self.param_groups[0]["params"][0].data[:] = float("nan")

    monkeypatch.setattr(torch.optim.Adam, "step", step)


def test_nan_stops_training_and_a_lower_learning_rate_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        poison(patch, from_step=5)  # two steps an epoch: the first of epoch 3
        with pytest.raises(TrainingDivergedError) as caught:
            trainer(quick(epochs=6), tmp_path).fit()
    assert str(caught.value) == (
        "TrainingDivergedError: the loss is not finite.\n"
        "  where     epoch 3, after 16 of 24 users\n"
        f"  found     {caught.value.found}\n"
        "  expected  finite numbers\n"
        f"  next      lower learning_rate (now 0.005) and train again; it goes on from epoch 2, kept in {tmp_path}"
    )
    assert caught.value.found is not None
    assert "behaviour nan" in caught.value.found
    with pytest.raises(ConfigError):
        trainer(quick(epochs=6, learning_rate=0.1), tmp_path).fit()
    told: list[Epoch] = []
    rescued = trainer(quick(epochs=6, learning_rate=0.001), tmp_path).fit(on_epoch=told.append)
    assert [entry["epoch"] for entry in told] == [3, 4, 5, 6]
    assert np.isfinite(rescued.embeddings.source).all()
    assert without_clock(rescued.log[:2]) == without_clock(trainer(quick(epochs=2)).fit().log)


def test_nan_in_the_last_step_of_an_epoch_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        poison(patch, from_step=4)  # the last of epoch 2
        with pytest.raises(TrainingDivergedError, match="a weight is not finite") as caught:
            trainer(quick(epochs=6), tmp_path).fit(quality)
    assert caught.value.where == "epoch 2, after 24 of 24 users"
    assert len(json.loads((tmp_path / "state.json").read_text())["log"]) == 1
    assert_same(trainer(quick(epochs=6), tmp_path).fit(quality), trainer(quick(epochs=6)).fit(quality))


def test_nan_at_once_has_nothing_to_keep(tmp_path: Path) -> None:
    runner = trainer(quick(), tmp_path)
    runner.model.bias.data[:] = float("nan")
    with pytest.raises(TrainingDivergedError) as caught:
        runner.fit()
    assert (caught.value.where, caught.value.next) == (
        "epoch 1, after 0 of 24 users",
        "lower learning_rate (now 0.005) and train again",
    )


def test_an_epoch_sees_no_more_users_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_module, "LIMITS", replace(LIMITS, epoch_users=10))
    batches: list[np.ndarray] = []
    real = BatchLosses.draw

    def spied(self: BatchLosses, users: np.ndarray, rng: np.random.Generator) -> Drawn:
        batches.append(users)
        return real(self, users, rng)

    monkeypatch.setattr(BatchLosses, "draw", spied)
    trainer(quick(epochs=2, batch_size=4)).fit()
    epochs = [np.concatenate(batches[start : start + 3]) for start in (0, 3)]
    assert [len(set(users.tolist())) for users in epochs] == [10, 10]
    assert set(epochs[0].tolist()) != set(epochs[1].tolist())


def test_early_stopping_keeps_the_best_epoch() -> None:
    values = iter([0.1, 0.3, 0.2, 0.3, 0.25, 0.9])
    kept: list[Embeddings] = []

    def validate(embeddings: Embeddings) -> float:
        kept.append(embeddings)
        return next(values)

    found = trainer(quick(epochs=6, patience=3)).fit(validate)
    assert (found.best_epoch, len(found.log)) == (2, 5)
    np.testing.assert_array_equal(found.embeddings.source, kept[1].source)


def test_without_validation_the_last_epoch_is_kept_and_the_number_is_obeyed() -> None:
    found = trainer(quick(epochs=6)).fit(epochs=2)
    assert (found.best_epoch, len(found.log)) == (2, 2)


def test_a_world_of_nothing_but_behaviour_trains() -> None:
    world = dataset_of(Interactions.of_pairs([0, 0, 1, 1, 2], [0, 1, 1, 2, 0]), 3, 3)
    history = HistoryWeights().matrix(world.interactions, 3, 3)
    found = Trainer(world, None, np.zeros(3), quick(epochs=2), history).fit()
    assert found.embeddings.texts is None
    assert [entry["loss_kg"] for entry in found.log] == [0.0, 0.0]


def test_texts_that_say_nothing_train() -> None:
    history = HistoryWeights().matrix(WORLD.interactions, 24, 24)
    found = Trainer(WORLD, np.zeros_like(TEXTS), np.zeros(24), quick(epochs=2), history).fit()
    assert [entry["loss_text"] for entry in found.log] == [0.0, 0.0]


@pytest.mark.parametrize(("weight", "name"), [("kg_weight", "loss_kg"), ("text_weight", "loss_text")])
def test_a_term_without_weight_is_not_computed(weight: str, name: str) -> None:
    (entry,) = trainer(quick(epochs=1, **{weight: 0.0})).fit().log
    assert entry[name] == 0.0
    (entry,) = trainer(quick(epochs=1)).fit().log
    assert entry[name] > 0.0
