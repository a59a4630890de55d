"""Item-item matrices fulfil the contract that keeps a score the sum of its contributions."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from kgrec.testing.item_matrix import N_ITEMS, ItemMatrixContract


def factor(seed: int, n: int = N_ITEMS) -> Array:
    return np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)


class TestSparseMatrix(ItemMatrixContract):
    @pytest.fixture
    def matrix(self) -> ItemMatrix:
        dense = factor(0) @ factor(1).T
        return SparseMatrix(sparse.csr_matrix(np.where(dense > 0, dense, 0.0).astype(np.float32)))


class TestLowRankMatrix(ItemMatrixContract):
    @pytest.fixture
    def matrix(self) -> ItemMatrix:
        return LowRankMatrix(factor(0), factor(1))


def test_a_sparse_matrix_takes_its_diagonal_out() -> None:
    matrix = SparseMatrix(sparse.csr_matrix(np.array([[5.0, 1.0], [2.0, 7.0]], np.float32)))
    history = sparse.csr_matrix(np.array([[1.0, 1.0]]))
    np.testing.assert_allclose(matrix.scores(history), [[2.0, 1.0]])
    np.testing.assert_allclose(matrix.block(np.array([0, 1]), np.array([0, 1])), [[0.0, 1.0], [2.0, 0.0]])


@pytest.mark.parametrize("users", [1, 3, 40])
def test_scores_are_the_same_however_many_are_scored_at_once(users: int) -> None:
    rng = np.random.default_rng(2)
    weights = rng.random((40, N_ITEMS)) * (rng.random((40, N_ITEMS)) < 0.5)
    dense = np.where(factor(0) @ factor(1).T > 0, 1.0, 0.0).astype(np.float32)
    for matrix in (SparseMatrix(sparse.csr_matrix(dense)), LowRankMatrix(factor(0), factor(1))):
        block = matrix.block(np.arange(N_ITEMS), np.arange(N_ITEMS))
        scores = matrix.scores(sparse.csr_matrix(weights[:users]))
        np.testing.assert_allclose(scores, weights[:users] @ block, atol=1e-12)


def test_some_columns_of_factors_are_those_of_all_scores() -> None:
    history = sparse.csr_matrix(np.random.default_rng(1).random((3, N_ITEMS)))
    matrix, columns = LowRankMatrix(factor(0), factor(1)), np.array([7, 0, 3])
    np.testing.assert_allclose(matrix.scorer_of(columns)(history), matrix.scores(history)[:, columns], atol=1e-12)


def test_factors_beside_the_mean_say_nothing_of_an_item_that_has_none() -> None:
    target = factor(1)
    target[[0, 4]] = 0.0
    among = np.arange(N_ITEMS) < 6
    matrix = LowRankMatrix.beside_mean(factor(0), target, among)
    mean = target[[1, 2, 3, 5]].mean(axis=0)
    np.testing.assert_allclose(matrix.target[8], target[8] - mean, rtol=1e-6)
    assert not matrix.scores(sparse.csr_matrix(np.eye(N_ITEMS)))[:, [0, 4]].any()
    assert not LowRankMatrix.beside_mean(factor(0), 0 * target, among).target.any()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"source": factor(0), "target": factor(1, 8)}, "target has 8 rows, there are 9 items"),
        ({"source": factor(0, 8), "target": factor(1)}, "source has 8 rows, there are 9 items"),
        ({"source": factor(0)[:, :2], "target": factor(1)}, "source is (9, 2) and target (9, 3), expected the same"),
    ],
)
def test_factors_that_do_not_fit_are_refused(arrays: dict[str, Array], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        LowRankMatrix.from_arrays(arrays, N_ITEMS)


def test_rows_of_another_catalogue_are_refused() -> None:
    arrays = SparseMatrix(sparse.identity(N_ITEMS, np.float32, format="csr")).arrays()
    with pytest.raises(ValueError, match="index pointer size 10 should be 11"):
        SparseMatrix.from_arrays(arrays, N_ITEMS + 1)
