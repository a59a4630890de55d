"""From a data set to a model: facts decide, nothing leaks, and everything is used in the end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import hold_out, random_split
from kgrec.errors import KgrecError, TrainingDivergedError
from kgrec.learn import learner as learner_module
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.fit import fit
from kgrec.learn.fit_result import FitResult
from kgrec.learn.fusion.cold_item_gates import ColdStartSimulation
from kgrec.learn.neural.trainer import Trainer
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Event, Progress, silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel
from tests.support.datasets import dataset_of, genre_world, quick

pytestmark = pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path))


class Scorer:
    """A model over the histories of a data set."""

    def __init__(self, model: AdditiveModel, dataset: Dataset) -> None:
        self.model = model
        self.histories = model.histories(dataset.interactions, len(dataset.users))

    def scores(self, users: Array) -> Array:
        return self.model.scores(self.histories[users])


def pairs(interactions: Interactions) -> set[tuple[int, int]]:
    return set(zip(interactions.user.tolist(), interactions.item.tolist(), strict=True))


@pytest.mark.parametrize("timed", [True, False])
def test_held_out_is_a_tenth_and_the_latest_where_time_is_known(timed: bool) -> None:
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(50), 20)
    item = np.concatenate([rng.choice(100, 20, replace=False) for _ in range(50)])
    given = Interactions.of_pairs(user, item, np.arange(1000.0) if timed else None)
    train, valid = hold_out(given)
    assert len(train) + len(valid) == 1000
    assert not pairs(train) & pairs(valid)
    assert np.bincount(valid.user, minlength=50).tolist() == [2] * 50
    latest = all(train.time[train.user == u].max() < valid.time[valid.user == u].min() for u in range(50) if timed)
    assert latest
    again = hold_out(given)[1]
    assert pairs(again) == pairs(valid)
    if not timed:
        assert pairs(hold_out(given, seed=1)[1]) != pairs(valid)


@pytest.fixture(scope="module")
def genres() -> tuple[Dataset, Interactions, Interactions]:
    """Training part, validation and test of a world in which genres decide."""
    world = genre_world(np.random.default_rng(3), n_users=80, n_items=64, taken=6, n_new=8)
    split = random_split(world.interactions, valid=0.15, test=0.2, seed=0)
    return world.with_interactions(split.train), split.valid, split.test


@pytest.fixture(scope="module")
def learned(genres: tuple[Dataset, Interactions, Interactions], tmp_path_factory: pytest.TempPathFactory) -> FitResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGREC_CACHE", str(tmp_path_factory.mktemp("cache")))
        return fit(genres[0], quick(num_layers="auto", epochs=10), valid=genres[1])


def test_facts_that_decide_are_found(learned: FitResult, genres: tuple[Dataset, Interactions, Interactions]) -> None:
    train, valid, test = genres
    n_users, n_items = len(train.users), len(train.items)
    history = train.with_interactions(train.interactions.joined(valid))
    seen = history.interactions.matrix(n_users, n_items)
    top = 14  # known items of one genre
    found = mean_metrics(
        Scorer(learned.model, history), seen, test.matrix(n_users, n_items), (top,), ~learned.model.is_cold
    )
    assert found[f"recall@{top}"] > 0.95


def test_cold_items_go_to_those_who_love_their_genre(
    learned: FitResult, genres: tuple[Dataset, Interactions, Interactions]
) -> None:
    train = genres[0]
    scores = Scorer(learned.model, train).scores(np.arange(80))[:, 56:]
    assert learned.model.is_cold[56:].all()
    own = np.arange(56, 64)[None, :] % 4 == np.arange(80)[:, None] % 4
    assert (scores[own].reshape(80, 2).min(axis=1) > scores[~own].reshape(80, 6).max(axis=1)).mean() > 0.9


def test_the_fused_model_is_at_least_its_best_channel(learned: FitResult) -> None:
    channels = ("behaviour", "paths", "knowledge" if learned.chosen.num_layers else "co_taking", "semantic_paths")
    assert learned.metrics["fused"] >= (1 - quick().reason_cost) * max(learned.metrics[name] for name in channels)
    assert [channel.name for channel in learned.model.channels if not channel.beside] == list(channels)
    assert {"learned part, 0 hops", "learned part, 1 hops"} <= set(learned.metrics)


def test_what_was_chosen_is_plain_data(learned: FitResult) -> None:
    settings = learned.chosen.as_dict()
    assert {"behaviour", "num_layers", "epochs", "gates"} <= set(settings)
    assert settings["epochs"] == learned.chosen.epochs >= 1
    json.dumps(settings)


def test_what_was_tried_is_counted(genres: tuple[Dataset, Interactions, Interactions]) -> None:
    """As many settings of behaviour as progress tells of, two depths, and one search for gates without a price."""
    steps: dict[str, Event] = {}
    progress = Progress(lambda event: steps.update({event.step: event}))
    found = fit(
        genres[0],
        quick(num_layers="auto", epochs=1, reason_cost=0),
        valid=genres[1],
        refit_on_all=False,
        progress=progress,
    )
    of_cold_items = {"content of cold items", "items with few interactions", "offset of cold items"}
    searched = [event.done for step, event in steps.items() if event.unit == "settings" and step not in of_cold_items]
    depths = [step for step in steps if step.endswith(" hops")]
    assert len(depths) == 2
    n_channels, n_paths = len(found.model.groups), 1
    assert found.trials == sum(searched) + 2 + 3 ** (n_channels - n_paths) + 2 * (n_channels + 1) > 50


def test_the_offset_of_cold_items_is_measured_again_in_the_chosen_model_and_rare_items_shrink_towards_content(
    genres: tuple[Dataset, Interactions, Interactions], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refit_offset(
        model: AdditiveModel, train: Interactions, known: sparse.csr_matrix, cost: float, seed: int, at: Array
    ) -> Gates:
        assert cost == 0.25
        np.testing.assert_array_equal(at, genres[1].first_times(80))
        assert pairs(train) == pairs(genres[0].interactions)
        assert known.nnz > 0
        assert known[:, model.is_cold].nnz == 0
        return model.gates.with_cold(offset=1.25)

    costs: list[float] = []

    class Spied(ColdStartSimulation):
        def fit(self, seed: int, progress: Progress) -> tuple[Gates, dict[str, float]]:
            costs.append(self.cost)
            return super().fit(seed, progress)

    monkeypatch.setattr(learner_module, "ColdStartSimulation", Spied)
    monkeypatch.setattr(learner_module, "refit_offset", refit_offset)
    monkeypatch.setattr(BehaviourChannels, "choose_shrinkage", lambda *_: 3.0)
    found = fit(genres[0], quick(epochs=1, cold_item_cost=0.25), valid=genres[1], refit_on_all=False)
    assert found.model.gates.cold.offset == found.chosen.gates.cold.offset == 1.25
    assert found.chosen.behaviour.shrinkage == 3.0
    assert costs == [0.25]
    few = np.diff(genres[0].interactions.matrix(80, 64).tocsc().indptr) == 1
    learner = BehaviourChannels(genres[0], None, silent)
    own = learner.channels(replace(found.chosen.behaviour, shrinkage=0.0))[0].matrix
    both, items = found.model.channels[0].matrix, np.arange(64)
    assert (np.abs(own.block(items, items) - both.block(items, items)).max(axis=0)[few] > 1e-6).all()


def spy(monkeypatch: pytest.MonkeyPatch) -> list[Interactions]:
    """The behaviour that each stage of learning was given."""
    given: list[Interactions] = []
    real = Trainer.__init__

    def remember(self: object, dataset: Dataset, *arguments: object, **named: object) -> None:
        given.append(dataset.interactions)
        real(self, dataset, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "__init__", remember)
    return given


def small() -> Dataset:
    return genre_world(np.random.default_rng(1), n_users=24, n_items=24, taken=5)


def test_training_meets_no_item_that_nobody_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would count as passed over."""
    given: list[Dataset] = []
    real = Trainer.__init__

    def remember(self: object, dataset: Dataset, *arguments: object, **named: object) -> None:
        given.append(dataset)
        real(self, dataset, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "__init__", remember)
    world = genre_world(np.random.default_rng(1), n_users=48, n_items=48, n_new=6, taken=5)
    fit(world, quick(epochs=1))
    assert len(given) >= 2
    for dataset in given:
        assert np.unique(dataset.interactions.item).tolist() == list(range(len(dataset.items)))
    assert max(len(dataset.items) for dataset in given) < len(world.items)


def test_choosing_sees_train_only_and_the_refit_sees_both(monkeypatch: pytest.MonkeyPatch) -> None:
    given, world = spy(monkeypatch), small()
    train, valid = hold_out(world.interactions)
    found = fit(world.with_interactions(train), quick(epochs=2), valid=valid)
    assert [pairs(part) for part in given] == [pairs(train), pairs(world.interactions)]
    everything = world.interactions.matrix(24, 24)
    assert found.model.is_cold.tolist() == (np.diff(everything.tocsc().indptr) == 0).tolist()


def test_without_validation_a_tenth_is_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    given, world = spy(monkeypatch), small()
    fit(world, quick(epochs=2))
    assert [pairs(part) for part in given] == [pairs(hold_out(world.interactions)[0]), pairs(world.interactions)]


def test_without_refit_validation_stays_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    given, world = spy(monkeypatch), small()
    fit(world, quick(epochs=2), refit_on_all=False)
    assert [pairs(part) for part in given] == [pairs(hold_out(world.interactions)[0])]


def test_no_stage_meets_the_test_set_and_the_same_seed_gives_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    given, world = spy(monkeypatch), small()
    split = random_split(world.interactions, valid=0.2, test=0.2, seed=0)
    models = [fit(world.with_interactions(split.train), quick(epochs=2), valid=split.valid).model for _ in range(2)]
    assert len(given) == 4
    assert all(not pairs(part) & pairs(split.test) for part in given)
    everyone = np.arange(24)
    history = world.with_interactions(split.train)
    one, other = (Scorer(model, history).scores(everyone) for model in models)
    np.testing.assert_array_equal(one, other)


def test_time_is_used_where_it_is_known() -> None:
    world = genre_world(np.random.default_rng(1), n_users=24, n_items=24, taken=5, timed=True)
    found = fit(world, quick(epochs=2))
    assert 0 < found.model.channels[0].history.recency <= 1


@pytest.mark.parametrize("poisoned_step", ["embeddings, 0 hops", "embeddings, part 1"])
def test_nan_in_a_later_run_and_a_lower_learning_rate_goes_on(
    poisoned_step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, folder = small(), tmp_path / "run"
    poisoned = False

    def watch(event: Event) -> None:
        nonlocal poisoned
        poisoned = poisoned or event.step == poisoned_step

    real = torch.optim.Adam.step

    def step(self: torch.optim.Adam) -> object:
        done = real(self)
        if poisoned:
            self.param_groups[0]["params"][0].data[:] = float("nan")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", step)
        with pytest.raises(TrainingDivergedError, match="lower learning_rate"):
            fit(world, quick(epochs=3, num_layers="auto"), checkpoint=folder, progress=Progress(watch))
    rescued = fit(world, quick(epochs=3, num_layers="auto", learning_rate=0.001), checkpoint=folder)
    assert np.isfinite(rescued.embeddings.source).all()


def test_no_texts_and_no_facts_leave_behaviour() -> None:
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(20), 5)
    item = np.concatenate([rng.choice(np.arange(u % 2, 20, 2), 5, replace=False) for u in range(20)])
    found = fit(dataset_of(Interactions.of_pairs(user, item), 20, 20), quick(epochs=2))
    assert [channel.name for channel in found.model.channels] == ["behaviour", "co_taking"]


def test_too_little_behaviour_is_refused() -> None:
    with pytest.raises(KgrecError) as caught:
        fit(dataset_of(Interactions.of_pairs([0], [0]), 1, 2), quick())
    assert str(caught.value) == (
        "KgrecError: there are too few interactions to learn from.\n"
        "  where     interactions\n"
        "  found     1 to train on and 0 to validate on\n"
        "  expected  users with at least a few interactions each\n"
        "  next      import more interactions, or check `kgrec inspect`"
    )


def test_items_that_one_user_each_has_teach_nothing() -> None:
    with pytest.raises(KgrecError) as caught:
        fit(dataset_of(Interactions.of_pairs(np.zeros(20), np.arange(20)), 1, 20), quick())
    assert str(caught.value) == (
        "KgrecError: there are too few interactions to learn from.\n"
        "  where     interactions\n"
        "  found     18 to train on and 2 to validate on, of items that nobody has in training\n"
        "  expected  users with at least a few interactions each\n"
        "  next      import more interactions, or check `kgrec inspect`"
    )
