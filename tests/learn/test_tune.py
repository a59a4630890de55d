"""The search for settings: never worse than where it begins, within its time, and going on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec import pipeline
from kgrec.config import TrainConfig
from kgrec.errors import ConfigError, KgrecError, MissingExtraError, TrainingDivergedError
from kgrec.learn import tune as tune_module
from kgrec.learn.learner import Learner, PreparedChannels
from kgrec.learn.tune import tune
from kgrec.progress import silent
from tests.support.datasets import genre_world, quick

WORLD = genre_world(np.random.default_rng(1), n_users=24, n_items=24, taken=5, texts=False)
START = quick(epochs=2)


class Clock:
    """Seconds that pass only in trials."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[TrainConfig]:
    """What was tried. A trial takes a minute and is worth more the nearer its dropout is to .3."""
    configs: list[TrainConfig] = []
    clock = Clock()

    def quality(self: Learner, prepared: PreparedChannels) -> float:
        configs.append(self.config)
        clock.now += 60.0
        return 1.0 - abs(self.config.dropout - 0.3)

    monkeypatch.setattr(Learner, "quality", quality)
    monkeypatch.setattr(tune_module, "time", clock)
    return configs


def test_the_settings_given_are_tried_first_and_the_best_is_found(tried: list[TrainConfig]) -> None:
    found = tune(WORLD, START, minutes=12)
    assert tried[0] == START
    assert found.trials == len(tried) == 12
    assert found.best == max(1.0 - abs(one.dropout - 0.3) for one in tried) > found.default
    assert found.config in tried
    assert found.changed["dropout"] == found.config.dropout
    assert found.config == TrainConfig.of(START.model_dump() | found.changed)


def test_no_trial_begins_after_the_time(tried: list[TrainConfig]) -> None:
    assert tune(WORLD, START, minutes=0.5).trials == len(tried) == 1
    assert tune(WORLD, START, minutes=0.5).changed == {}


def test_a_stopped_search_goes_on(tried: list[TrainConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Learner.quality

    def stopped(self: Learner, prepared: PreparedChannels) -> float:
        if len(tried) == 3:
            raise KeyboardInterrupt
        return real(self, prepared)

    monkeypatch.setattr(Learner, "quality", stopped)
    with pytest.raises(KeyboardInterrupt):
        tune(WORLD, START, minutes=8, folder=tmp_path)
    monkeypatch.setattr(Learner, "quality", real)
    found = tune(WORLD, START, minutes=8, folder=tmp_path)
    assert found.trials == len(tried)
    assert len({one.model_dump_json() for one in tried}) == len(tried)  # nothing is tried twice
    assert tried.count(START) == 1


def test_other_data_are_another_search(tried: list[TrainConfig], tmp_path: Path) -> None:
    tune(WORLD, START, minutes=2, folder=tmp_path)
    fewer = WORLD.with_interactions(WORLD.interactions.select(np.arange(len(WORLD.interactions)) > 0))
    assert tune(fewer, START, minutes=0.1, folder=tmp_path).trials == 1


def test_settings_that_cannot_be_trained_are_passed_over(
    tried: list[TrainConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Learner.quality

    def failing(self: Learner, prepared: PreparedChannels) -> float:
        value = real(self, prepared)
        if len(tried) % 2 == 0:
            raise TrainingDivergedError("the loss is not finite.", found="nan")
        return value

    monkeypatch.setattr(Learner, "quality", failing)
    assert tune(WORLD, START, minutes=6).trials == 3


def test_settings_given_that_cannot_be_trained_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Learner, prepared: PreparedChannels) -> float:
        raise TrainingDivergedError("the loss is not finite.", found="nan")

    monkeypatch.setattr(Learner, "quality", failing)
    with pytest.raises(TrainingDivergedError):
        tune(WORLD, START, minutes=1)


def test_a_real_trial_is_worth_what_fitting_says() -> None:
    found = tune(WORLD, START, minutes=1e-6)
    assert found.trials == 1
    assert 0.0 < found.best <= 1.0


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("nan")])
def test_no_time_is_refused(minutes: float) -> None:
    with pytest.raises(ConfigError, match="nothing can be tried in no time"):
        tune(WORLD, START, minutes)


def test_without_optuna_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.errors.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="kgrec\\[tune\\]"):
        pipeline._tuned(WORLD, START, 1.0, None, silent)


def test_too_little_behaviour_is_said() -> None:
    nobody = WORLD.with_interactions(replace(WORLD.interactions.select(np.zeros(0, np.int64))))
    with pytest.raises(KgrecError, match="too few interactions"):
        tune(nobody, START, minutes=1)
