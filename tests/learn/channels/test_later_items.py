"""Places of later items: a linear world whose map is known, and items that nobody knows anything of."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.learn.channels.later_items import moved, placed, taker_profiles, without_place
from kgrec.scoring.matrices import LowRankMatrix

RNG = np.random.default_rng(0)


def test_a_catalogue_in_another_order_keeps_its_vectors_and_what_is_new_has_none() -> None:
    matrix = LowRankMatrix(np.array([[1.0, 2], [3, 4]], np.float32), np.array([[5.0, 6], [7, 8]], np.float32))
    there = moved(matrix, np.array([1, -1, 0]))
    assert there.source.tolist() == [[3, 4], [0, 0], [1, 2]]
    assert there.target.tolist() == [[7, 8], [0, 0], [5, 6]]
    assert without_place(there).tolist() == [False, True, False]


def test_vectors_that_are_a_linear_map_of_what_is_known_are_found_again() -> None:
    features, weights = RNG.normal(size=(60, 4)), RNG.normal(size=(5, 6))
    vectors = (np.hstack([np.ones((60, 1)), features]) @ weights).astype(np.float32)
    whole = LowRankMatrix(vectors[:, :3], vectors[:, 3:])
    hidden = [3, 59]
    partial = moved(whole, np.where(np.isin(np.arange(60), hidden), -1, np.arange(60)))
    found = placed(partial, features, np.full(60, 1e6))
    np.testing.assert_allclose(found.source[hidden], whole.source[hidden], atol=0.02)
    np.testing.assert_allclose(found.target[hidden], whole.target[hidden], atol=0.02)
    rest = np.setdiff1d(np.arange(60), hidden)
    np.testing.assert_array_equal(found.source[rest], whole.source[rest])  # what was trained stays to the bit


def test_little_that_is_known_goes_part_of_the_way() -> None:
    features = RNG.normal(size=(40, 2))
    vectors = features.astype(np.float32)
    partial = moved(LowRankMatrix(vectors, vectors), np.r_[np.arange(38), -1, -1])
    found = placed(partial, features, np.r_[np.full(38, 1e6), 5.0, 0.0])
    np.testing.assert_allclose(found.target[38], features[38] / 2, atol=0.01)  # 5 / (5 + 5)
    assert not found.target[39].any()  # nothing is known of it


def test_the_profile_of_an_item_is_what_else_its_takers_took() -> None:
    matrix = LowRankMatrix(np.array([[1.0], [10], [100]], np.float32), np.array([[2.0], [20], [200]], np.float32))
    history = sparse.csr_matrix([[1.0, 1, 0], [1, 0, 3]])
    profiles, counts = taker_profiles(matrix, history)
    # the first user's other item of two counts half; of the second one's weight, 4 in all, the last has 3
    assert profiles[:, 0].tolist() == [(10 / 2 + 3 * 100 / 4) / 2, 1 / 2, 1 / 4]
    assert profiles[:, 1].tolist() == [(20 / 2 + 3 * 200 / 4) / 2, 2 / 2, 2 / 4]
    assert counts.tolist() == [2, 1, 1]


def test_an_item_that_came_since_is_near_what_its_takers_like() -> None:
    """Two tastes; the last item is taken by those of the first."""
    taste = np.repeat([0, 1], 10)
    history = np.zeros((40, 21))
    for user in range(40):
        liked = np.flatnonzero(taste == user % 2)
        history[user, RNG.choice(liked, 5, replace=False)] = 1
    history[np.arange(0, 12, 2), 20] = 1
    vectors = np.where(taste[:, None] == 0, [[1.0, -1.0]], [[-1.0, 1.0]]) + RNG.normal(0, 0.1, (20, 2))
    partial = moved(LowRankMatrix(*[vectors.astype(np.float32)] * 2), np.r_[np.arange(20), -1])
    found = placed(partial, *taker_profiles(partial, sparse.csr_matrix(history)))
    assert found.target[20] @ [1, -1] > 0.5
    assert found.source[20] @ [1, -1] > 0.5
