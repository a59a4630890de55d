"""Drift: an index that is nothing for the same distribution, and an alarm for a shifted one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.metrics.drift import BEST_SCORE, ENOUGH, HISTORY_LENGTH, SHIFTED, Distribution, reference_distributions
from tests.support.bundles import random_interactions, random_model


def test_the_index_by_hand() -> None:
    reference = Distribution((1.0, 2.0), (10, 20, 10))
    values = [0.0] * 5 + [1.0] * 5 + [2.5] * 10  # an edge belongs to the bin above it
    p = [(5 + 0.5) / 21.5, (5 + 0.5) / 21.5, (10 + 0.5) / 21.5]
    q = [(10 + 0.5) / 41.5, (20 + 0.5) / 41.5, (10 + 0.5) / 41.5]
    expected = sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert reference.psi(values) == pytest.approx(expected)
    assert Distribution.read(reference.as_dict()) == reference


def test_bins_hold_a_tenth_each_and_frequent_values_one_of_their_own() -> None:
    assert Distribution.of(np.arange(100)).counts == (10,) * 10
    lengths = Distribution.of([1] * 50 + list(range(2, 52)))
    assert lengths.edges[0] == 1
    assert sum(lengths.counts) == 100
    assert Distribution.of([]).counts == (0,)


def test_chance_is_no_alarm_and_a_shift_is_one() -> None:
    rng = np.random.default_rng(0)
    reference = Distribution.of(rng.normal(size=400))
    for _ in range(20):
        assert reference.psi(rng.normal(size=ENOUGH).tolist()) < SHIFTED
        assert reference.psi(rng.normal(0.8, size=ENOUGH).tolist()) > SHIFTED
        assert reference.psi((3 * rng.normal(size=ENOUGH)).tolist()) > SHIFTED


def test_what_answers_were_like_for_the_users_of_training() -> None:
    rng = np.random.default_rng(1)
    model, past = random_model(rng, 12), random_interactions(rng, 70, 12, 400)
    found = reference_distributions(model, past, seed=3)
    assert found == reference_distributions(model, past, seed=3)
    drawn = np.random.default_rng(3).choice(past.user, 400)
    lengths, best = [], []
    for user in drawn.tolist():
        own = past.select(past.user == user)
        own = Interactions(**{**vars(own), "user": np.zeros(len(own), np.int64)})
        scores = model.scores(model.histories(own, 1))[0]
        scores[own.item] = -np.inf
        lengths.append(len(own))
        best.append(scores.max())
    assert found[HISTORY_LENGTH] == Distribution.of(lengths).as_dict()
    same = Distribution.of([one for one in best if np.isfinite(one)])
    assert found[BEST_SCORE]["edges"] == pytest.approx(same.edges, abs=1e-5)
    assert reference_distributions(model, past.select(past.user < 0), seed=3) == {}
