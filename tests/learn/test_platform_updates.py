"""An update of models of single platforms: in a world with facts, texts, dislikes, circumstances and cold items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.config import TrainConfig
from kgrec.data.context_columns import ContextColumn
from kgrec.data.dataset import AGAINST, Array, Dataset, Interactions
from kgrec.errors import BundleError, UpdateRefusedError
from kgrec.evaluation import live_comparison, updating
from kgrec.evaluation.live_comparison import compare_with_live, hold_out_newest
from kgrec.learn import contexts, platforms
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit, refit
from kgrec.learn.fit_result import FitResult
from kgrec.learn.limits import LIMITS
from kgrec.learn.refresh import refresh, settings_of
from kgrec.progress import Progress, silent
from kgrec.scoring.channel_names import CO_TAKING, KNOWLEDGE, SEMANTIC_PATHS
from kgrec.scoring.matrices import ItemMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel
from tests.support.datasets import dataset_of, quick
from tests.support.platform_worlds import PLATFORMS, platform_world

TRAINED = {CO_TAKING, KNOWLEDGE, SEMANTIC_PATHS}
N_ITEMS, N_USERS = 100, 60
"""The last four items nobody took."""


def settings() -> TrainConfig:
    return quick(epochs=1, num_layers=0, platform_weights="books<films=0.5, films<books=0")


@pytest.fixture(scope="module", autouse=True)
def few_are_enough(one_gate_search: None) -> Iterator[None]:
    """Gates are tested elsewhere, and so is when a circumstance counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(platforms, "LIMITS", replace(LIMITS, platform_users=10))
        patch.setattr(live_comparison, "ENOUGH", 5)
        patch.setattr(contexts, "beyond_chance", lambda gain, errors: True)
        yield


@pytest.fixture(scope="module")
def world() -> Dataset:
    done = platform_world(np.random.default_rng(0), timed=True, books=4).interactions
    weather = ContextColumn("weather", ("rain", "sun"), done.item // 2 % 2)
    disliked = Interactions.of_pairs(np.arange(20), (2 * np.arange(20) + 7) % 96, 1e9 + np.arange(20.0))
    on_both = replace(disliked, platform=np.arange(20) % 2, platforms=PLATFORMS, says=np.full(20, AGAINST, np.int8))
    genres = np.arange(N_ITEMS) // 2 % 4
    words = ["violin concert", "galaxy spaceship", "murder detective", "cooking pasta"]
    whole = dataset_of(
        replace(done, context=(weather,)),
        N_USERS,
        N_ITEMS,
        triples=[(i, 0, N_ITEMS + genre) for i, genre in enumerate(genres.tolist())],
        relations=("HAS_GENRE",),
        n_entities=4,
        texts=[f"{words[genre]} number {i}" for i, genre in enumerate(genres.tolist())] + words,
    )
    fits = ~np.isin(on_both.user * N_ITEMS + on_both.item, done.user * N_ITEMS + done.item)
    return replace(whole, against=on_both.select(fits))


@pytest.fixture(scope="module")
def learned(world: Dataset) -> FitResult:
    return fit(world, settings())


@pytest.fixture(scope="module")
def bundle(world: Dataset, learned: FitResult, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("platforms")
    to_bundle(world, learned, settings()).save(folder)
    return Bundle.load(folder)


def scores(model: AdditiveModel, world: Dataset) -> Array:
    histories = model.histories(world.behaviour, N_USERS, world.interactions.first_contexts(N_USERS))
    return np.asarray(model.scores(histories, np.float64))


def backwards(matrix: ItemMatrix) -> SparseMatrix:
    """What speaks for an item speaks against it."""
    everything = np.arange(N_ITEMS)
    return SparseMatrix(sparse.csr_matrix(-matrix.block(everything, everything)))


def spoilt(model: AdditiveModel) -> AdditiveModel:
    """The same with lists of books that are the wrong way round."""
    books = model.targets["books"]
    channels = tuple(replace(one, matrix=backwards(one.matrix)) for one in books.channels)
    return replace(model, targets={**model.targets, "books": replace(books, channels=channels)})


def two_days(world: Dataset) -> tuple[Dataset, Dataset]:
    """The first half of what everybody did; all of it, the films of the second half a day after the books."""
    done = world.interactions
    later = np.arange(len(done)) % 2 == 1
    day = np.where(later, np.where(done.platform == 0, 2e9 + 86_400.0, 2e9), 1e9)
    day += np.random.default_rng(1).permutation(len(done))
    today = world.with_interactions(replace(done, time=day))
    return world.with_interactions(today.interactions.select(~later)), today


def test_the_world_has_what_an_update_could_forget(bundle: Bundle) -> None:
    books = bundle.model.targets["books"]
    names = {one.name for one in books.channels}
    assert {"dislikes", "paths"} <= names
    assert any("_from_films" in name for name in names)
    assert not any("dislikes_from" in name for name in names)
    assert any(one.beside for one in books.channels)
    assert books.contexts
    assert books.is_cold[96:].all()


def test_with_nothing_new_all_lists_stay(world: Dataset, bundle: Bundle) -> None:
    same = refresh(world, bundle, silent).model
    assert list(same.targets) == list(bundle.model.targets) == list(PLATFORMS)
    for name in ("", *same.targets):
        ours, before = same.for_platform(name), bundle.model.for_platform(name)
        assert [one.name for one in ours.channels] == [one.name for one in before.channels]
        np.testing.assert_allclose(scores(ours, world), scores(before, world), atol=1e-5, err_msg=name)


def test_settings_survive_an_update(world: Dataset, bundle: Bundle) -> None:
    again = to_bundle(world, refresh(world, bundle, silent), settings())
    assert settings_of(again)[1].as_dict() == settings_of(bundle)[1].as_dict() == again.manifest.settings["chosen"]


def test_what_is_new_changes_the_lists_of_a_platform_as_a_training_with_the_same_settings_does(
    world: Dataset, learned: FitResult, bundle: Bundle
) -> None:
    done = world.interactions
    today = world.with_interactions(done.select(np.flatnonzero((done.platform == 1) | (np.arange(len(done)) % 7 > 0))))
    fresh = refresh(today, bundle, silent).model
    anew = refit(today, learned, settings())
    everything = np.arange(N_ITEMS)
    for name in fresh.targets:
        ours, theirs = fresh.targets[name], anew.model.targets[name]
        assert [one.name for one in ours.channels] == [one.name for one in theirs.channels]
        np.testing.assert_allclose(ours.gates.by_history.channels, theirs.gates.by_history.channels, rtol=1e-6)
        np.testing.assert_array_equal(ours.gates.cold.channels, theirs.gates.cold.channels)
        np.testing.assert_array_equal(ours.gates.cold.min_spread, theirs.gates.cold.min_spread)
        for bias, expected_bias in zip(ours.contexts, theirs.contexts, strict=True):
            np.testing.assert_allclose(bias.table, expected_bias.table, atol=1e-6, err_msg=bias.column)
        for our, their in zip(ours.channels, theirs.channels, strict=True):
            if our.name.partition("_from_")[0] not in TRAINED:
                found, expected = (each.matrix.block(everything, everything) for each in (our, their))
                np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=our.name)
                assert our.unit == pytest.approx(their.unit, rel=1e-5)


def test_the_newest_of_each_platform_is_held_out(world: Dataset, bundle: Bundle) -> None:
    before, today = two_days(world)
    live = replace(bundle, interactions=before.behaviour)
    _, held = hold_out_newest(today, live)
    new = len(today.interactions) - len(before.interactions)
    assert set(held.platform.tolist()) == {0, 1}
    assert 0.15 * new < len(held) < 0.25 * new
    one_model = replace(live, model=replace(live.model, targets={}))
    assert set(hold_out_newest(today, one_model)[1].platform.tolist()) == {0}


def test_an_update_that_spoils_the_lists_of_one_platform_is_refused(
    world: Dataset, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, today = two_days(world)
    live = to_bundle(before, refresh(before, bundle, silent), settings())
    assert updating.updated(today, live, silent).platforms.keys() == set(PLATFORMS)

    def damaged(dataset: Dataset, old: Bundle, progress: Progress) -> FitResult:
        found = refresh(dataset, old, progress)
        return replace(found, model=spoilt(found.model))

    monkeypatch.setattr(updating, "refresh", damaged)
    with pytest.raises(UpdateRefusedError) as caught:
        updating.updated(today, live, silent)
    assert caught.value.where == "lists of books"


def test_lists_of_a_platform_are_compared_by_the_items_that_they_offer(world: Dataset, bundle: Bundle) -> None:
    before, today = two_days(world)
    _, held = hold_out_newest(today, replace(bundle, interactions=before.behaviour))
    model = bundle.model
    same = compare_with_live(bundle, model, before, held, "books")
    assert 0 < same.users < compare_with_live(bundle, model, before, held).users
    books = model.targets["books"]
    loud = np.where(np.arange(N_ITEMS) % 2 == 0, np.float32(1e6), books.prior)
    loud[96:] = books.prior[96:]
    films_first = replace(model, targets={**model.targets, "books": replace(books, prior=loud)})
    assert compare_with_live(bundle, films_first, before, held, "books").new == same.new
    cold_first = np.where(np.arange(N_ITEMS) >= 96, np.float32(1e6), books.prior)
    gates = replace(books.gates, cold=replace(books.gates.cold, prior=1.0))
    loud_cold = replace(model, targets={**model.targets, "books": replace(books, prior=cold_first, gates=gates)})
    assert compare_with_live(bundle, loud_cold, before, held, "books").new < same.new
    loudly_live = replace(bundle, model=films_first)
    assert compare_with_live(loudly_live, model, before, held, "books").live == same.live
    unknown = replace(bundle, interactions=bundle.interactions.select(bundle.interactions.item < 90))
    assert compare_with_live(unknown, model, before, held, "books").new == same.new


def test_a_platform_that_is_gone_and_settings_that_are_not_there_are_said(world: Dataset, bundle: Bundle) -> None:
    done = world.interactions
    without = done.select(done.platform == 0)
    for films in (without, replace(without, platforms=("films",))):
        with pytest.raises(BundleError, match="not in the graph any more") as caught:
            refresh(world.with_interactions(films), bundle, silent)
        assert caught.value.where == "platform books"
    chosen = {name: of for name, of in bundle.manifest.settings["chosen"].items() if name != "alone"}
    earlier = replace(
        bundle, manifest=replace(bundle.manifest, settings={**bundle.manifest.settings, "chosen": chosen})
    )
    with pytest.raises(BundleError, match="settings of the bundle cannot be read"):
        refresh(world, earlier, silent)
