"""Sums of rows are products of matrices, whatever the shortest way to them is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.scoring.row_sums import entries_at, in_order, product_with_vector, sums_of_rows, sums_of_table_rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("density", [0.1, 0.6])
def test_sums_of_rows_are_products(dtype: type[np.floating], density: float) -> None:
    rng = np.random.default_rng(3)
    matrix = sparse.random(20, 600, density, "csr", np.float32, rng)
    matrix.data.flags.writeable = False  # as a bundle is mapped into memory
    for rows in (np.array([4]), np.array([0, 7, 19]), np.zeros(0, np.int64)):
        for n in (1, 3):
            weights = rng.random((n, len(rows))).astype(dtype)
            sums = sums_of_rows(matrix, rows, weights)
            assert sums.dtype == dtype
            np.testing.assert_allclose(sums, weights @ matrix.toarray()[rows], rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_of_rows_of_a_table_are_products(dtype: type[np.floating]) -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(80, 7)).astype(np.float32)
    table.flags.writeable = False
    for rows in (np.array([4]), rng.permutation(80)[:70], np.zeros(0, np.int64)):
        for n in (1, 3):
            weights = rng.random((n, len(rows))).astype(dtype)
            sums = sums_of_table_rows(table, rows, weights)
            assert sums.dtype == dtype
            np.testing.assert_allclose(sums, weights @ table[rows], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_with_a_vector_is_in_its_type(dtype: type[np.floating]) -> None:
    matrix = sparse.random(20, 30, 0.3, "csr", np.float32, np.random.default_rng(3))
    vector = np.arange(30.0).astype(dtype)
    product = product_with_vector(matrix, vector)
    assert product.dtype == dtype
    np.testing.assert_allclose(product, matrix.toarray() @ vector, rtol=1e-5)


def test_entries_are_those_of_the_matrix() -> None:
    rng = np.random.default_rng(4)
    matrix = in_order(sparse.random(20, 30, 0.3, "csr", np.float32, rng)[:, ::-1].tocsr())
    for n_rows, n_columns in ((20, 30), (3, 1), (0, 4), (5, 0)):
        rows, columns = rng.permutation(20)[:n_rows], rng.permutation(30)[:n_columns]
        entries = entries_at(matrix, rows, columns)
        assert entries.dtype == np.float64
        np.testing.assert_array_equal(entries, matrix.toarray()[np.ix_(rows, columns)])
    assert not entries_at(sparse.csr_matrix((4, 4)), np.arange(4), np.arange(4)).any()
