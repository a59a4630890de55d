"""Places among sampled negatives, against places counted by hand, and what a sample may hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec_benchmarks.protocols.sampled_negatives import mean_by_user, places_among, sampled_negatives
from tests.benchmarks.protocols.test_platform_gain import Table


def test_negatives_are_of_the_pool_and_were_never_taken() -> None:
    pool = np.arange(0, 60, 2)
    taken = sparse.csr_matrix((np.random.default_rng(0).random((5, 60)) < 0.4).astype(np.float32))
    drawn = sampled_negatives(pool, taken, np.arange(5), 8, seed=3)
    for user, of_user in enumerate(drawn):
        assert len(set(of_user)) == len(of_user) == 8
        assert set(of_user) <= set(pool) - set(taken[user].indices)
        assert sampled_negatives(pool, taken, np.array([user]), 8, seed=3)[0].tolist() == of_user.tolist()
    assert any((a != b).any() for a, b in zip(drawn, sampled_negatives(pool, taken, np.arange(5), 8, 4), strict=True))


def test_all_that_is_left_is_drawn_where_there_is_no_more() -> None:
    taken = sparse.csr_matrix(np.eye(1, 5, 2, dtype=np.float32))
    assert [one.tolist() for one in sampled_negatives(np.arange(5), taken, np.array([0]), 9, 0)] == [[0, 1, 3, 4]]


@pytest.mark.parametrize("block", [1, 2])
def test_places_by_hand(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec_benchmarks.protocols.sampled_negatives.block_size", lambda _: block)
    ranker = Table([[3.0, 1.0, 2.0, 2.0, 5.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    wanted = sparse.csr_matrix(np.array([[0, 0, 1, 1, 0], [0, 0, 0, 1, 0]], np.float32))
    negatives = [np.array([0, 1]), np.array([0, 1, 4])]
    owner, places = places_among(ranker, np.arange(2), wanted, negatives)
    # Of equal scores those of the lower rows come first: 0 and 1 before 3, and 4 after it.
    assert (owner.tolist(), places.tolist()) == ([0, 0, 1], [1, 1, 2])


def test_users_without_values_have_no_mean() -> None:
    assert mean_by_user(np.array([0, 0, 2]), np.array([1.0, 0.0, 1.0]), 3).tolist()[::2] == [0.5, 1.0]
    assert np.isnan(mean_by_user(np.array([0]), np.array([1.0]), 2)[1])
