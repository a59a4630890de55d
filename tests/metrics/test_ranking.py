"""Ranking and measuring against a slow, obvious version and numbers by hand."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.errors import KgrecError
from kgrec.metrics.ranking import hits_of, mean_metrics, measure_among, rank_and_measure, rank_users
from kgrec.scoring.model import block_size


@dataclass
class Fixed:
    """Scores given as a table; remembers how many users it was asked for at once."""

    table: Array
    most: int = 0

    def scores(self, users: IntArray) -> Array:
        self.most = max(self.most, len(users))
        return self.table[users].astype(np.float64)


def csr(rows: list[list[int]] | Array) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.asarray(rows, np.float32))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 14), levels=st.integers(1, 6))
def test_hits_are_those_of_the_lists(seed: int, k: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    table: Array = rng.integers(0, levels, (7, 12)).astype(np.float32)
    table[rng.random((7, 12)) < 0.2] = -np.inf
    wanted = csr((rng.random((7, 12)) < 0.3) & (table > -np.inf))
    expected = np.zeros((7, k), np.bool_)
    for user, row in enumerate(table):
        listed = [item for item in np.lexsort((np.arange(12), -row)) if row[item] > -np.inf]
        for place, item in enumerate(listed[:k]):
            expected[user, place] = wanted[user, item] > 0
    np.testing.assert_array_equal(hits_of(table, wanted, k), expected)


def test_hits_of_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(KgrecError, match="not a number"):
        hits_of(np.array([[0.0, np.nan, 1.0, 2.0]]), csr([[1, 0, 0, 0]]), 2)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 14),
    levels=st.integers(1, 6),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_ranking_is_a_sort_by_score_then_row(seed: int, k: int, levels: int, dtype: type) -> None:
    rng = np.random.default_rng(seed)
    table: Array = rng.integers(0, levels, (7, 12)).astype(dtype)
    taken = rng.random((7, 12)) < 0.3
    allowed = rng.random(12) < 0.8
    users = rng.permutation(7)[:5]
    found = rank_users(Fixed(table), csr(taken), users, k, allowed, block=2)
    for row, user in enumerate(users):
        order = [i for i in sorted(range(12), key=lambda i: (-table[user, i], i)) if allowed[i] and not taken[user, i]]
        assert found[row].tolist() == (order + [-1] * k)[:k]


def test_blocks_are_bounded() -> None:
    assert block_size(25_000) * 25_000 * 8 <= 64 * 2**20
    assert block_size(10**9) == 1
    ranker = Fixed(np.zeros((9, 4)))
    rank_users(ranker, csr(np.zeros((9, 4))), np.arange(9), 2, block=4)
    assert ranker.most == 4


def test_nan_is_refused() -> None:
    table = np.zeros((3, 2))
    table[1, 1] = np.nan
    with pytest.raises(KgrecError) as error:
        rank_users(Fixed(table), csr(np.zeros((3, 2))), np.arange(3), 1)
    assert str(error.value) == (
        "KgrecError: a score is not a number.\n"
        "  where     Fixed, user row 1\n"
        "  found     nan (1 of 3 users)\n"
        "  expected  finite scores\n"
        "  next      check the model's arrays; training it again may help"
    )


# User 0 has taken item 0 and finds 2 at place 1; user 1 finds one of two at place 2; user 2 has no test item.
SEEN = csr([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]])
TEST = csr([[0, 0, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]])
RANKER = Fixed(np.array([[9, 1, 3, 2, 0], [5, 9, 0, 4, 3], [0, 0, 0, 0, 0]]))


def test_evaluate_by_hand() -> None:
    found = mean_metrics(RANKER, SEEN, TEST, ks=(1, 2), features=np.eye(5))
    assert found["users"] == 2
    assert found["recall@1"] == pytest.approx(0.5)
    assert found["recall@2"] == pytest.approx((1 + 0.5) / 2)
    assert found["precision@2"] == pytest.approx(0.5)
    assert found["hit_rate@1"] == pytest.approx(0.5)
    assert found["mrr@2"] == pytest.approx((1 + 0.5) / 2)
    half = 1 / np.log2(3)
    assert found["ndcg@2"] == pytest.approx((1 + half / (1 + half)) / 2)
    assert found["ndcg@2_kgat"] == pytest.approx((1 + half / (1 + half)) / 2)
    assert found["coverage@2"] == pytest.approx(3 / 5)  # lists 2, 3 and 0, 3
    assert found["novelty@1"] == pytest.approx(np.log2(3))
    assert found["diversity@2"] == pytest.approx(1.0)


def test_candidates_bound_what_is_ranked_and_what_is_wanted() -> None:
    allowed = np.array([False, True, True, False, True])
    found = mean_metrics(RANKER, SEEN, TEST, ks=(1,), candidates=allowed)
    assert found["recall@1"] == 1.0  # user 1 has only item 4 left to find, and only 2 and 4 to choose from: 3 beats 0
    assert found["coverage@1"] == pytest.approx(2 / 3)
    assert "diversity@1" not in found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_several_sets_of_candidates_are_each_measured_as_if_alone(seed: int) -> None:
    """Against a ranker that gives everything outside of the set minus infinity; some users want nothing inside."""
    rng = np.random.default_rng(seed)
    table: Array = rng.integers(0, 4, (6, 9)).astype(np.float64)
    taken = rng.random((6, 9))
    seen, test = csr(taken < 0.2), csr((taken >= 0.2) & (taken < 0.5))
    sets = [rng.random(9) < 0.6, rng.random(9) < 0.9]
    if any(test[:, among].nnz == 0 for among in sets):
        return
    ranker = Fixed(table)
    *inside, everything = measure_among(ranker, seen, test, [*sets, None], ks=(2,))
    assert everything.means == mean_metrics(Fixed(table), seen, test, ks=(2,))
    for among, found in zip(sets, inside, strict=True):
        closed = Fixed(np.where(among, table, -np.inf))
        alone = rank_and_measure(closed, seen, csr(test.toarray() * among), ks=(2,))
        assert found.users.tolist() == alone.users.tolist()
        np.testing.assert_array_equal(found.per_user["ndcg@2"], alone.per_user["ndcg@2"])
        assert found.means["novelty@2"] == alone.means["novelty@2"]
        assert found.means["coverage@2"] == pytest.approx(alone.means["coverage@2"] * 9 / among.sum())


def test_overlap_stops_the_run() -> None:
    with pytest.raises(KgrecError) as error:
        mean_metrics(RANKER, csr([[0] * 5, [0, 0, 0, 1, 0], [0] * 5]), TEST)
    assert str(error.value) == (
        "KgrecError: train and test share pairs.\n"
        "  where     user row 1, item row 3\n"
        "  found     1 of 3 test pairs are in train\n"
        "  expected  none\n"
        "  next      split again; what was learned from cannot be tested on"
    )


def test_nothing_to_find_is_said() -> None:
    with pytest.raises(KgrecError) as error:
        mean_metrics(RANKER, SEEN, TEST, candidates=np.array([True, False, False, False, False]))
    assert str(error.value) == (
        "KgrecError: there is nothing to measure.\n"
        "  found     no test item among the candidates\n"
        "  expected  at least one user with a test item\n"
        "  next      check the split and the candidates"
    )
    with pytest.raises(KgrecError, match="nothing to measure"):
        mean_metrics(RANKER, SEEN, csr(np.zeros((3, 5))))
