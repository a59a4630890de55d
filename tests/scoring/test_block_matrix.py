"""A matrix with a dense block says what the list of its entries says, and is made where that is smaller."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.matrices import ItemMatrix, SelectiveMatrix, SparseMatrix
from kgrec.testing.item_matrix import N_ITEMS, ItemMatrixContract

KNOWN = np.array([0, 2, 3, 5, 8])


def known_items_speak(share: float, to_others: bool) -> sparse.csr_matrix:
    """Rows of five known items, of whose weights for each other a share is not 0."""
    rng = np.random.default_rng(0)
    dense = np.zeros((N_ITEMS, N_ITEMS), np.float32)
    dense[np.ix_(KNOWN, KNOWN)] = rng.normal(size=(5, 5)) * (rng.permutation(25).reshape(5, 5) < 25 * share)
    dense[KNOWN, KNOWN] = 7.0  # what an item says of itself
    if to_others:
        dense[KNOWN, 4] = 0.5
    return sparse.csr_matrix(dense)


def block_matrix(to_others: bool) -> BlockMatrix:
    matrix = BlockMatrix.of(known_items_speak(0.8, to_others))
    assert matrix is not None
    return matrix


class TestBlockMatrix(ItemMatrixContract):
    @pytest.fixture(params=[True, False])
    def matrix(self, request: pytest.FixtureRequest) -> ItemMatrix:
        return block_matrix(request.param)


@pytest.mark.parametrize("to_others", [True, False])
def test_it_says_what_the_list_says(to_others: bool) -> None:
    everything = np.arange(N_ITEMS)
    of_list = SparseMatrix(known_items_speak(0.8, to_others)).block(everything, everything)
    matrix = block_matrix(to_others)
    np.testing.assert_array_equal(matrix.block(everything, everything), of_list)
    assert (matrix.items.tolist(), matrix.outside.nnz) == (KNOWN.tolist(), 5 * to_others)


def test_a_list_that_is_smaller_stays_a_list() -> None:
    assert BlockMatrix.of(known_items_speak(0.2, True)) is None
    assert BlockMatrix.of(sparse.csr_matrix((3, 3), dtype=np.float32)) is None


@pytest.mark.parametrize("columns", [KNOWN, np.array([1, 8, 4])])
@pytest.mark.parametrize("to_others", [True, False])
def test_some_columns_are_those_of_all_scores(columns: Array, to_others: bool) -> None:
    matrix = block_matrix(to_others)
    assert isinstance(matrix, SelectiveMatrix)
    history = sparse.csr_matrix(np.array([[1.0, 0, 0, 0.5, 2, 0, 0, 0, 1], [0] * 9, [0, 1, 0, 0, 0, 0, 0, 0, 3]]))
    np.testing.assert_allclose(matrix.scorer_of(columns)(history), matrix.scores(history)[:, columns])


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("items", KNOWN[:4], "the block is (5, 5), for 4 items"),
        ("items", np.array([0, 2, 3, 5, 9]), "the block has items twice or beyond the 9"),
        ("items", np.array([0, 2, 3, 5, 5]), "the block has items twice or beyond the 9"),
        ("outside.indices", np.full(5, 9, np.int32), "indices"),
    ],
)
def test_parts_that_do_not_fit_are_refused(name: str, array: Array, message: str) -> None:
    arrays = block_matrix(True).arrays() | {name: array}
    with pytest.raises(ValueError, match=re.escape(message)):
        BlockMatrix.from_arrays(arrays, N_ITEMS)
