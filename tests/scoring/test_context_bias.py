"""Context bias: counts against what was to be expected, beside all else in a score, and nothing where it is unknown."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.bundle.bundle import Bundle
from kgrec.data.context_columns import ContextColumn, Contexts
from kgrec.scoring.context_bias import MOST_VALUES, ContextBias
from kgrec.scoring.model import AdditiveModel
from tests.support.bundles import bundle_of, random_interactions, random_model

SEEDS = st.integers(0, 2**32 - 1)
N_ITEMS = 8


def random_bias(
    rng: np.random.Generator, name: str = "weather", values: tuple[str, ...] = ("rain", "sun")
) -> ContextBias:
    column = ContextColumn(name, values, rng.integers(-1, len(values), 60))
    return ContextBias.counted(column, rng.integers(0, N_ITEMS, 60), N_ITEMS, 2.0, 0.7)


def with_contexts(rng: np.random.Generator) -> AdditiveModel:
    weekdays = ("Monday", "Friday")
    return replace(random_model(rng, N_ITEMS), contexts=(random_bias(rng), random_bias(rng, "weekday", weekdays)))


def test_the_example_of_the_module() -> None:
    weather = ContextColumn.of_texts("weather", ["sun"] * 4 + ["rain"] * 4)
    bias = ContextBias.counted(weather, np.array([0, 0, 0, 1, 0, 1, 1, 1]), 2)
    assert bias.values == ("rain", "sun")
    np.testing.assert_allclose(bias.table[1], [math.log(4 / 3), math.log(2 / 3)])
    np.testing.assert_allclose(bias.table[1].round(3), [0.288, -0.405])


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([0.5, 3.0, 30.0]))
def test_numbers_are_those_that_are_counted_one_by_one(seed: int, k: float) -> None:
    rng = np.random.default_rng(seed)
    values, n = ("a", "b", "c"), int(rng.integers(1, 40))
    code, item = rng.integers(-1, 3, n), rng.integers(0, 5, n)
    bias = ContextBias.counted(ContextColumn("x", values, code), item, 5, k, 2.0)
    known = [(values[c], i) for c, i in zip(code.tolist(), item.tolist(), strict=True) if c >= 0]
    asked = ["a", "c", "", "nowhere"]
    found = bias.of(Contexts(np.full(4, np.nan), (ContextColumn.of_texts("x", asked),)))
    for row, value in enumerate(asked):
        for i in range(5):
            of_value = sum(v == value for v, _ in known)
            expected = of_value * sum(j == i for _, j in known) / max(len(known), 1)
            taken = known.count((value, i))
            added = 2.0 * math.log((taken + k) / (expected + k)) if of_value else 0.0
            assert found[row, i] == pytest.approx(added, abs=1e-9)


def test_rare_circumstances_are_not_told_apart() -> None:
    texts = [f"v{n:03}" for n in range(100) for _ in range(1 + n)]
    bias = ContextBias.counted(ContextColumn.of_texts("x", texts), np.zeros(len(texts), np.int64), 1)
    assert bias.values == tuple(f"v{n:03}" for n in range(100 - MOST_VALUES, 100))


@pytest.mark.parametrize("seed", range(6))
def test_contexts_are_parts_of_the_score_and_their_own_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = with_contexts(rng)
    past = random_interactions(rng, 1, N_ITEMS, 6)
    friday = datetime(2024, 1, 5, tzinfo=UTC).timestamp()
    asked = Contexts(np.array([friday]), (ContextColumn.of_texts("weather", ["sun"]),))
    parts = model.contributions(past, np.arange(N_ITEMS), asked)
    without = replace(model, contexts=()).contributions(past, np.arange(N_ITEMS), asked)
    scores = model.scores(model.histories(replace(past, user=np.zeros(6, np.int64)), 1, asked))[0]
    np.testing.assert_allclose(parts.scores, scores, atol=1e-9)
    expected = np.concatenate([bias.of(asked) for bias in model.contexts])
    expected[:, model.is_cold] = 0.0
    np.testing.assert_allclose(parts.contexts, expected, atol=1e-12)
    np.testing.assert_allclose(parts.scores - without.scores, expected.sum(axis=0), atol=1e-9)
    np.testing.assert_allclose(parts.constant, without.constant, atol=1e-9)
    of_item = parts.of_item(2)
    assert of_item.constant == pytest.approx(float(parts.constant[2]))
    unknown = model.contributions(past, np.arange(N_ITEMS))
    assert not unknown.contexts.any()
    assert not model.without_prior.contexts


@pytest.mark.parametrize("seed", range(3))
def test_each_user_is_scored_in_their_own_context(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, past = with_contexts(rng), random_interactions(rng, 4, N_ITEMS, 20)
    asked = Contexts(np.full(4, np.nan), (ContextColumn.of_texts("weather", ["sun", "rain", "", "snow"]),))
    together = model.scores(model.histories(past, 4, asked))
    for user in range(4):
        alone = model.scores(model.histories(past, 4, asked.of_user(user)))[user]
        np.testing.assert_allclose(together[user], alone, atol=1e-9)
    some = np.array([5, 1, 6])
    np.testing.assert_allclose(model.contexts[0].restricted_to(some).of(asked), model.contexts[0].of(asked)[:, some])


def test_a_model_of_some_items_has_the_contexts_of_these() -> None:
    rng = np.random.default_rng(1)
    model, past = with_contexts(rng), random_interactions(rng, 1, N_ITEMS, 6)
    asked, some = Contexts(np.array([np.nan]), (ContextColumn.of_texts("weather", ["sun"]),)), np.array([5, 1, 6])
    parts = model.restricted_to(some).contributions(past.select(np.zeros(6, np.bool_)), np.arange(3), asked)
    np.testing.assert_allclose(parts.contexts, model.contributions(past, some, asked).contexts)


def test_a_bundle_keeps_its_contexts(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    model, past = with_contexts(rng), random_interactions(rng, 3, N_ITEMS, 20)
    bundle = bundle_of(replace(model, targets={"app": with_contexts(rng)}), past, 3)
    bundle.save(tmp_path / "b")
    back = Bundle.load(tmp_path / "b").model
    asked = Contexts(np.full(3, np.nan), (ContextColumn.of_texts("weather", ["sun", "rain", ""]),))
    for one, other in ((model, back), (bundle.model.targets["app"], back.targets["app"])):
        np.testing.assert_array_equal(
            one.scores(one.histories(past, 3, asked)), other.scores(other.histories(past, 3, asked))
        )


def test_parts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values of x"):
        ContextBias("x", ("a", "b"), np.zeros((3, 4), np.float32), 1.0, 1.0)
    with pytest.raises(ValueError, match="shrinkage"):
        ContextBias("x", ("a",), np.zeros((1, 4), np.float32), 0.0, 1.0)
    arrays = random_bias(np.random.default_rng(0)).arrays()
    with pytest.raises(ValueError, match="9 items"):
        ContextBias.from_arrays("weather", ("rain", "sun"), arrays, 9)
