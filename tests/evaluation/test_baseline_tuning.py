"""The search for a baseline's setting: the best on validation, within its budget."""

from kgrec.data.dataset import Interactions
from kgrec.evaluation.baseline_tuning import Budget, tune_baseline
from kgrec.evaluation.baselines import EASE, EASE_RIDGES, ITEM_KNN, Popularity
from kgrec.evaluation.task import Validation
from kgrec.metrics.ranking import mean_metrics

N_USERS, N_ITEMS = 20, 10


def test_tuning_takes_the_best_on_validation_and_the_first_of_equals(world: tuple[Interactions, Interactions]) -> None:
    train, held_out = world
    validation = Validation(train, held_out, N_USERS, N_ITEMS, "recall@1")
    best = tune_baseline(EASE.fit, ({"ridge": 1e9}, {"ridge": 2.0}, {"ridge": 3.0}), validation)
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
    nothing_to_choose = tune_baseline(Popularity.fit, ({},), validation)
    assert (nothing_to_choose.setting, nothing_to_choose.tried) == ({}, 0)


def test_a_spent_budget_ends_the_search_after_the_first_setting(world: tuple[Interactions, Interactions]) -> None:
    found = tune_baseline(EASE.fit, EASE_RIDGES.grid, Validation(*world, N_USERS, N_ITEMS), seconds=-1.0)
    assert (found.setting, found.tried, found.capped) == (EASE_RIDGES.grid[0], 1, True)


def test_the_budget_thins_out_long_grids_and_dear_ones() -> None:
    grid = [{"ridge": float(n)} for n in range(100)]
    thinned = Budget(settings=5).of_grid(grid, 10)
    assert [setting["ridge"] for setting in thinned] == [0, 25, 50, 74, 99]
    assert len(Budget().of_grid(EASE_RIDGES.grid, 10)) == 8
    assert [setting["ridge"] for setting in Budget().of_grid(EASE_RIDGES.grid, 9_000)] == [100, 800]
    assert Budget().of_grid(({},), 9_000) == ({},)


def test_grids_are_what_they_say() -> None:
    assert len(ITEM_KNN.grid) == 12
    assert [setting["ridge"] for setting in EASE_RIDGES.grid] == [10, 30, 100, 200, 400, 800, 2000, 5000]
