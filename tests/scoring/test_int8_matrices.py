"""Matrices of whole numbers say what the floats say within half a step, and pass the contract of all matrices."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.scoring.int8_matrices import LowRankInt8Matrix, SparseInt8Matrix
from kgrec.scoring.matrices import ItemMatrix, LowRankMatrix, SparseMatrix
from kgrec.testing.item_matrix import N_ITEMS, ItemMatrixContract

EVERYTHING = np.arange(N_ITEMS)


def random_weights(share: float) -> sparse.csr_matrix:
    """Rows of very different size, one of them empty."""
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(N_ITEMS, N_ITEMS)) * (rng.random((N_ITEMS, N_ITEMS)) < share)
    dense *= 10.0 ** np.arange(-4, 5)[:, None]
    dense[4] = 0.0
    return sparse.csr_matrix(dense.astype(np.float32))


def low_rank() -> LowRankMatrix:
    rng = np.random.default_rng(1)
    return LowRankMatrix(*(rng.normal(size=(N_ITEMS, 3)).astype(np.float32) for _ in range(2)))


class TestSparseInt8Matrix(ItemMatrixContract):
    @pytest.fixture(params=[0.1, 0.9])
    def matrix(self, request: pytest.FixtureRequest) -> ItemMatrix:
        weights = random_weights(request.param)
        return SparseInt8Matrix.of((weights / np.abs(weights).max()).tocsr())


class TestLowRankInt8Matrix(ItemMatrixContract):
    @pytest.fixture
    def matrix(self) -> ItemMatrix:
        return LowRankInt8Matrix.of(low_rank())


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_every_entry_is_within_half_a_step_of_what_it_was(share: float) -> None:
    weights = random_weights(share)
    before = SparseMatrix(weights).block(EVERYTHING, EVERYTHING)
    off_diagonal = np.abs(before).max(axis=1, keepdims=True)
    after = SparseInt8Matrix.of(weights).block(EVERYTHING, EVERYTHING)
    assert (np.abs(after - before) <= off_diagonal / 127 * 0.5001).all()
    np.testing.assert_allclose(np.abs(after).max(axis=1), off_diagonal[:, 0], rtol=1e-6)


def test_columns_are_bits_where_these_are_smaller() -> None:
    few, many = (SparseInt8Matrix.of(random_weights(share)).columns for share in (0.1, 0.9))
    assert (few.ndim, few.dtype) == (1, np.dtype(np.uint16))
    assert (many.shape, many.dtype) == ((N_ITEMS, 2), np.dtype(np.uint8))


def test_more_items_than_two_bytes_can_name() -> None:
    last = 2**16 + 5
    weights = sparse.csr_matrix(([2.0, -1.0], ([0, 0], [7, last])), shape=(last + 1, last + 1))
    matrix = SparseInt8Matrix.of(weights)
    assert matrix.columns.dtype == np.int32
    said = matrix.scores(sparse.csr_matrix(([3.0], ([0], [0])), shape=(1, last + 1)))
    np.testing.assert_allclose(said[0, [7, last, last - 2**16]], [6.0, -3.0, 0.0], rtol=0.01)


def test_both_tables_are_within_half_a_step_of_what_they_were() -> None:
    before = low_rank()
    after = LowRankInt8Matrix.of(before).in_floats()
    for name in ("source", "target"):
        step = np.abs(getattr(before, name)).max(axis=1, keepdims=True) / 127
        assert (np.abs(getattr(after, name) - getattr(before, name)) <= 0.5001 * step).all()


def test_some_columns_are_those_of_all_scores() -> None:
    matrix = LowRankInt8Matrix.of(low_rank())
    history = sparse.csr_matrix(np.array([[1.0, 0, 0, 0.5, 2, 0, 0, 0, 1], [0] * 9, [0, 1, 0, 0, 0, 0, 0, 0, 3]]))
    columns = np.array([8, 1, 4])
    np.testing.assert_allclose(matrix.scorer_of(columns)(history), matrix.scores(history)[:, columns])
    user = np.array([1.0, -2.0, 0.5], np.float32)
    np.testing.assert_allclose(matrix.products(columns, user), matrix.in_floats().target[columns] @ user, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("whole", np.ones(3, np.float32), "the entries are of type float32"),
        ("starts", np.zeros(3, np.int64), "the rows are not those of 9 items"),
        ("scale", np.ones(3, np.float32), "there are 3 scales for 9 items"),
        ("columns", np.zeros((9, 2), np.uint8), "a row has not as many columns as entries"),
        ("columns", np.zeros((9, 1), np.uint8), "bits of columns are (9, 1)"),
        ("columns", np.zeros(3, np.uint16), "columns"),
    ],
)
def test_parts_that_do_not_fit_are_refused(name: str, array: Array, message: str) -> None:
    arrays = SparseInt8Matrix.of(random_weights(0.9)).arrays() | {name: array}
    with pytest.raises(ValueError, match=re.escape(message)):
        SparseInt8Matrix.from_arrays(arrays, N_ITEMS)


def test_a_column_beyond_the_items_is_refused() -> None:
    arrays = SparseInt8Matrix.of(random_weights(0.1)).arrays()
    arrays["columns"] = arrays["columns"] + np.uint16(9)
    with pytest.raises(ValueError, match="a column is beyond the 9 items"):
        SparseInt8Matrix.from_arrays(arrays, N_ITEMS)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("source.scale", np.ones(3, np.float32), "(3,) scales for a table of (9, 3)"),
        ("source.whole", np.ones((9, 3), np.float32), "source has whole numbers of type float32"),
    ],
)
def test_tables_that_do_not_fit_are_refused(name: str, array: Array, message: str) -> None:
    arrays = LowRankInt8Matrix.of(low_rank()).arrays() | {name: array}
    with pytest.raises(ValueError, match=re.escape(message)):
        LowRankInt8Matrix.from_arrays(arrays, N_ITEMS)
