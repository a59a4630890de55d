"""The behaviour channel: settings from the grid, room for cold items, and a prior that content fills in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.data.splits import hold_out
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.channels.behaviour_weights import BehaviourSettings, RidgeSettings
from kgrec.learn.limits import LIMITS
from kgrec.progress import Event, Progress, silent
from kgrec.scoring.matrices import SparseMatrix
from tests.support.datasets import dataset_of, genre_world


def test_choosing_is_repeatable_and_stays_in_the_grid() -> None:
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=5, texts=False)
    train, held = hold_out(world.interactions)
    learner = BehaviourChannels(world.with_interactions(train), None, silent)
    chosen = [learner.choose(held.matrix(40, 24))[0] for _ in range(2)]
    assert chosen[0] == chosen[1]
    assert chosen[0].history.recency == 1.0
    assert min(chosen[0].spreads) > 0


def test_the_order_of_events_is_used_where_only_the_last_matters() -> None:
    # A walk around a circle: what comes next depends on the last step alone.
    n_users, n_items, length = 60, 40, 12
    start = np.random.default_rng(0).integers(0, n_items, n_users)
    steps = (start[:, None] + np.arange(length)) % n_items
    user, time = np.repeat(np.arange(n_users), length), np.tile(np.arange(float(length)), n_users)
    train = Interactions.of_pairs(user, steps.ravel(), time)
    held = Interactions.of_pairs(np.arange(n_users), (start + length) % n_items)
    learner = BehaviourChannels(dataset_of(train, n_users, n_items), None, silent)
    assert learner.choose(held.matrix(n_users, n_items))[0].history.recency < 1.0


def test_cold_items_get_the_weights_and_the_popularity_of_what_they_resemble() -> None:
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=4, n_new=4, texts=False)
    # Genre 0 is twice as popular.
    loved = world.interactions.user % 4 == 0
    world = world.with_interactions(world.interactions.select(loved | (world.interactions.user < 20)))
    learner = BehaviourChannels(world, None, silent)
    matrix = learner.channels(BehaviourSettings())[0].matrix
    assert isinstance(matrix, SparseMatrix)
    to_new = matrix.weights[:, 20:].toarray()
    for new in range(4):
        same = np.arange(20) % 4 == new
        assert to_new[:20][same, new].min() > to_new[:20][~same, new].max()
    prior = learner.prior(BehaviourSettings())
    assert prior.dtype == np.float32
    assert prior[20] > prior[21:].max()
    assert prior[:20].mean() == pytest.approx(0.0, abs=1e-5)


def test_items_nobody_took_stay_empty_without_content() -> None:
    world = dataset_of(Interactions.of_pairs([0, 0, 1, 1], [0, 1, 0, 1]), 2, 3)
    learner = BehaviourChannels(world, None, silent)
    weights = learner.channels(BehaviourSettings())[0].matrix
    assert isinstance(weights, SparseMatrix)
    assert weights.weights[:, 2].nnz == 0
    assert learner.prior(BehaviourSettings())[2] == 0.0


def test_a_kind_that_says_nothing_is_weighed_down() -> None:
    # Each user buys in one camp and views items of no camp: only what was bought tells what comes next.
    rng = np.random.default_rng(3)
    user, item, kind, next_item = [], [], [], []
    for u in range(80):
        camp = rng.permutation(np.arange(u % 4, 40, 4))
        viewed = rng.choice(np.arange(40, 80), 8, replace=False)
        user += [u] * 12
        item += [*camp[:4], *viewed]
        kind += [0] * 4 + [1] * 8
        next_item.append(camp[4])
    train = replace(Interactions.of_pairs(user, item), kind=np.array(kind), kinds=("buy", "view"))
    held = Interactions.of_pairs(np.arange(80), next_item)
    learner = BehaviourChannels(dataset_of(train, 80, 80), None, silent)
    kinds = learner.choose(held.matrix(80, 80))[0].history.kinds
    assert kinds.get("view", 1.0) < kinds.get("buy", 1.0)


@pytest.mark.parametrize("tells", [True, False])
def test_stars_count_where_they_tell_more_than_chance(tells: bool) -> None:
    # What each user takes next is of the camp of the items with five stars, or of any item's camp.
    rng = np.random.default_rng(3)
    user, item, stars, next_item = [], [], [], []
    for u in range(120):
        camps = [rng.permutation(np.arange(c, 80, 8)) for c in rng.permutation(8)[:4]]
        user += [u] * 12
        item += [one for camp in camps for one in camp[:3]]
        stars += [5.0] * 3 + [0.5] * 9
        next_item.append(camps[0 if tells else rng.integers(4)][4])
    train = Interactions.of_pairs(user, item, weight=stars)
    held = Interactions.of_pairs(np.arange(120), next_item)
    world = replace(dataset_of(train, 120, 80), weights_count=True)
    strengths = [
        BehaviourChannels(given, None, silent).choose(held.matrix(120, 80))[0].history.strength
        for given in (
            world,
            replace(world, weights_count=False),
            world.with_interactions(replace(train, weight=np.ones(1440, np.float32))),
        )
    ]
    assert [strength > 0 for strength in strengths] == [tells, False, False]


def test_beyond_the_memory_of_the_ridge_items_are_regressed_on_their_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=5, texts=False)
    monkeypatch.setattr("kgrec.learn.channels.behaviour_search.LIMITS", replace(LIMITS, dense_system=10))
    monkeypatch.setattr("kgrec.learn.channels.behaviour_search._REGRESSORS", 7)
    monkeypatch.delattr("kgrec.learn.channels.behaviour_weights.ease")  # nothing dense is made
    train, held = hold_out(world.interactions)
    learner = BehaviourChannels(world.with_interactions(train), None, silent)
    setting, _ = learner.choose(held.matrix(40, 24))
    matrix = learner.channels(setting)[0].matrix
    assert isinstance(matrix, SparseMatrix)
    weights = matrix.weights.tocoo()
    own = weights.row % 4 == weights.col % 4
    assert weights.data[own].mean() > 5 * abs(weights.data[~own].sum()) / max(own.sum(), 1)


def test_a_very_large_catalogue_gets_one_setting_and_no_figure_is_claimed_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "kgrec.learn.channels.behaviour_search.LIMITS", replace(LIMITS, dense_system=10, any_search_items=10)
    )
    monkeypatch.setattr("kgrec.learn.channels.behaviour_search._REGRESSORS", 7)
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=5, texts=False)
    train, held = hold_out(world.interactions)
    told: list[Event] = []
    learner = BehaviourChannels(world.with_interactions(train), None, Progress(told.append))
    chosen, trials = learner.choose(held.matrix(40, 24))
    assert (chosen.ridge.penalty, chosen.ridge.user_exponent) == (3.0, 0.5)
    assert (chosen.neighbours.kept, chosen.neighbours.user_exponent) == (200, 0.5)
    assert [(event.step, event.done, event.total, event.note) for event in told[:2]] == [
        (what, 1, 1, "the only setting at this size") for what in ("ridge", "neighbours")
    ]
    assert trials == len(told) == 8  # the two, and six blends


def test_lasting_taste_has_a_channel_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=5, texts=False)
    train, held = hold_out(world.interactions)
    learner, valid = BehaviourChannels(world.with_interactions(train), None, silent), held.matrix(40, 24)
    assert learner.choose(valid)[0].long_term_penalty == 0.0
    setting, _ = learner.choose(valid, with_long_term=True)
    assert setting.long_term_penalty in {12.0, 24.0, 48.0, 96.0}  # of the grid's ridges
    monkeypatch.setattr("kgrec.learn.channels.behaviour.LIMITS", replace(LIMITS, wide_ridge_search_items=10))
    assert learner.choose(valid, with_long_term=True)[0].long_term_penalty == 0.0


def test_lasting_taste_is_over_all_items_and_says_nothing_of_new_ones() -> None:
    world = genre_world(np.random.default_rng(0), n_users=40, n_items=24, taken=4, n_new=4, texts=False)
    learner, items = BehaviourChannels(world, None, silent), np.arange(24)
    over_all, over_nearest = (
        {channel.name: channel.matrix.block(items, items) for channel in learner.channels(setting)}
        for setting in (
            BehaviourSettings(ridge=RidgeSettings(regressors=number), long_term_penalty=48.0) for number in (0, 5)
        )
    )
    np.testing.assert_array_equal(over_all["long_term"], over_nearest["long_term"])
    assert not np.array_equal(over_all["behaviour"], over_nearest["behaviour"])
    assert over_all["behaviour"][:, 20:].any()
    assert not over_all["long_term"][:, 20:].any()


def test_a_stronger_ridge_tells_lasting_taste_by_broader_relations() -> None:
    # Who takes an item takes its twin every time, and the rest of its genre now and then.
    rng = np.random.default_rng(1)
    taken = np.zeros((400, 24), np.bool_)
    for u in range(400):
        pairs = rng.choice(np.arange(u % 2, 12, 2), 3, replace=False)
        taken[u, pairs] = taken[u, pairs + 12] = True
    learner = BehaviourChannels(dataset_of(Interactions.of_pairs(*taken.nonzero()), 400, 24), None, silent)
    setting = BehaviourSettings(ridge=RidgeSettings(penalty=1.0), blend=0.0, long_term_penalty=12.0)
    items = np.arange(24)
    weights = {channel.name: channel.matrix.block(items, items) for channel in learner.channels(setting)}

    def breadth(matrix: np.ndarray) -> float:
        twin = np.mean([matrix[i, i + 12] for i in range(12)])
        genre = np.mean([matrix[i, (i + 2) % 12] for i in range(12)])
        return float(genre / twin)

    assert breadth(weights["long_term"]) > 2 * breadth(weights["behaviour"])
