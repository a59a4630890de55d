"""A model of several platforms as arrays and back: shared matrices are there once, and what is missing is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.bundle.model_arrays import channel_entries, model_arrays, model_from, target_entries
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.bundles import random_interactions, random_model

N = 9


def model_of_platforms(rng: np.random.Generator) -> AdditiveModel:
    """The lists of the app have a model of their own, with a channel that reads what was done on the web."""
    shared, own = random_model(rng, N), random_model(rng, N)
    channels = tuple(replace(one, history=replace(one.history, platform="app")) for one in own.channels)
    first = shared.channels[0]
    other = Channel(f"{first.name}_from_web", first.matrix, HistoryWeights(platform="web"), unit=0.5)
    gates = Gates.common(np.linspace(0.2, 1.0, len(channels) + 1), 0.3)
    target = replace(own, channels=(*channels, other), gates=gates, platform="app")
    return replace(shared, targets={"app": target})


def described(model: AdditiveModel) -> dict[str, object]:
    return {"channels": channel_entries(model), "targets": target_entries(model)}


def test_a_model_comes_back_as_it_was() -> None:
    rng = np.random.default_rng(0)
    model, history = model_of_platforms(rng), random_interactions(rng, 5, N, 60)
    arrays = model_arrays(model)
    again = model_from(described(model), arrays, N)
    for name in ("app", "web"):
        ours, stored = model.for_platform(name), again.for_platform(name)
        assert stored.platform == ours.platform
        np.testing.assert_allclose(
            stored.scores(stored.histories(history, 5)), ours.scores(ours.histories(history, 5)), rtol=1e-6, atol=1e-6
        )
    assert again.targets["app"].channels[-1].matrix is again.channels[0].matrix
    assert not any("_from_" in name for name in arrays)


def test_one_platform_is_stored_as_ever() -> None:
    model = random_model(np.random.default_rng(1), N)
    assert not any(name.startswith("target_") for name in model_arrays(model))
    assert not any("platform" in entry["history"] for entry in channel_entries(model))
    assert model_from({"channels": channel_entries(model)}, model_arrays(model), N).targets == {}


def test_what_is_missing_is_told() -> None:
    model = model_of_platforms(np.random.default_rng(2))
    arrays, entries = model_arrays(model), described(model)
    short = {**arrays, "target_0.prior": arrays["target_0.prior"][:-1]}
    with pytest.raises(ValueError, match="the model of platform app is not of 9 items"):
        model_from(entries, short, N)
    first = model.channels[0].name
    without = {name: array for name, array in arrays.items() if not name.startswith(f"target_0.{first}.")}
    with pytest.raises(ValueError, match=f"channel {first} has no array"):
        model_from(entries, without, N)
