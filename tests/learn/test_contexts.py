"""Circumstances that decide are found, named and counted anew; those that do not are closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.context_columns import ContextColumn, of_moment
from kgrec.data.dataset import Dataset, Interactions
from kgrec.explanation.reasons import ContextReason
from kgrec.explanation.wording.sentence import sentence
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.contexts import columns_of
from kgrec.learn.fit import fit, refit
from kgrec.learn.fit_result import FitResult
from kgrec.learn.refresh import refresh, settings_of
from kgrec.progress import silent
from kgrec.recommendation import Recommender
from tests.support.datasets import dataset_of, quick

pytestmark = pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")
QUICK = quick(epochs=1, text_encoder="none", num_layers=0, next_item_dim=0)
N_USERS, N_ITEMS, DAY_S = 120, 40, 86_400.0
START = 1.7e9 // (7 * DAY_S) * 7 * DAY_S + 4 * DAY_S  # a Monday
WET, DRY = np.arange(N_ITEMS // 2), np.arange(N_ITEMS // 2, N_ITEMS)


def weather_world(shuffled: bool = False) -> tuple[Dataset, Interactions]:
    """Everybody takes items of one half when it rains, and of the other in the sun; the last of each is held out."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(N_USERS), 11)
    rains = rng.random(len(user)) < 0.5
    item = np.where(rains, rng.choice(WET, len(user)), rng.choice(DRY, len(user)))
    said = rng.permutation(rains) if shuffled else rains
    time = START + np.tile(np.arange(11) * 5 * DAY_S, N_USERS) + rng.integers(0, 5, len(user)) * DAY_S
    done = Interactions.of_pairs(user, item, time)
    done = replace(done, context=(ContextColumn.of_texts("weather", np.where(said, "rain", "sun").tolist()),))
    last = np.tile(np.arange(11) == 10, N_USERS)
    return dataset_of(done.select(~last), N_USERS, N_ITEMS), done.select(last)


@pytest.fixture(scope="module")
def learned() -> tuple[Dataset, Interactions, FitResult]:
    world, held = weather_world()
    return world, held, fit(world, QUICK, valid=held)


def test_what_decides_is_found(learned: tuple[Dataset, Interactions, FitResult]) -> None:
    _, _, result = learned
    assert [one.column for one in result.chosen.contexts] == ["weather"]
    assert result.metrics["with contexts"] > result.metrics["without contexts"] + 0.05
    (bias,) = result.model.contexts
    assert bias.values == ("rain", "sun")
    rain = bias.table[0]
    assert rain[WET].min() > rain[DRY].max()


def test_after_a_refit_all_is_counted(learned: tuple[Dataset, Interactions, FitResult]) -> None:
    world, held, result = learned
    everything = world.with_interactions(world.interactions.joined(held))
    again = refit(everything, result, QUICK).model
    for model, done in ((again, everything.interactions), (result.train_only, world.interactions)):
        assert model is not None
        (bias,) = model.contexts
        np.testing.assert_array_equal(bias.counts.sum(axis=0), np.bincount(done.item, minlength=N_ITEMS))


def test_circumstances_that_say_nothing_are_closed() -> None:
    world, held = weather_world(shuffled=True)
    result = fit(world, QUICK, valid=held)
    assert not result.model.contexts
    assert not result.chosen.contexts
    assert result.metrics["with contexts"] == result.metrics["without contexts"]


def test_a_list_and_its_reasons_depend_on_the_circumstances(
    learned: tuple[Dataset, Interactions, FitResult], tmp_path: Path
) -> None:
    world, _, result = learned
    to_bundle(world, result, QUICK).save(tmp_path / "b")
    recommender = Recommender(Bundle.load(tmp_path / "b"))
    user = next(iter(world.users))
    tops = {}
    for weather in ("rain", "sun", ""):
        context = Context(values={"weather": weather} if weather else {})
        best = recommender.recommend(user, k=8, context=context, explain=True)
        tops[weather] = [int(world.items.row(one.item) or 0) for one in best]
        for one in best:
            it = one.explanation
            assert it is not None
            found = [reason for reason in it.reasons if isinstance(reason, ContextReason)]
            assert [(reason.column, reason.circumstance) for reason in found] == (
                [("weather", weather)] if weather else []
            )
            total = sum(reason.value for reason in it.reasons) + it.constant
            assert total == pytest.approx(it.score, abs=1e-9)
            plain = recommender.explain(user, one.item)
            assert sum(reason.value for reason in found) == pytest.approx(it.score - plain.score, abs=1e-9)
            if found and found[0].share > 0.3:
                assert f"where the weather is {weather}" in sentence(it, length="full")
                assert f"当weather为{weather}时" in sentence(it, "zh", "full")
    assert np.isin(tops["rain"], WET).mean() > 0.8 > 0.2 > np.isin(tops["sun"], WET).mean()


def test_an_update_counts_what_came_since(learned: tuple[Dataset, Interactions, FitResult]) -> None:
    world, held, result = learned
    bundle = to_bundle(world, result, QUICK)
    assert settings_of(bundle)[1].contexts == result.chosen.contexts
    everything = world.with_interactions(world.interactions.joined(held))
    (updated,) = refresh(everything, bundle, silent).model.contexts
    (anew,) = refit(everything, result, QUICK).model.contexts
    np.testing.assert_array_equal(updated.counts, anew.counts)
    assert (updated.shrinkage, updated.weight) == (anew.shrinkage, anew.weight)


def test_columns_of_the_moment_are_tried_where_there_is_time_enough() -> None:
    done = Interactions.of_pairs([0, 0], [0, 1], [START, START + 3 * 365 * DAY_S])
    assert [column.name for column in columns_of(done)] == ["hour", "weekday", "month"]
    for days, names in ((3, []), (10, ["hour"]), (40, ["hour", "weekday"])):
        short = replace(done, time=np.array([START, START + days * DAY_S]))
        assert [column.name for column in columns_of(short)] == names
    assert columns_of(replace(done, time=np.array([1.0, 2.0]))) == ()
    own = replace(done, context=(ContextColumn.of_texts("hour", ["early", "late"]),))
    assert [column.values[:2] for column in columns_of(own)[:1]] == [("early", "late")]


def test_a_weekday_that_decides_is_found() -> None:
    world, held = weather_world()
    days = [of_moment("weekday", part.time).code for part in (world.interactions, held)]
    rng = np.random.default_rng(1)
    parts = []
    for part, day in zip((world.interactions, held), days, strict=True):
        item = np.where(day >= 5, rng.choice(WET, len(part)), rng.choice(DRY, len(part)))
        parts.append(replace(part, item=item, context=()))
    result = fit(world.with_interactions(parts[0]), QUICK, valid=parts[1])
    assert [one.column for one in result.chosen.contexts] == ["weekday"]
    saturday = START + 5 * DAY_S + 3600
    bundle = to_bundle(world.with_interactions(parts[0]), result, QUICK)
    best = Recommender(bundle).recommend(history=[bundle.items[0]], k=5, context=Context(saturday), explain=True)
    assert all(world.items.row(one.item) in WET for one in best)
    told = best[0].explanation
    assert told is not None
    assert "on Saturdays" in sentence(told, length="full")
    assert "在星期六" in sentence(told, "zh", "full")
