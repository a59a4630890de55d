"""One contract for every baseline of the registry, on a world of two camps."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from kgrec.errors import MissingExtraError, TrainingDivergedError
from kgrec.evaluation.baseline_tuning import Budget
from kgrec.evaluation.baselines import Setting, StoppedEarly, System
from kgrec.metrics.rankers import Ranker
from kgrec.testing.system import SystemContract
from kgrec.testing.system import fitted as fitted_on_camps
from kgrec_benchmarks.systems.registry import DEFAULT, OURS, SYSTEMS, named

QUICK: dict[str, dict[str, Any]] = {
    "ials": {"factors": 2, "regularization": 1.0},
    "bpr": {"factors": 8, "iterations": 200},
    "lightgcn": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "kgat": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "rp3beta": {"neighbours": 5},
    "itemknn": {"neighbours": 5},
    "ease": {"ridge": 5.0},
}


def fitted(name: str, **changes: Any) -> Any:
    return fitted_on_camps(SYSTEMS[name], **{**QUICK.get(name, {}), **changes})


class TestSystems(SystemContract):
    @pytest.fixture(params=SYSTEMS)
    def name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def system(self, name: str) -> System:
        return SYSTEMS[name]

    @pytest.fixture
    def setting(self, name: str) -> Setting:
        return QUICK.get(name, {})

    @pytest.fixture
    def personal(self, name: str) -> bool:
        return name != "popularity"


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
