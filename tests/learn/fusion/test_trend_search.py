"""A trend is open where validation takes what was taken just before, and closed, without a trace, where it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.fusion.candidate_scores import CandidateScores
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.learn.fusion.trend_search import HALF_LIVES_S, best_trend, half_lives_within
from kgrec.progress import silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.trend import DAY_S, HOUR_S, Trend
from tests.support.trends import START, slow_counts, slow_trend

N_USERS, N_ITEMS, DAYS, SPELL = 240, 60, 120, 4
"""For four days at a time, everybody takes one item, then another."""


def hot(day: Array) -> Array:
    return (7 * (day // SPELL)) % N_ITEMS


def world(*, follows: bool, positions: bool = False) -> tuple[AdditiveModel, Interactions, Interactions]:
    """Channels of noise; what users take in validation is what is taken then, or anything."""
    rng = np.random.default_rng(3)
    user = np.tile(np.arange(N_USERS), 8)
    day = rng.integers(0, DAYS - 1, len(user))
    item = np.where(rng.random(len(user)) < 0.5, hot(day), rng.integers(0, N_ITEMS, len(user)))
    asked = rng.integers(DAYS // 2, DAYS, N_USERS)
    wanted = hot(asked) if follows else rng.integers(0, N_ITEMS, N_USERS)
    past = day < asked[user]
    train = Interactions.of_pairs(user[past], item[past], START + DAY_S * day[past] + rng.random(past.sum()) * HOUR_S)
    # An hour is over at the end of a day, so that what is taken on the day before counts.
    valid = Interactions.of_pairs(np.arange(N_USERS), wanted, START + DAY_S * asked)
    if positions:
        train, valid = (replace(one, time=np.round(one.time - START)) for one in (train, valid))
    matrices = [LowRankMatrix(*(rng.normal(size=(2, N_ITEMS, 3)).astype(np.float32))) for _ in range(2)]
    channels = tuple(Channel(name, matrix) for name, matrix in zip(("behaviour", "noise"), matrices, strict=True))
    prior = np.log(np.bincount(train.item, minlength=N_ITEMS) + 0.5)
    prior = ((prior - prior.mean()) / prior.std()).astype(np.float32)
    gates = Gates.common(np.ones(2), 1.0)
    return AdditiveModel(channels, gates, prior, np.bincount(train.item, minlength=N_ITEMS) == 0), train, valid


def fitter(
    model: AdditiveModel, train: Interactions, valid: Interactions, half_lives: tuple[float, ...] = HALF_LIVES_S
) -> GateFitter:
    return GateFitter(model, train, valid, N_USERS, 0, silent, 0.0, half_lives)


def test_what_is_taken_lately_is_found_and_fades_as_fast_as_it_does() -> None:
    model, train, valid = world(follows=True)
    fitting = fitter(model, train, valid)
    gates, metrics = fitting.fit()
    assert fitting.trend is not None
    assert fitting.half_life in (DAY_S, 3 * DAY_S)
    assert gates.by_history.trend.max() > 0.1
    assert metrics["fused"] > metrics["fused without trend"] + 0.3
    assert metrics["trend"] > metrics["prior"]
    # What is said of it is what serving it measures, as of each user's moment.
    served = replace(model, gates=gates, trend=fitting.trend)
    scores = served.scores(served.histories(train, N_USERS, valid.first_times(N_USERS)))
    scores[train.user, train.item] = -np.inf
    ranks = (scores > scores[valid.user, valid.item][:, None]).sum(axis=1)
    unseen = train.matrix(N_USERS, N_ITEMS)[valid.user, valid.item].A1 == 0
    ndcg = np.where(ranks < 10, 1 / np.log2(ranks + 2), 0.0)[unseen].mean()
    assert metrics["fused"] == pytest.approx(ndcg, abs=0.02)


@pytest.mark.parametrize(("follows", "positions"), [(False, False), (True, True)], ids=["does not help", "positions"])
def test_where_it_does_not_help_nothing_is_another_than_without(follows: bool, positions: bool) -> None:
    model, train, valid = world(follows=follows, positions=positions)
    fitting, without = fitter(model, train, valid), fitter(model, train, valid, ())
    (gates, metrics), (expected, expected_metrics) = fitting.fit(), without.fit()
    assert fitting.trend is None
    assert fitting.half_life == 0.0
    assert (gates.as_dict(), metrics, fitting.trials) == (expected.as_dict(), expected_metrics, without.trials)
    assert not gates.by_history.trend.any()


def test_half_lives_are_shorter_than_the_data() -> None:
    _, train, valid = world(follows=True)
    days = [half_life / DAY_S for half_life in half_lives_within(train, valid)]
    assert days == [1, 3, 7, 14, 30, 90]
    assert half_lives_within(train, replace(valid, time=np.full(len(valid), np.nan))) == []
    assert half_lives_within(Interactions.of_pairs([], []), valid) == []


def test_a_trend_is_scored_from_what_was_in_training_before_the_moment_of_each_user() -> None:
    model, train, valid = world(follows=True)
    half_life = 3 * DAY_S
    trend = Trend.of(train, N_ITEMS, half_life)
    candidates = CandidateScores.of(model, train, valid, N_USERS, np.random.default_rng(0), [trend])
    known = np.flatnonzero(~model.is_cold)
    users = np.flatnonzero((train.matrix(N_USERS, N_ITEMS) > 0).getnnz(axis=1) > 0)
    assert len(candidates.parts) == 4
    events = list(zip(train.time.tolist(), train.item.tolist(), strict=True))
    row = 0
    for user in users.tolist():
        of_user = valid.select(valid.user == user)
        seen = {*train.item[train.user == user].tolist()}
        if not len(of_user) or int(of_user.item[0]) in seen or model.is_cold[of_user.item[0]]:
            continue
        if row < 5:
            counts = slow_counts(events, [], N_ITEMS, half_life, float(of_user.time[0]))
            told = np.array(slow_trend(counts, known.tolist()))[[i for i in known.tolist() if i not in seen]]
            there = candidates.padding[row] == 0
            np.testing.assert_allclose(candidates.parts[3][row][there], told, atol=1e-5)
        row += 1
    assert row == len(candidates)


def test_a_gain_that_may_be_chance_opens_nothing() -> None:
    """One user in a hundred finds more with it."""
    model, train, valid = world(follows=False)
    few = np.arange(N_USERS) < 2
    followed = replace(valid, item=np.where(few, hot((valid.time - START) // DAY_S).astype(np.int64), valid.item))
    weights = np.array([1.0, 0.0, 0.0])
    assert best_trend(model, train, followed, N_USERS, weights, HALF_LIVES_S, np.random.default_rng(0)) is None
    nobody = valid.select(np.zeros(len(valid), np.bool_))
    assert best_trend(model, train, nobody, N_USERS, weights, HALF_LIVES_S, np.random.default_rng(0)) is None
