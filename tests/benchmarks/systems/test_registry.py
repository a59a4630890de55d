"""One contract for every baseline of the registry, on a world of two camps."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from kgrec.data.dataset import Facts, Interactions
from kgrec.errors import MissingExtraError, TrainingDivergedError
from kgrec.evaluation.baseline_tuning import Budget
from kgrec.evaluation.baselines import StoppedEarly
from kgrec.metrics.ranking import Ranker, mean_metrics, rank_users
from kgrec_benchmarks.systems.registry import DEFAULT, OURS, SYSTEMS, named

N_USERS, N_ITEMS = 24, 12
LEARNED = sorted(set(SYSTEMS) - {"popularity"})
QUICK: dict[str, dict[str, Any]] = {
    "ials": {"factors": 2, "regularization": 1.0},
    "bpr": {"factors": 8, "iterations": 200},
    "lightgcn": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "kgat": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "rp3beta": {"neighbours": 5},
    "itemknn": {"neighbours": 5},
    "ease": {"ridge": 5.0},
}


def camps() -> tuple[Interactions, Interactions]:
    """Even users take even items, odd users odd ones, all but one, which is the second part."""
    pairs = [(u, i) for u in range(N_USERS) for i in range(u % 2, N_ITEMS, 2)]
    held = {(u, 2 * (u // 2 % (N_ITEMS // 2)) + u % 2) for u in range(N_USERS)}
    return (
        Interactions.of_pairs(*np.array([pair for pair in pairs if pair not in held]).T),
        Interactions.of_pairs(*np.array(sorted(held)).T),
    )


def graph() -> dict[str, Any]:
    """An item's camp is its only fact; the items come first among the nodes."""
    items = np.arange(N_ITEMS)
    return {
        "facts": Facts.unique(items, 0 * items, N_ITEMS + items % 2, ("OF_CAMP",)),
        "n_nodes": N_ITEMS + 2,
        "seed": 0,
    }


def fitted(name: str, **changes: Any) -> Any:
    system = SYSTEMS[name]
    settings: dict[str, Any] = {key: value for key, value in graph().items() if key in system.reads}
    return system.fit(camps()[0], N_USERS, N_ITEMS, **{**settings, **QUICK.get(name, {}), **changes})


@pytest.mark.parametrize("name", LEARNED)
def test_the_camps_are_found(name: str) -> None:
    train, held = camps()
    seen, wanted = train.matrix(N_USERS, N_ITEMS), held.matrix(N_USERS, N_ITEMS)
    assert mean_metrics(fitted(name), seen, wanted, ks=(1,))["recall@1"] == 1.0


@pytest.mark.parametrize("name", LEARNED)
def test_another_history_gives_the_camp_of_that_history(name: str) -> None:
    train, _ = camps()
    swapped = train.matrix(N_USERS, N_ITEMS)[::-1].tocsr()
    users = np.arange(N_USERS)
    top = rank_users(fitted(name).with_history(swapped), swapped, users, 1)[:, 0]
    assert (top % 2 == (N_USERS - 1 - users) % 2).all()


@pytest.mark.parametrize("name", SYSTEMS)
def test_scores_are_finite_and_their_array_is_the_callers(name: str) -> None:
    ranker = fitted(name)
    users = np.array([0, 3])
    scores = ranker.scores(users)
    assert scores.shape == (2, N_ITEMS)
    assert np.isfinite(scores).all()
    kept = scores.copy()
    scores[:] = -np.inf
    assert np.array_equal(ranker.scores(users), kept)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_seed_gives_the_same_scores(name: str) -> None:
    users = np.arange(N_USERS)
    first = fitted(name).scores(users)
    assert np.array_equal(fitted(name).scores(users), first)
    if "seed" in SYSTEMS[name].reads:
        assert not np.array_equal(fitted(name, seed=1).scores(users), first)


@pytest.mark.parametrize("name", SYSTEMS)
def test_users_and_items_without_interactions_are_scored(name: str) -> None:
    system = SYSTEMS[name]
    lonely = Interactions.of_pairs([0, 0, 1, 1], [0, 1, 0, 2])
    further = {key: value for key, value in graph().items() if key in system.reads}
    changes = {**QUICK.get(name, {}), **({"epochs": 2} if system.stops_early else {})}
    ranker = system.fit(lonely, N_USERS, N_ITEMS, **further, **changes)
    assert np.isfinite(ranker.scores(np.arange(N_USERS))).all()
    assert np.isfinite(ranker.with_history(lonely.matrix(N_USERS, N_ITEMS)).scores(np.arange(N_USERS))).all()


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_setting_of_the_grid_is_one_that_is_understood(name: str) -> None:
    system = SYSTEMS[name]
    assert len(system.grid) <= Budget().settings
    more = {"epochs": 1} if system.stops_early else {"iterations": 2} if name == "bpr" else {}
    for setting in system.grid:
        assert np.isfinite(fitted(name, **{**setting, **more}).scores(np.array([0]))).all()


@pytest.mark.parametrize("name", [name for name, system in SYSTEMS.items() if system.stops_early])
def test_validation_stops_the_epochs_and_the_best_are_kept(name: str) -> None:
    asked: list[Ranker] = []

    def quality(ranker: Ranker) -> float:
        asked.append(ranker)
        return {1: 0.1, 2: 0.5}.get(len(asked), 0.2)

    found = fitted(name, epochs=None, quality=quality)
    assert isinstance(cast(object, found), StoppedEarly)
    assert (found.epochs, len(asked)) == (10, 6)
    assert fitted(name, epochs=None, quality=lambda _: 0.1, seconds=0.0).epochs == 1
    again = fitted(name, epochs=10)
    assert np.array_equal(again.scores(np.array([1])), found.scores(np.array([1])))


def test_a_loss_that_is_not_finite_is_said() -> None:
    with pytest.raises(TrainingDivergedError) as caught:
        fitted("lightgcn", learning_rate=1e30)
    assert "UserItemLightGCN, epoch 2" in str(caught.value)
    assert "lower its learning_rate (now 1e+30)" in str(caught.value)


def test_names_are_read() -> None:
    assert named(None) == DEFAULT == (OURS, "popularity", "itemknn", "ease", "rp3beta")
    assert named("all") == (OURS, *SYSTEMS)
    assert named(" ease, kgrec,ease") == ("ease", "kgrec")


@pytest.mark.parametrize("name", ["ials", "bpr"])
def test_a_package_that_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        fitted(name)
    assert str(caught.value) == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        f"  where     model {name}\n"
        "  found     No module named 'implicit'\n"
        "  expected  implicit\n"
        "  next      pip install 'kgrec[bench]', or leave it out"
    )
