"""Lists of one platform: what its own model is, that others add to it and never replace it, and who decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.errors import ConfigError, KgrecError
from kgrec.evaluation.model_card import model_card
from kgrec.explanation.wording.sentence import sentence
from kgrec.learn import platforms
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit
from kgrec.learn.fit_result import FitResult
from kgrec.learn.limits import LIMITS
from kgrec.learn.platform_lists import ListsOfBoth
from kgrec.learn.platforms import of_platform, platforms_to_learn, with_equal_weights
from kgrec.recommendation import Context, Recommender
from kgrec.scoring.model import AdditiveModel
from tests.support.datasets import genre_world, quick
from tests.support.platform_worlds import PLATFORMS, platform_world

FIXED = "books<films=0.5, films<books=0"


def settings(**changes: object) -> TrainConfig:
    return quick(epochs=1, num_layers=0, platform_weights=FIXED, **changes)


@pytest.fixture(scope="module", autouse=True)
def few_are_enough(one_gate_search: None) -> Iterator[None]:
    """Gates are tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(platforms, "LIMITS", replace(LIMITS, platform_users=10))
        yield


@pytest.fixture(scope="module")
def world() -> Dataset:
    """The last five users took no films."""
    world = platform_world(np.random.default_rng(0), timed=True, books=4)
    there = world.interactions
    return world.with_interactions(there.select((there.platform == 1) | (there.user < len(world.users) - 5)))


@pytest.fixture(scope="module")
def learned(world: Dataset) -> FitResult:
    return fit(world, settings())


@pytest.fixture(scope="module")
def bundle(world: Dataset, learned: FitResult, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("platforms")
    to_bundle(world, learned, settings()).save(folder)
    return Bundle.load(folder)


def scores(model: AdditiveModel, history: Interactions, n_users: int) -> Array:
    at = np.full(n_users, 2e9)
    return model.scores(model.histories(history, n_users, at))[:, ~model.is_cold]


@pytest.mark.parametrize("refitted", [True, False])
def test_where_the_others_are_closed_a_platform_is_as_if_there_were_no_other(
    world: Dataset, learned: FitResult, refitted: bool
) -> None:
    chosen = learned.model if refitted else learned.train_only
    assert chosen is not None
    target = chosen.for_platform("films")
    train, held = world.interactions, None
    if not refitted:
        from kgrec.learn.fit import parts_of

        train, held = parts_of(world, None, settings())
    alone = learned.platforms["films"].alone
    films = of_platform(world.with_interactions(train), "films")
    of_films = alone.model if refitted else alone.train_only
    assert of_films is not None
    n = len(world.users)
    np.testing.assert_array_equal(scores(target, train, n), scores(of_films, films.interactions, n))
    if held is not None:
        again = fit(films, quick(epochs=1, num_layers=0), valid=held.on_platform("films"), refit_on_all=False)
        np.testing.assert_array_equal(scores(again.model, films.interactions, n), scores(target, train, n))


def test_who_did_nothing_elsewhere_loses_nothing(world: Dataset, learned: FitResult) -> None:
    target, alone = learned.model.for_platform("books"), learned.platforms["books"].alone.model
    n = len(world.users)
    books = world.interactions.on_platform("books")
    together, by_itself = scores(target, world.interactions, n), scores(alone, books, n)
    np.testing.assert_allclose(together[-5:], by_itself[-5:], rtol=0, atol=1e-12)
    assert (np.abs(together[:-5] - by_itself[:-5]).max(axis=1) > 1e-3).all()


def test_a_weight_that_is_fixed_by_hand_is_beside_1_of_the_platform_itself(learned: FitResult) -> None:
    target = learned.model.for_platform("books")
    gates = dict(zip((one.name for one in target.channels), target.gates.by_history.channels[-1, -1], strict=True))
    of_others = sum(gate for name, gate in gates.items() if "_from_films" in name)
    of_own = sum(gate for name, gate in gates.items() if "_from_" not in name)
    assert of_others == pytest.approx(0.5 * of_own)
    assert learned.chosen.platforms["books"]["weights"] == {"films": pytest.approx(0.5)}
    assert learned.chosen.platforms["films"]["weights"] == {"books": 0.0}
    assert not any("_from_" in one.name for one in learned.model.for_platform("films").channels)


def test_a_score_of_a_platform_is_the_sum_of_what_is_shown(world: Dataset, learned: FitResult) -> None:
    target = learned.model.for_platform("books")
    mine = world.interactions.select(world.interactions.user == 0)
    scored = target.scored(mine, 2e9)
    items = np.arange(1, target.n_items, 2)
    parts = scored.contributions(items)
    np.testing.assert_allclose(parts.scores, scored.of_items(items), atol=1e-9)
    of_films = [c for c, name in enumerate(parts.channels) if "_from_films" in name]
    films = np.isin(parts.history, mine.item[mine.platform == 0])
    assert parts.values[of_films][:, films].any()
    assert not parts.values[of_films][:, ~films].any()
    others = [c for c in range(len(parts.channels)) if c not in of_films]
    assert not parts.values[others][:, films].any()


def test_a_bundle_holds_the_models_of_all_platforms(world: Dataset, learned: FitResult, bundle: Bundle) -> None:
    for name in ("films", "books"):
        ours, stored = learned.model.for_platform(name), bundle.model.for_platform(name)
        n = len(world.users)
        np.testing.assert_allclose(scores(stored, world.interactions, n), scores(ours, world.interactions, n))
    shared = {one.name: one.matrix for one in bundle.model.channels}
    for channel in bundle.model.for_platform("books").channels:
        if "_from_" in channel.name:
            assert channel.matrix is shared[channel.name.partition("_from_")[0]]


def test_a_list_of_a_platform_has_its_items_alone(world: Dataset, learned: FitResult, bundle: Bundle) -> None:
    recommender = Recommender(bundle)
    best = recommender.recommend("u0", k=96, context=Context(2e9, "books"), explain=True)
    assert {int(one.item[1:]) % 2 for one in best} == {1}
    target = bundle.model.for_platform("books")
    mine = world.interactions.select(world.interactions.user == 0)
    expected = target.scored(mine, 2e9).scores
    assert [one.score for one in best] == pytest.approx([expected[int(one.item[1:])] for one in best])
    explained = best[0].explanation
    assert explained is not None
    assert sum(reason.value for reason in explained.reasons) + explained.constant == pytest.approx(best[0].score)
    assert {past.platform for one in best if one.explanation for past in one.explanation.past} == {"films", ""}
    said = {sentence(one.explanation, "en", "standard") for one in best if one.explanation}
    assert any("(films)" in text for text in said)
    assert not any("(books)" in text for text in said)
    everything = recommender.recommend("u0", k=96, context=Context(2e9))
    assert {int(one.item[1:]) % 2 for one in everything} == {0, 1}
    assert model_card(bundle, 5)["platforms"] == learned.chosen.platforms
    with pytest.raises(ConfigError, match="there is no such platform"):
        recommender.recommend("u0", context=Context(platform="music"))


def test_equal_weights_are_those_of_the_platform_itself(world: Dataset, learned: FitResult) -> None:
    alone = learned.platforms["books"].alone.model
    model = with_equal_weights(learned.model, alone, world, "books")
    gates = dict(zip((one.name for one in model.channels), model.gates.by_history.channels[-1, -1], strict=True))
    own = dict(zip((one.name for one in alone.channels), alone.gates.by_history.channels[-1, -1], strict=True))
    for name, gate in own.items():
        assert gates.get(f"{name}_from_films", 0.0) == pytest.approx(gate)


@pytest.mark.parametrize("config", [quick(platform_lists="shared"), quick()])
def test_there_is_one_model_where_that_is_wanted_or_few_are_held_out(config: TrainConfig, world: Dataset) -> None:
    few = world.interactions.select(np.arange(5)) if config.platform_lists != "shared" else world.interactions
    assert platforms_to_learn(world, few, config) == []


def test_the_model_of_all_platforms_makes_lists_where_it_finds_more(
    world: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of films by a wide margin, of books not; a weight that is fixed by hand asks for a model of its own."""

    def of_both(own: AdditiveModel, *_: object) -> ListsOfBoth:
        more = np.linspace(0.4, 0.5, 20)
        return ListsOfBoth(more / 2, more) if own.platform == "films" else ListsOfBoth(more, more / 2)

    monkeypatch.setattr(platforms, "lists_of_both", of_both)
    config = quick(epochs=1, num_layers=0)
    learned = fit(world, config)
    assert [*learned.model.targets] == [*learned.platforms] == [*learned.chosen.alone] == ["books"]
    chosen = {name: of["lists"]["chosen"] for name, of in learned.chosen.platforms.items()}
    assert chosen == {"films": "shared", "books": "own"}
    to_bundle(world, learned, config).save(tmp_path)
    bundle = Bundle.load(tmp_path)
    assert model_card(bundle, 5)["platforms"] == learned.chosen.platforms
    best = Recommender(bundle).recommend("u0", k=96, context=Context(2e9, "films"))
    listed = np.array([int(one.item[1:]) for one in best])
    assert set(listed[~bundle.model.is_cold[listed]] % 2) == {0}
    mine = world.interactions.select(world.interactions.user == 0)
    expected = bundle.model.scored(mine, 2e9).scores
    assert [one.score for one in best] == pytest.approx([expected[int(one.item[1:])] for one in best])
    by_hand = fit(world, config.model_copy(update={"platform_weights": "films<books=0.5"}), refit_on_all=False)
    assert [*by_hand.model.targets] == ["films", "books"]
    own = fit(world, config.model_copy(update={"platform_lists": "own"}), refit_on_all=False)
    assert [*own.model.targets] == ["films", "books"]
    assert "lists" not in own.chosen.platforms["films"]


def test_data_of_one_platform_are_learned_as_ever() -> None:
    world = genre_world(np.random.default_rng(0), timed=True)
    found = [fit(world, quick(epochs=1, platform_lists=how)) for how in ("own", "shared")]
    assert not found[0].model.targets
    assert "platforms" not in found[0].chosen.as_dict()
    arrays = [to_bundle(world, one, quick())._arrays() for one in found]
    assert arrays[0].keys() == arrays[1].keys()
    for name, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][name])


@pytest.mark.parametrize(
    "text", ["books", "books<films", "books<films=a", "books<books=1", "books<films=-1", "<films=1"]
)
def test_a_weight_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="platform_weights"):
        TrainConfig.of({"platform_weights": text})


def test_a_weight_of_a_platform_that_there_is_not_is_refused(world: Dataset) -> None:
    with pytest.raises(KgrecError, match="there is no such platform to weigh"):
        fit(world, quick(platform_weights="books<music=1"))


def test_a_checkpoint_holds_the_trainings_of_each_platform(world: Dataset, tmp_path: Path) -> None:
    fit(world, settings(), checkpoint=tmp_path, refit_on_all=False)
    assert {path.name for path in tmp_path.iterdir()} >= {"platform_0", "platform_1"}


def listed_twice(world: Dataset) -> Dataset:
    """The world, whose films are books too: whoever took a film bought two of three there as well."""
    films = world.interactions.on_platform("films")
    films = films.select(np.random.default_rng(0).random(len(films)) < 0.67)
    books = replace(films, item=films.item + 1, platform=np.ones(len(films), np.int64), platforms=PLATFORMS)
    before = world.interactions
    twice = books.matrix(len(world.users), len(world.items))
    kept = np.asarray(twice[before.user, before.item]).ravel() == 0
    return world.with_interactions(before.select(kept).joined(books))


def test_what_is_listed_twice_does_not_tell_what_a_platform_weighs(monkeypatch: pytest.MonkeyPatch) -> None:
    unrelated = listed_twice(platform_world(np.random.default_rng(3), n_users=120, genres=1, films=4))
    config = quick(epochs=1, num_layers=0)
    left_out = fit(unrelated, config).chosen.platforms["books"]
    monkeypatch.setattr(platforms, "MAYBE_USERS", 10_000)
    counted = fit(unrelated, config).chosen.platforms["books"]
    assert (left_out["weights"]["films"], counted["weights"]["films"] > 0.5) == (0, True)
    assert left_out["users"] < counted["users"]
