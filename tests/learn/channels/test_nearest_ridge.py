"""The ridge over nearest items, and finding those, against systems solved one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from kgrec.learn.channels import linear_systems as blockwise
from kgrec.learn.channels import nearest_ridge as nearest_module
from kgrec.learn.channels.ease import ease
from kgrec.learn.channels.linear_systems import nearest_products
from kgrec.learn.channels.nearest_ridge import nearest_ridge
from kgrec.learn.limits import LIMITS


def random_rows(seed: int, n: int = 12) -> sparse.csc_matrix:
    rng = np.random.default_rng(seed)
    dense = rng.random((40, n)) * (rng.random((40, n)) < 0.3)
    dense[:, n - 1] = 0  # an item of nobody
    return sparse.csc_matrix(dense.astype(np.float32))


@given(st.integers(0, 50))
def test_with_all_others_near_it_is_the_whole_ridge(seed: int) -> None:
    dense = np.random.default_rng(seed).random((40, 12)).astype(np.float32)  # every two items have something in common
    rows = sparse.csc_matrix(dense)
    penalty = np.linspace(0.5, 2.0, 12)
    gram = rows.toarray().astype(np.float64).T @ rows.toarray() + np.diag(penalty)
    inverse = np.linalg.inv(gram)
    expected = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(expected, 0.0)
    found = nearest_ridge(rows, penalty, 11)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), expected, atol=1e-4)


@pytest.mark.parametrize("systems", [1, 5, 256])
def test_each_item_is_regressed_on_its_nearest(systems: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_module, "_SYSTEMS", systems)
    rows = random_rows(1)
    penalty = np.full(12, 0.7)
    dense = rows.toarray().astype(np.float64)
    gram = dense.T @ dense
    norms = np.where(np.diag(gram) > 0, np.sqrt(np.diag(gram)), np.inf)
    cosine = gram / norms[:, None] / norms[None, :]
    np.fill_diagonal(cosine, 0.0)
    near = [np.argsort(-cosine[:, item])[:3] for item in range(12)]
    near = [places[cosine[places, item] > 0] for item, places in enumerate(near)]
    expected = np.zeros((12, 12))
    for item, places in enumerate(near):
        system = gram[np.ix_(places, places)] + np.diag(penalty[places])
        expected[places, item] = np.linalg.solve(system, gram[places, item])
    np.testing.assert_allclose(nearest_ridge(rows, penalty, 3).toarray(), expected, atol=1e-4)


@pytest.mark.parametrize("products", [1, 100, 10_000])
def test_nearest_products_do_not_depend_on_the_blocks(products: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_rows(2).tocsr()
    whole = nearest_products(rows, 11).toarray()
    expected = rows.toarray().T @ rows.toarray()
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(whole, expected, atol=1e-5)
    monkeypatch.setattr(blockwise, "_PRODUCTS", products)
    np.testing.assert_allclose(nearest_products(rows, 4).toarray(), _reference(expected, rows, 4), atol=1e-5)


def _reference(products: np.ndarray, rows: sparse.csr_matrix, top: int) -> np.ndarray:
    norms = np.sqrt(rows.power(2).sum(axis=0)).A1
    cosine = products / np.where(norms > 0, norms, np.inf)[None, :]
    kept = np.zeros_like(products)
    for item in range(len(products)):
        best = np.argsort(-cosine[item])[:top]
        kept[item, best] = products[item, best]
    return kept


def test_a_row_that_nearly_everything_is_in_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_rows(3)
    broad = sparse.vstack([rows, sparse.csr_matrix(np.ones((1, 12), np.float32))]).tocsc()
    monkeypatch.setattr(nearest_module, "LIMITS", replace(LIMITS, broad_row_items=11))
    without = nearest_ridge(rows, np.ones(12), 11).toarray()
    np.testing.assert_allclose(nearest_ridge(broad, np.ones(12), 11).toarray(), without, atol=1e-6)


def test_nobody_took_anything() -> None:
    assert nearest_ridge(sparse.csc_matrix((2, 3), dtype=np.float32), np.ones(3), 2).nnz == 0
    assert ease(sparse.csr_matrix((2, 3), dtype=np.float32), 1.0).nnz == 0


def test_products_made_at_once_or_item_by_item_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, penalty = random_rows(3), np.full(12, 0.7, np.float32)
    at_once = nearest_ridge(rows, penalty, 3)
    monkeypatch.setattr(nearest_module, "LIMITS", replace(LIMITS, whole_matrix_items=5))
    np.testing.assert_array_equal(nearest_ridge(rows, penalty, 3).toarray(), at_once.toarray())


def test_what_co_taking_knows_of_another_matrix_is_its_regression_on_the_nearest() -> None:
    rows, rng = random_rows(2), np.random.default_rng(0)
    paths = rng.random((12, 12))
    np.fill_diagonal(paths, 0.0)
    penalty = np.full(12, 0.7)
    near = nearest_ridge(rows, penalty, 3)
    found = nearest_ridge(rows, penalty, 3, lambda columns: paths[:, columns])
    dense = rows.toarray().astype(np.float64)
    gram = dense.T @ dense
    for item in range(12):
        places = near.tocsc()[:, item].indices
        expected = np.linalg.solve(
            gram[np.ix_(places, places)] + 0.7 * np.eye(len(places)), (gram @ paths)[places, item]
        )
        np.testing.assert_allclose(found.toarray()[places, item], expected, atol=1e-4)
