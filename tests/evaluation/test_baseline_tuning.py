"""The search for a baseline's setting: the best on validation, beyond the edges of its grid, within its budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pytest

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import KgrecError
from kgrec.evaluation.baseline_tuning import Budget, Quality, beside, tune_baseline
from kgrec.evaluation.baselines import EASE, EASE_RIDGES, ITEM_KNN, POPULARITY
from kgrec.evaluation.compared_system import Fit, Setting, System, grid
from kgrec.evaluation.task import Validation
from kgrec.metrics.ranking import mean_metrics

N_USERS, N_ITEMS = 20, 10

World = tuple[Interactions, Interactions]


def validation_of(world: World) -> Validation:
    return Validation(*world, N_USERS, N_ITEMS)


@dataclass(frozen=True)
class Rated:
    """A ranker that is worth what it says; it is worth most with a recency of .6."""

    quality: float

    def with_history(self, history: Interactions) -> Rated:
        return self

    def with_recency(self, recency: float) -> Rated:
        return replace(self, quality=self.quality - abs(recency - 0.6))

    def scores(self, users: IntArray) -> Array:
        return np.zeros((len(users), N_ITEMS))


class Trusting(Validation):
    """Validation that believes what a ranker says of itself."""

    def quality(self) -> Quality:
        return lambda ranker: cast(Rated, ranker).quality


def trusting(world: World) -> Validation:
    return Trusting(*world, N_USERS, N_ITEMS)


def near(tried: list[Setting], **best: float) -> Fit:
    """A fit whose quality falls with the distance, in factors, of each number from the best one."""

    def fit(train: Interactions, n_users: int, n_items: int, **setting: Any) -> Rated:
        tried.append(setting)
        return Rated(-float(sum(abs(np.log(setting[name] / value)) for name, value in best.items())))

    return fit


def test_tuning_takes_the_best_on_validation_and_the_first_of_equals(world: World) -> None:
    train, held_out = world
    validation = Validation(train, held_out, N_USERS, N_ITEMS, "recall@1")
    best = tune_baseline(System(EASE.fit, grid(ridge=(1e9, 2.0, 3.0))), validation)
    assert (best.capped, best.quality) == (False, 1.0)
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
    nothing_to_choose = tune_baseline(POPULARITY, validation)
    assert (nothing_to_choose.setting, nothing_to_choose.tried) == ({}, 0)


@pytest.mark.parametrize(("best", "found"), [(100.0, 81.0), (0.04, 1 / 27), (3.0, 3.0)])
def test_where_an_edge_wins_the_search_goes_on_beyond_it(world: World, best: float, found: float) -> None:
    tried: list[Setting] = []
    system = System(near(tried, ridge=best), grid(ridge=(1.0, 3.0, 9.0)))
    assert tune_baseline(system, trusting(world)).setting["ridge"] == pytest.approx(found)
    # It stops one step behind the best, and nothing is fitted twice.
    assert len(tried) == len({setting["ridge"] for setting in tried})
    assert tune_baseline(system, trusting(world)).tried * 2 == len(tried)


def test_a_number_that_moves_lets_the_others_move_again(world: World) -> None:
    def fit(train: Interactions, n_users: int, n_items: int, a: float, b: float) -> Rated:
        return Rated(-abs(float(np.log(a / 16))) - 0.5 * abs(float(np.log(b / a))))  # b is to follow a

    found = tune_baseline(System(fit, grid(a=(1.0, 2.0), b=(1.0, 2.0))), trusting(world))
    assert found.setting == {"a": 16.0, "b": 16.0}


def test_recency_is_tried_without_fitting_again_and_only_where_times_are_known(world: World) -> None:
    tried: list[Setting] = []
    system = System(near(tried, ridge=1.0), grid(ridge=(1.0, 2.0)), recencies=(1.0, 0.8, 0.6, 0.3))
    assert tune_baseline(system, trusting(world)).setting == {"ridge": 1.0}
    timed = trusting((replace(world[0], time=np.arange(len(world[0]), dtype=float)), world[1]))
    tried.clear()
    found = tune_baseline(system, timed)
    assert found.setting == {"ridge": 1.0, "recency": 0.6}
    assert len(tried) < found.tried


def test_a_setting_beyond_the_grid_that_cannot_be_fitted_is_left(world: World) -> None:
    inner = near([], ridge=0.1)

    def fit(train: Interactions, n_users: int, n_items: int, ridge: float) -> Rated:
        if ridge < 0.9:
            raise KgrecError("the system cannot be solved.")
        return cast(Rated, inner(train, n_users, n_items, ridge=ridge))

    assert tune_baseline(System(fit, grid(ridge=(1.0, 3.0))), trusting(world)).setting == {"ridge": 1.0}
    with pytest.raises(KgrecError, match="cannot be solved"):
        tune_baseline(System(fit, grid(ridge=(0.5, 3.0))), trusting(world))


def test_a_spent_budget_ends_the_search_after_the_first_setting(world: World) -> None:
    found = tune_baseline(EASE_RIDGES, validation_of(world), Budget(seconds=-1.0))
    assert (found.setting, found.tried, found.capped) == (EASE_RIDGES.grid[0], 1, True)
    tried: list[Setting] = []
    found = tune_baseline(System(near(tried, ridge=1e9), grid(ridge=(1.0, 2.0))), trusting(world), Budget(5))
    assert (found.tried, found.capped, len(tried)) == (5, True, 5)


def test_numbers_go_on_by_their_own_factor() -> None:
    ints, shares = [20, 100, 400], [0.5, 0.75, 1.0]
    assert [beside(ints, 20, False), beside(ints, 100, True), beside(ints, 400, True), ints] == [
        4,
        400,
        1600,
        [4, 20, 100, 400, 1600],
    ]
    assert beside([1, 2], 1, False) is None
    assert beside([0.0, 20.0], 0.0, False) is None
    assert beside([0.0, 20.0], 20.0, True) == 40.0
    assert beside(shares, 1.0, True, at_most=1.0) is None
    assert beside(shares, 0.5, False) == pytest.approx(1 / 3)


def test_the_budget_thins_out_long_grids_and_dear_ones() -> None:
    tries = [{"ridge": float(n)} for n in range(100)]
    thinned = Budget(settings=5).of_grid(tries, 10)
    assert [setting["ridge"] for setting in thinned] == [0, 25, 50, 74, 99]
    assert len(Budget().of_grid(EASE_RIDGES.grid, 10)) == 8
    assert [setting["ridge"] for setting in Budget().of_grid(EASE_RIDGES.grid, 9_000)] == [100, 800]
    assert Budget().of_grid(({},), 9_000) == ({},)


def test_grids_are_what_they_say() -> None:
    assert len(ITEM_KNN.grid) == 12
    assert [setting["ridge"] for setting in EASE_RIDGES.grid] == [10, 30, 100, 200, 400, 800, 2000, 5000]
