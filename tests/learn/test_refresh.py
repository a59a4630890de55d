"""A model brought up to date: closed forms equal a training's, trained vectors stay, later items get places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.errors import BundleError
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit, refit
from kgrec.learn.refresh import refresh, settings_of
from kgrec.progress import silent
from kgrec.scoring.channel_names import CO_TAKING, KNOWLEDGE, SEMANTIC_PATHS
from kgrec.scoring.compacting import CompactableModel
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel
from tests.support.datasets import genre_world, quick

pytestmark = pytest.mark.usefixtures("one_gate_search")

TRAINED = {CO_TAKING, KNOWLEDGE, SEMANTIC_PATHS}
QUICK: TrainConfig = quick(epochs=2)
N_OLD = 40


@pytest.fixture(scope="module")
def world() -> Dataset:
    """48 items; the last eight are taken at the end only, by those who love their genre."""
    return genre_world(np.random.default_rng(3), n_users=60, n_items=48, taken=5, timed=True)


@pytest.fixture(scope="module")
def before(world: Dataset) -> Dataset:
    """The same world before anybody took the last eight items."""
    return world.with_interactions(world.interactions.select(world.interactions.item < N_OLD))


@pytest.fixture(scope="module")
def bundle(before: Dataset) -> Bundle:
    return to_bundle(before, fit(before, QUICK), QUICK)


def _scores(model: AdditiveModel, dataset: Dataset) -> np.ndarray:
    return np.asarray(model.scores(model.histories(dataset.interactions, len(dataset.users)), np.float64))


def test_with_nothing_new_all_scores_stay(bundle: Bundle, before: Dataset) -> None:
    same = refresh(before, bundle, silent).model
    np.testing.assert_allclose(_scores(same, before), _scores(bundle.model, before), atol=1e-5)


def test_a_compacted_bundle_has_all_weights_again_and_vectors_as_they_were_rounded(
    bundle: Bundle, before: Dataset
) -> None:
    smaller = replace(bundle, model=CompactableModel.of(bundle.model).with_shares({"behaviour": 0.3}))
    fresh, everything = refresh(before, smaller, silent).model, np.arange(len(before.items))
    for now, then in zip(fresh.channels, bundle.model.channels, strict=True):
        assert now.matrix.kind == then.matrix.kind
        kept = 0.05 if now.name in TRAINED else 1e-6
        whole = then.matrix.block(everything, everything)
        np.testing.assert_allclose(now.matrix.block(everything, everything), whole, atol=kept, err_msg=now.name)


def test_closed_forms_equal_those_of_a_training_with_the_same_settings(
    bundle: Bundle, before: Dataset, world: Dataset
) -> None:
    config, chosen = settings_of(bundle)
    model = refresh(world, bundle, silent).model
    trained = refit(world, replace(fit(before, QUICK), chosen=chosen), config).model
    assert [channel.name for channel in model.channels] == [channel.name for channel in trained.channels]
    everything = np.arange(len(world.items))
    for ours, theirs in zip(model.channels, trained.channels, strict=True):
        if ours.name not in TRAINED:
            ours_, theirs_ = (each.matrix.block(everything, everything) for each in (ours, theirs))
            np.testing.assert_allclose(ours_, theirs_, atol=1e-6, err_msg=ours.name)
    np.testing.assert_array_equal(model.prior, trained.prior)
    np.testing.assert_array_equal(model.is_cold, trained.is_cold)


def test_trained_vectors_stay_and_later_items_are_near_their_genre(
    bundle: Bundle, before: Dataset, world: Dataset
) -> None:
    """The bundle is of a catalogue without the last eight items, in the order of today's."""
    items = range(N_OLD)
    smaller = replace(
        bundle,
        items=type(bundle.items)(list(bundle.items)[:N_OLD]),
        model=bundle.model.restricted_to(np.arange(N_OLD)),
    )
    model = refresh(world, smaller, silent).model
    learned = next(channel for channel in model.channels if channel.name in (CO_TAKING, KNOWLEDGE))
    then = next(channel for channel in smaller.model.channels if channel.name == learned.name)
    assert isinstance(learned.matrix, LowRankMatrix)
    assert isinstance(then.matrix, LowRankMatrix)
    np.testing.assert_array_equal(learned.matrix.source[:N_OLD], then.matrix.source)
    near = learned.matrix.block(np.array(items), np.arange(N_OLD, 48))
    own = np.arange(N_OLD)[:, None] % 4 == np.arange(N_OLD, 48)[None, :] % 4
    taken = np.bincount(world.interactions.item, minlength=48)[N_OLD:] > 0
    assert near[own & taken].mean() > near[~own & taken].mean()
    assert not learned.matrix.target[N_OLD:][~taken].any()


def test_settings_survive_the_way_through_a_file(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kept") / "a.bundle"
    bundle.save(folder)
    (config, chosen), (again, chosen_again) = settings_of(bundle), settings_of(Bundle.load(folder))
    assert (config, chosen.as_dict()) == (again, chosen_again.as_dict())
    assert chosen.as_dict() == dict(bundle.manifest.settings["chosen"])
    assert chosen.behaviour == chosen_again.behaviour


def test_a_bundle_of_another_version_and_a_channel_that_is_gone_are_said(bundle: Bundle, before: Dataset) -> None:
    settings = {**bundle.manifest.settings, "chosen": {"behaviour": {"depth": 3}}}
    odd = replace(bundle, manifest=replace(bundle.manifest, settings=settings))
    with pytest.raises(BundleError, match="the settings of the bundle cannot be read"):
        refresh(before, odd, silent)
    of_plugin = replace(bundle.model.channels[0], name="of_a_plug_in")
    model = replace(bundle.model, channels=(of_plugin, *bundle.model.channels[1:]))
    with pytest.raises(BundleError, match=r"cannot be made from the graph of today") as caught:
        refresh(before, bundle.with_model(model), silent)
    assert "channel of_a_plug_in" in str(caught.value)
