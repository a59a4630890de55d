"""Baselines on a world of two tastes, where the right answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.evaluation.baselines import BASELINES, EASE, ItemKNN, Popularity
from kgrec.evaluation.compared_system import Fit
from kgrec.learn.limits import LIMITS
from kgrec.metrics.ranking import mean_metrics, rank_users

N_USERS, N_ITEMS = 20, 10


@pytest.mark.parametrize("fit", [ItemKNN.fit, EASE.fit])
def test_tastes_are_found(fit: Fit, world: tuple[Interactions, Interactions]) -> None:
    train, held_out = world
    seen, wanted = train.matrix(N_USERS, N_ITEMS), held_out.matrix(N_USERS, N_ITEMS)
    assert mean_metrics(fit(train, N_USERS, N_ITEMS), seen, wanted, ks=(1,))["recall@1"] == 1.0


def test_popularity_counts_users_not_events() -> None:
    train = Interactions.of_pairs([0, 0, 0, 1, 2], [2, 2, 2, 1, 1])
    fitted = Popularity.fit(train, 3, 4)
    assert fitted.scores(np.array([0, 2])).tolist() == [[0, 2, 1, 0]] * 2
    top = rank_users(fitted, train.matrix(3, 4), np.array([0, 1]), 3)
    assert top.tolist() == [[1, 0, 3], [2, 0, 3]]


@pytest.mark.parametrize("name", BASELINES)
def test_a_history_given_later_is_scored_from(name: str, world: tuple[Interactions, Interactions]) -> None:
    train, _ = world
    fitted = BASELINES[name].fit(train, N_USERS, N_ITEMS)
    swapped = replace(train, user=N_USERS - 1 - train.user)
    users = np.arange(N_USERS)
    found = fitted.with_history(swapped).scores(users)
    assert found == pytest.approx(fitted.scores(users)[::-1], abs=1e-6)


def test_large_catalogues_keep_the_largest_weights(
    monkeypatch: pytest.MonkeyPatch, world: tuple[Interactions, Interactions]
) -> None:
    users = np.arange(N_USERS)
    whole = EASE.fit(world[0], N_USERS, N_ITEMS, ridge=5.0).scores(users)
    monkeypatch.setattr("kgrec.evaluation.baselines.LIMITS", replace(LIMITS, dense_baseline_items=5))
    assert EASE.fit(world[0], N_USERS, N_ITEMS, ridge=5.0).scores(users) == pytest.approx(whole, abs=1e-6)
