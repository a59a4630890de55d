"""The trend: counts of the past alone, faded by an exact half-life, beside all else in a score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Array, Interactions
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.trend import DAY_S, HOUR_S, Trend
from tests.support.bundles import random_interactions, random_model
from tests.support.trends import START, random_events, slow_counts, slow_trend, with_random_trend, with_trend

MANY = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
HALF_LIVES = st.sampled_from([HOUR_S, DAY_S, 7 * DAY_S, 365 * DAY_S])


def listed(events: Interactions) -> list[tuple[float, int]]:
    return list(zip(events.time.tolist(), events.item.tolist(), strict=True))


def moments_of(rng: np.random.Generator, n: int) -> Array:
    """Moments before, between, at and after events, some of them twice, some at the end of an hour."""
    hours = rng.choice([*range(-5, 30 * 24, 7), 0, 0, 20 * 24, 24.5, 400 * 24], n)
    return np.sort(START + HOUR_S * hours - rng.choice([0.0, START % HOUR_S], n))


def split(events: Interactions, part: int) -> tuple[Interactions, Interactions]:
    return events.select(np.arange(len(events)) < part), events.select(np.arange(len(events)) >= part)


@MANY
@given(SEEDS, HALF_LIVES, st.integers(0, 25), st.integers(0, 25))
def test_counts_are_those_of_the_past_event_by_event(seed: int, half_life: float, counted: int, n_later: int) -> None:
    rng = np.random.default_rng(seed)
    hours, later = split(random_events(rng, 5, counted + n_later), counted)
    trend = Trend.of(hours, 5, half_life).with_later(later.time, later.item)
    moments = moments_of(rng, 9)
    expected = [slow_counts(listed(hours), listed(later), 5, half_life, moment) for moment in moments.tolist()]
    np.testing.assert_allclose(trend.taken(moments), expected, rtol=1e-9, atol=1e-12)
    for moment, of_moment in zip(moments.tolist(), expected, strict=True):  # one alone is as good as all together
        np.testing.assert_allclose(trend.taken(np.array([moment]))[0], of_moment, rtol=1e-9, atol=1e-12)


@MANY
@given(SEEDS, HALF_LIVES, st.booleans())
def test_an_event_at_the_moment_or_after_it_changes_nothing(seed: int, half_life: float, live: bool) -> None:
    rng = np.random.default_rng(seed)
    events = random_events(rng, 5, 20)
    moment = float(events.time[3])
    past, future = events.select(events.time < moment), events.select(events.time >= moment)
    assert len(future)
    if live:
        before = Trend.of(past, 5, half_life)
        after = before.with_later(future.time, future.item)
    else:
        before, after = (Trend.of(of, 5, half_life) for of in (past, past.joined(future)))
    asked = np.array([moment])
    np.testing.assert_allclose(before.taken(asked), after.taken(asked), rtol=1e-13)
    np.testing.assert_allclose(before.at(asked, np.arange(5)), after.at(asked, np.arange(5)), rtol=1e-9, atol=1e-9)


def test_the_last_event_is_not_past_at_its_own_moment() -> None:
    trend = Trend.of(random_events(np.random.default_rng(0), 2, 0), 2, DAY_S)
    trend = trend.with_later(np.array([START]), np.array([1]))
    np.testing.assert_allclose(trend.taken(np.array([START, START + DAY_S])), np.array([[0.0, 0.0], [0.0, 0.5]]))


def test_what_was_taken_counts_half_after_its_half_life() -> None:
    """The table at the top of ``kgrec.scoring.trend``."""
    end = START - START % HOUR_S + HOUR_S
    times = [end - 10.0] * 12 + [end + 2 * DAY_S - 10] * 3
    events = Interactions.of_pairs([0] * 15, [0] * 12 + [1] * 3, times)
    trend, moment = Trend.of(events, 3, DAY_S), np.array([end + 2 * DAY_S])
    np.testing.assert_allclose(trend.taken(moment)[0], [3.0, 3.0, 0.0], rtol=1e-12)
    np.testing.assert_allclose(trend.at(moment, np.arange(3))[0], [0.5**0.5, 0.5**0.5, -(2**0.5)], rtol=1e-12)
    np.testing.assert_allclose(trend.taken(moment - 1)[0], [12 * 0.5 ** ((2 * DAY_S - 1) / DAY_S), 0.0, 0.0])
    np.testing.assert_allclose(trend.taken(moment + DAY_S), trend.taken(moment) / 2, rtol=1e-12)


def test_a_moment_that_is_unknown_is_after_all_that_is_counted() -> None:
    rng = np.random.default_rng(0)
    hours, later = split(random_events(rng, 4, 30), 20)
    trend = Trend.of(hours, 4, DAY_S)
    np.testing.assert_array_equal(trend.taken(np.array([np.nan])), trend.taken(np.array([trend.until])))
    assert trend.until == (np.floor(hours.time.max() / HOUR_S) + 1) * HOUR_S
    newest = later.time.max() + 40 * DAY_S
    trend = trend.with_later(np.r_[later.time, newest], np.r_[later.item, 2])
    assert trend.until == newest
    expected = slow_counts(listed(hours), listed(later), 4, DAY_S, newest)
    expected[2] += 1.0
    np.testing.assert_allclose(trend.taken(np.array([np.nan]))[0], expected, rtol=1e-9)


def test_what_is_reported_one_by_one_counts_as_what_is_reported_together() -> None:
    rng = np.random.default_rng(1)
    hours, later = split(random_events(rng, 6, 40), 10)
    together = Trend.of(hours, 6, DAY_S).with_later(later.time, later.item)
    one_by_one = Trend.of(hours, 6, DAY_S)
    for time, item in listed(later):  # in any order of their times
        one_by_one = one_by_one.with_later(np.array([time]), np.array([item]))
    asked = np.r_[moments_of(rng, 9), np.nan]
    np.testing.assert_allclose(one_by_one.taken(asked), together.taken(asked), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [0, 3])
def test_where_nothing_tells_items_apart_there_is_no_trend(n: int) -> None:
    everything_once = Interactions.of_pairs([0] * n, range(n), [START] * n)
    trend = Trend.of(everything_once, 3, DAY_S)
    asked = np.array([START - DAY_S, START + DAY_S, np.nan])
    np.testing.assert_array_equal(trend.at(asked, np.arange(3)), np.zeros((3, 3)))


def test_old_counts_fade_away_and_are_not_blown_up() -> None:
    trend = Trend.of(Interactions.of_pairs([0] * 3, [0, 0, 1], [START] * 3), 50, DAY_S)
    days = np.array([0.0, 1.0, 5.0, 10.0, 20.0])
    highest = trend.at(trend.until + days * DAY_S, np.arange(50)).max(axis=1)
    assert highest[0] > 5.0
    assert (np.diff(highest[1:]) < 0).all()
    assert highest[-1] < 1e-4
    several = Trend.of(Interactions.of_pairs([0] * 40, [*range(20)] * 2, [START] * 40), 50, DAY_S)
    told = several.at(np.array([np.nan]), np.arange(50))[0]
    assert told.mean() == pytest.approx(0.0, abs=1e-12)
    assert told.std() == pytest.approx(1.0)


def test_some_items_have_the_counts_that_they_had() -> None:
    rng = np.random.default_rng(2)
    hours, later = split(random_events(rng, 6, 40), 25)
    trend, items = Trend.of(hours, 6, DAY_S).with_later(later.time, later.item), np.array([4, 0, 3])
    asked = np.r_[moments_of(rng, 5), np.nan]
    np.testing.assert_allclose(trend.restricted_to(items).taken(asked), trend.taken(asked)[:, items])


def test_it_comes_back_from_its_arrays() -> None:
    rng = np.random.default_rng(3)
    trend = Trend.of(random_events(rng, 6, 40), 6, 3 * DAY_S)
    again, asked = Trend.from_arrays(trend.arrays(), 6), moments_of(rng, 5)
    assert again.half_life == 3 * DAY_S
    np.testing.assert_array_equal(again.taken(asked), trend.taken(asked))
    assert not {"user", "time"} & {*trend.arrays()}


def test_arrays_that_do_not_fit_are_refused() -> None:
    arrays = Trend.of(random_events(np.random.default_rng(3), 6, 40), 6, DAY_S).arrays()
    for wrong, n_items in (
        ({"ends": arrays["ends"][1:]}, 6),
        ({"half_life": np.asarray(0.0)}, 6),
        ({}, 3),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            Trend.from_arrays(arrays | wrong, n_items)
    with pytest.raises(KeyError, match="ends"):
        Trend.from_arrays({name: array for name, array in arrays.items() if name != "ends"}, 6)
    with pytest.raises(ValueError, match="counts of"):
        Trend(DAY_S, np.zeros(2), Trend.from_arrays(arrays, 6).counts)


# In a score


def without(model: AdditiveModel) -> AdditiveModel:
    return replace(model, trend=None, gates=model.gates.with_known(trend=np.zeros_like(model.gates.by_history.prior)))


@MANY
@given(SEEDS, st.integers(0, 8), st.sampled_from([np.nan, START + 3.3 * DAY_S, START + 30 * DAY_S]))
def test_a_score_is_the_one_without_and_the_weighted_trend_of_known_items(seed: int, n: int, at: float) -> None:
    rng = np.random.default_rng(seed)
    events, half_life = random_events(rng, 7, 30), float(rng.choice([0.5, 3.0, 30.0])) * DAY_S
    model = with_trend(random_model(rng, 7), Trend.of(events, 7, half_life), rng.random((3, 3)))
    past, table = random_interactions(rng, 1, 7, n), model.gates.by_history
    pause = (at - past.time.max()) if n else np.nan
    bucket = 0 if np.isnan(pause) else 2, sum(len(np.unique(past.item)) >= least for least in (1, 3))
    last = (np.floor(events.time.max() / HOUR_S) + 1) * HOUR_S
    counts = slow_counts(listed(events), [], 7, half_life, last if np.isnan(at) else at)
    told = slow_trend(counts, np.flatnonzero(~model.is_cold).tolist())
    expected = table.trend[bucket] * np.array(told)
    scored, before = model.scored(past, at), without(model).scored(past, at)
    np.testing.assert_allclose(scored.scores, before.scores + expected, atol=1e-9)
    parts = scored.contributions(np.arange(7)[::-1])
    np.testing.assert_allclose(parts.trend, expected[::-1], atol=1e-9)
    np.testing.assert_allclose(parts.scores, scored.scores[::-1], atol=1e-9)
    np.testing.assert_allclose(parts.constant + parts.prior + parts.trend, parts.base, atol=1e-12)
    assert parts.of_item(2).trend == parts.trend[2]
    single = model.scores(model.histories(past, 1, at), np.float32)[0]
    np.testing.assert_allclose(single, scored.scores, atol=1e-4)


def test_a_trend_that_is_closed_changes_no_bit() -> None:
    rng = np.random.default_rng(4)
    model, past = random_model(rng, 9), random_interactions(rng, 6, 9, 40)
    trend = Trend.of(random_events(rng, 9, 30), 9, DAY_S)
    for other in (replace(model, trend=trend), without(with_trend(model, trend, 1.0))):
        for dtype in (np.float64, np.float32):
            before, after = (one.scores(one.histories(past, 6, START), dtype) for one in (model, other))
            np.testing.assert_array_equal(before, after)


def test_each_user_is_scored_as_of_their_own_moment() -> None:
    rng = np.random.default_rng(5)
    model, past = replace(random_model(rng, 9), is_cold=np.zeros(9, np.bool_)), random_interactions(rng, 4, 9, 20)
    model = with_random_trend(rng, model)
    moments = START + DAY_S * np.array([9.0, 2.0, np.nan, 9.0])
    together = model.scores(model.histories(past, 4, moments))
    for user, moment in enumerate(moments.tolist()):
        alone = model.scored(past.select(past.user == user), moment).scores
        np.testing.assert_allclose(together[user], alone, atol=1e-9)
    assert np.abs(together[0] - model.scored(past.select(past.user == 0), moments[1]).scores).max() > 0.1


def test_another_moment_is_another_list() -> None:
    """What was taken first is on top then, what was taken last at the end, and nobody has a history."""
    rng = np.random.default_rng(6)
    events = Interactions.of_pairs([0, 1, 2], [3, 1, 1], [START, START + 9 * DAY_S, START + 9 * DAY_S])
    model = replace(random_model(rng, 5), is_cold=np.zeros(5, bool), prior=np.zeros(5, np.float32))
    model = with_trend(replace(model, gates=Gates.common(np.zeros(5), 0.0)), Trend.of(events, 5, DAY_S), 1.0)
    nothing = Interactions.of_pairs([], [])
    best = [
        int(model.scored(nothing, START + days * DAY_S).best(np.ones(5, np.bool_), 1)[0]) for days in (1.0, 9.0, 10.0)
    ]
    assert best == [3, 3, 1]
    assert model.scored(nothing).best(np.ones(5, np.bool_), 2).tolist() == [1, 3]


def test_what_was_taken_since_changes_the_list_and_nothing_is_worked_out_again() -> None:
    rng = np.random.default_rng(7)
    model, past = with_random_trend(rng, random_model(rng, 9)), random_interactions(rng, 1, 9, 5)
    before = model.scored(past).scores
    fresh = model.with_later(np.array([START + 99 * DAY_S]), np.array([4]))
    assert fresh._mixing._of_channel(0) is model._mixing._of_channel(0)
    assert fresh.trend is not None
    rebuilt = replace(model, trend=fresh.trend)
    np.testing.assert_allclose(fresh.scored(past).scores, rebuilt.scored(past).scores)
    assert np.abs(fresh.scored(past).scores - before).max() > 0.01 or model.is_cold.all()
    np.testing.assert_array_equal(model.scored(past).scores, before)
    assert model.without_prior.trend is None
