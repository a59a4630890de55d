"""Which model makes the lists of a platform: what both find is counted item by item, and the shared one has to win."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.learn import platform_lists
from kgrec.learn.limits import LIMITS
from kgrec.learn.platform_lists import ListsOfBoth, lists_of_both
from kgrec.scoring.model import AdditiveModel
from tests.support.bundles import random_model
from tests.support.platform_worlds import PLATFORMS, platform_world

N_USERS, N_ITEMS = 30, 40
FILMS, BOOKS = np.arange(0, N_ITEMS, 2), np.arange(1, N_ITEMS, 2)


def world(seed: int) -> tuple[Dataset, Interactions, AdditiveModel, AdditiveModel]:
    """What was done, books that are to be found, some of which the user has, and two models; nobody took 38 and 39."""
    rng = np.random.default_rng(seed)
    dataset = platform_world(rng, N_USERS, N_ITEMS, genres=2, timed=True)
    done = dataset.interactions.select(dataset.interactions.item < 38)
    wanted = Interactions.of_pairs(np.tile(np.arange(N_USERS), 3), rng.choice(BOOKS, 3 * N_USERS), [2e9] * 90)
    wanted = replace(wanted, platform=np.ones(len(wanted), np.int64), platforms=PLATFORMS)
    shared, own = random_model(rng, N_ITEMS), random_model(rng, N_ITEMS)
    shared = replace(shared, is_cold=np.isin(np.arange(N_ITEMS), (38, 39)))
    return (
        dataset.with_interactions(done),
        wanted,
        replace(own, is_cold=~np.isin(np.arange(N_ITEMS), BOOKS[:-3])),
        shared,
    )


def ndcg_of(model: AdditiveModel, dataset: Dataset, wanted: Interactions, listed: set[int]) -> list[float]:
    """ndcg@10 of each user who has something to find, counted by the definition."""
    done = dataset.interactions
    scores = model.scores(model.histories(done, N_USERS, np.full(N_USERS, 2e9)), np.float32)
    found = []
    for user in range(N_USERS):
        has = set(done.item[done.user == user].tolist())
        to_find = (set(wanted.item[wanted.user == user].tolist()) - has) & listed
        best = sorted(listed - has, key=lambda item: (-scores[user, item], item))[:10]
        gain = sum(1 / np.log2(2 + place) for place, item in enumerate(best) if item in to_find)
        if to_find:
            found.append(gain / sum(1 / np.log2(2 + place) for place in range(min(10, len(to_find)))))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_both_are_measured_on_the_items_of_the_platform_that_users_do_not_have(seed: int) -> None:
    dataset, wanted, own, shared = world(seed)
    found = lists_of_both(own, shared, dataset, wanted)
    listed = {*BOOKS[:-3].tolist(), 38, 39}
    assert set(wanted.item.tolist()) - listed, "of some books it is not known that they are there"
    np.testing.assert_allclose(found.own, ndcg_of(own, dataset, wanted, listed))
    np.testing.assert_allclose(found.shared, ndcg_of(shared, dataset, wanted, listed))


def test_of_many_users_some_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_lists, "LIMITS", replace(LIMITS, validation_users=7))
    dataset, wanted, own, shared = world(0)
    assert 0 < len(lists_of_both(own, shared, dataset, wanted).own) <= 7


@pytest.mark.parametrize(
    ("own", "shared", "chosen"),
    [
        ([0.1, 0.2, 0.3, 0.2], [0.3, 0.4, 0.4, 0.4], "shared"),
        ([0.1, 0.2, 0.3, 0.2], [0.1, 0.2, 0.3, 0.2], "own"),
        ([0.1, 0.2, 0.3, 0.2], [0.0, 0.2, 0.9, 0.0], "own"),  # better by chance
        ([0.0, 0.0, 0.0, 0.0], [0.14, -0.06, 0.14, -0.06], "own"),  # .8 standard errors
        ([0.0, 0.0, 0.0, 0.0], [0.16, -0.04, 0.16, -0.04], "shared"),  # 1.2
        ([0.3, 0.4, 0.4, 0.4], [0.1, 0.2, 0.3, 0.2], "own"),
        ([], [], "own"),
    ],
)
def test_the_shared_model_has_to_be_better_by_more_than_chance(
    own: list[float], shared: list[float], chosen: str
) -> None:
    of: list[Array] = [np.array(one, np.float64) for one in (own, shared)]
    found = ListsOfBoth(*of).as_dict()
    assert (found["chosen"], found["users"]) == (chosen, len(own))
    assert found["ndcg@10"] == {
        "own": pytest.approx(np.mean(own or [0])),
        "shared": pytest.approx(np.mean(shared or [0])),
    }
