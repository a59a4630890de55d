"""Matrices of whole numbers say what the floats say within half a step, and pass the contract of all matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.scoring.int8_matrices import LowRankInt8Matrix, SparseInt8Matrix
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix
from kgrec.testing.item_matrix import N_ITEMS, ItemMatrixContract


def random_weights(share: float = 0.5) -> sparse.csr_matrix:
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(N_ITEMS, N_ITEMS)) * (rng.random((N_ITEMS, N_ITEMS)) < share)
    dense[4] = 0.0
    return sparse.csr_matrix(dense.astype(np.float32))


def low_rank() -> LowRankMatrix:
    rng = np.random.default_rng(1)
    return LowRankMatrix(*(rng.normal(size=(N_ITEMS, 3)).astype(np.float32) for _ in range(2)))


class TestSparseInt8Matrix(ItemMatrixContract):
    @pytest.fixture
    def matrix(self) -> ItemMatrix:
        return SparseInt8Matrix.of(random_weights())


class TestLowRankInt8Matrix(ItemMatrixContract):
    @pytest.fixture
    def matrix(self) -> ItemMatrix:
        return LowRankInt8Matrix.of(low_rank())
