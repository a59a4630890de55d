"""One contract for every baseline of the registry, on a world of two camps."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

import numpy as np
import pytest

from kgrec.errors import ConfigError, MissingExtraError, TrainingDivergedError
from kgrec.evaluation.baseline_tuning import Budget
from kgrec.evaluation.compared_system import Baseline, Setting, StoppedEarly, System
from kgrec.metrics.rankers import Ranker
from kgrec.testing.system import SystemContract
from kgrec.testing.system import fitted as fitted_on_camps
from kgrec_benchmarks.systems.registry import DEFAULT, OURS, SYSTEM_GROUP, known_systems, named, system_named

SYSTEMS = {name: system_named(name) for name in known_systems() if name != OURS}
QUICK: dict[str, dict[str, Any]] = {
    "ials": {"factors": 2, "regularization": 1.0},
    "bpr": {"factors": 8, "iterations": 200},
    "lightgcn": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "kgat": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "rp3beta": {"neighbours": 5},
    "itemknn": {"neighbours": 5},
    "ease": {"ridge": 5.0},
    "slist": {"ridge": 5.0},
    "sasrec": {"embedding_dim": 8, "learning_rate": 0.02, "dropout": 0.1, "epochs": 10, "batch": 4},
    "gru4rec": {"embedding_dim": 8, "learning_rate": 0.02, "dropout": 0.1, "epochs": 20},
}


def fitted(name: str, **changes: Any) -> Any:
    return fitted_on_camps(SYSTEMS[name], **{**QUICK.get(name, {}), **changes})


@lru_cache
def fitted_once(name: str) -> Baseline:
    found: Baseline = fitted(name)
    return found


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
    def ranker(self, name: str) -> Baseline:
        """The tests of a ranker change nothing in it, so that one does for all of them."""
        return fitted_once(name)

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
    assert named(None) == DEFAULT == (OURS, "popularity", "itemknn", "ease", "rp3beta", "sequentialrules", "slist")
    more = ("bpr", "gru4rec", "ials", "kgat", "lightgcn", "sasrec", "slim")
    assert named("all") == known_systems() == (*DEFAULT, *more)
    assert named(" ease, kgrec,ease") == ("ease", "kgrec")


def installed(monkeypatch: pytest.MonkeyPatch, **places: str) -> None:
    """As if a package declared these systems beside the ones that are there."""
    points = [*entry_points(group=SYSTEM_GROUP), *(EntryPoint(n, p, SYSTEM_GROUP) for n, p in places.items())]
    monkeypatch.setattr("kgrec_benchmarks.systems.registry.entry_points", lambda group: points)


def test_a_system_of_a_plug_in_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, theirs="kgrec.evaluation.baselines:EASE_RIDGES")
    assert named("theirs,kgrec") == ("theirs", "kgrec")
    assert known_systems()[-1] == "theirs"
    assert system_named("theirs") is system_named("ease")


def test_an_entry_point_that_is_no_system_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, theirs="kgrec.evaluation.baselines:EASE")
    with pytest.raises(ConfigError) as caught:
        system_named("theirs")
    assert str(caught.value) == (
        "ConfigError: the entry point of the system theirs is no system.\n"
        "  where     kgrec.systems: theirs = kgrec.evaluation.baselines:EASE\n"
        "  found     type\n"
        "  expected  an instance of kgrec.evaluation.compared_system.System\n"
        "  next      correct the entry point of the package that declares it, or remove that package"
    )
    with pytest.raises(ConfigError, match="there is no such system"):
        system_named("nobodys")


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
