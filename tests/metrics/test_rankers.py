"""Every ranker fulfils the contract, and the ones that add up do so by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.metrics.rankers import (
    ColumnRanker,
    FixedScores,
    ItemMatrixRanker,
    MatrixRanker,
    ModelRanker,
    Ranker,
    VectorRanker,
)
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.testing.ranker import RankerContract
from tests.support.bundles import random_interactions, random_model

SHAPE = 5, 7
RNG = np.random.default_rng(3)
HISTORY = sparse.csr_matrix((RNG.random(SHAPE) * (RNG.random(SHAPE) < 0.5)).astype(np.float32))
TAKEN = Interactions.of_pairs(*HISTORY.nonzero())
WEIGHTS = sparse.csr_matrix(RNG.normal(size=(7, 7)).astype(np.float32))
FACTORS = RNG.normal(size=(7, 2)).astype(np.float32)
RANKERS: dict[str, Ranker] = {
    "vectors": VectorRanker(RNG.normal(size=(5, 2)).astype(np.float32), FACTORS),
    "vectors of a history": VectorRanker(np.zeros((5, 2), np.float32), FACTORS).with_history(TAKEN),
    "sparse weights": MatrixRanker(HISTORY, WEIGHTS),
    "dense weights": MatrixRanker(HISTORY, WEIGHTS.toarray()),
    "item matrices": ItemMatrixRanker((SparseMatrix(WEIGHTS), LowRankMatrix(FACTORS, FACTORS)), HISTORY, FACTORS[:, 0]),
    "model": ModelRanker.over(random_model(np.random.default_rng(1), 7), random_interactions(RNG, 5, 7, 20), 5),
    "columns": ColumnRanker(MatrixRanker(HISTORY[:, :3], WEIGHTS[:3, :3]), np.array([1, 4, 6]), 7),
}


class TestRankers(RankerContract):
    @pytest.fixture(params=RANKERS)
    def ranker(self, request: pytest.FixtureRequest) -> Ranker:
        return RANKERS[request.param]

    @pytest.fixture
    def shape(self) -> tuple[int, int]:
        return SHAPE


def test_item_matrices_and_their_bias_add_up() -> None:
    matrices = (SparseMatrix(WEIGHTS), LowRankMatrix(FACTORS, FACTORS))
    users = np.array([1, 3])
    expected = FACTORS[:, 0] + sum(matrix.scores(HISTORY[users]) for matrix in matrices)
    np.testing.assert_allclose(ItemMatrixRanker(matrices, HISTORY, FACTORS[:, 0]).scores(users), expected, atol=1e-6)


def test_a_user_without_history_has_no_vector() -> None:
    ranker = VectorRanker(np.ones((2, 2), np.float32), FACTORS).with_history(Interactions.of_pairs([], []))
    assert not ranker.scores(np.array([0, 1])).any()


def test_columns_that_a_ranker_does_not_know_score_nothing() -> None:
    scores = RANKERS["columns"].scores(np.arange(5))
    assert not scores[:, [0, 2, 3, 5]].any()
    np.testing.assert_array_equal(scores[:, [1, 4, 6]], HISTORY[:, :3] @ WEIGHTS[:3, :3].toarray())


def test_fixed_scores_are_handed_out_without_a_copy() -> None:
    table = np.ones((4, 3))
    scores = FixedScores(table).scores(np.array([1, 2]))
    scores[:] = 0.0
    assert table.sum(axis=1).tolist() == [3.0, 0.0, 0.0, 3.0]
