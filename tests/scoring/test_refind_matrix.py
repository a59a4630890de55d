"""In the matrix of what is found again, an item speaks for itself alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.scoring.matrices import ItemMatrix
from kgrec.scoring.refind_matrix import RefindMatrix
from kgrec.testing.item_matrix import N_ITEMS, ItemMatrixContract


class TestRefindMatrix(ItemMatrixContract):
    @pytest.fixture
    def matrix(self) -> ItemMatrix:
        return RefindMatrix(np.linspace(0.0, 0.4, N_ITEMS, dtype=np.float32), 0.1)

    def test_an_item_says_nothing_of_itself(self, matrix: ItemMatrix) -> None:
        """The other way round: it says something of itself, and nothing of any other."""
        everything = np.arange(N_ITEMS)
        block = matrix.block(everything, everything)
        assert np.diagonal(block)[1:].all()
        assert not block[~np.eye(N_ITEMS, dtype=bool)].any()


def test_an_item_that_is_taken_as_often_as_the_mean_has_one() -> None:
    matrix = RefindMatrix(np.array([0.21, 0.07, 0.0], np.float32), 0.07)
    items = np.arange(3)
    np.testing.assert_allclose(np.diagonal(matrix.block(items, items)), [2.0, 1.0, 0.0], atol=1e-6)
    history = sparse.csr_matrix(np.array([[0.5, 0.0, 3.0], [0.0, 2.0, 0.0]]))
    np.testing.assert_allclose(matrix.scores(history), [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]], atol=1e-6)


def test_where_nobody_took_anything_it_says_nothing() -> None:
    matrix = RefindMatrix(np.zeros(2, np.float32), 0.0)
    assert not matrix.scores(sparse.csr_matrix(np.ones((1, 2)))).any()


def test_rates_that_do_not_fit_are_refused() -> None:
    arrays = RefindMatrix(np.zeros(3, np.float32), 0.1).arrays()
    with pytest.raises(ValueError, match="there are 3 rates for 4 items"):
        RefindMatrix.from_arrays(arrays, 4)
