"""Baselines on a world of two tastes, where the right answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.evaluation.baseline_tuning import Budget, tune_baseline
from kgrec.evaluation.baselines import BASELINES, EASE, EASE_GRID, ITEM_KNN_GRID, Fit, ItemKNN, Popularity
from kgrec.learn.limits import LIMITS
from kgrec.metrics.ranking import mean_metrics, rank_users

N_USERS, N_ITEMS = 20, 10


@pytest.fixture(name="world")
def two_tastes() -> tuple[Interactions, Interactions]:
    """Even users like even items, odd users odd ones; each has one liked item in the second part.

    Item 0 is also taken by all odd users, so that it is the most popular.
    """
    liked = [(u, i) for u in range(N_USERS) for i in range(N_ITEMS) if i % 2 == u % 2]
    held_out = {(u, 2 * ((u // 2) % 4 + 1) - 2 + u % 2 + (2 if u % 2 == 0 else 0)) for u in range(N_USERS)}
    train = [pair for pair in liked if pair not in held_out] + [(u, 0) for u in range(1, N_USERS, 2)]
    return Interactions.of_pairs(*np.array(train).T), Interactions.of_pairs(*np.array(sorted(held_out)).T)


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
    swapped = train.matrix(N_USERS, N_ITEMS)[::-1]
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


def test_tuning_takes_the_best_on_validation_and_the_first_of_equals(world: tuple[Interactions, Interactions]) -> None:
    train, held_out = world
    best = tune_baseline(
        EASE.fit, ({"ridge": 1e9}, {"ridge": 2.0}, {"ridge": 3.0}), train, held_out, N_USERS, N_ITEMS, "recall@1"
    )
    assert (best.tried, best.capped, best.quality) == (3, False, 1.0)
    scores = {
        ridge: mean_metrics(
            EASE.fit(train, N_USERS, N_ITEMS, ridge=ridge),
            train.matrix(N_USERS, N_ITEMS),
            held_out.matrix(N_USERS, N_ITEMS),
            ks=(1,),
        )["recall@1"]
        for ridge in (1e9, 2.0, 3.0)
    }
    assert scores[2.0] == scores[3.0] == 1.0
    assert best.setting == {"ridge": 1e9 if scores[1e9] == 1.0 else 2.0}
    nothing_to_choose = tune_baseline(Popularity.fit, ({},), train, held_out, N_USERS, N_ITEMS)
    assert (nothing_to_choose.setting, nothing_to_choose.tried) == ({}, 0)


def test_a_spent_budget_ends_the_search_after_the_first_setting(world: tuple[Interactions, Interactions]) -> None:
    train, held_out = world
    found = tune_baseline(EASE.fit, EASE_GRID, train, held_out, N_USERS, N_ITEMS, seconds=-1.0)
    assert (found.setting, found.tried, found.capped) == (EASE_GRID[0], 1, True)


def test_the_budget_thins_out_long_grids_and_dear_ones() -> None:
    grid = [{"ridge": float(n)} for n in range(100)]
    thinned = Budget(settings=5).of_grid(grid, 10)
    assert [setting["ridge"] for setting in thinned] == [0, 25, 50, 74, 99]
    assert len(Budget().of_grid(EASE_GRID, 10)) == 8
    assert [setting["ridge"] for setting in Budget().of_grid(EASE_GRID, 9_000)] == [100, 800]
    assert Budget().of_grid(({},), 9_000) == ({},)


def test_grids_are_what_they_say() -> None:
    assert len(ITEM_KNN_GRID) == 12
    assert [setting["ridge"] for setting in EASE_GRID] == [10, 30, 100, 200, 400, 800, 2000, 5000]
