"""Neighbourhoods against cosines counted by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from kgrec.learn.channels import linear_systems as blockwise
from kgrec.learn.channels import neighbours as neighbours_module
from kgrec.learn.channels.neighbours import item_knn
from kgrec.learn.limits import LIMITS


@pytest.fixture(name="X", params=[0, 1])
def matrix(request: pytest.FixtureRequest) -> sparse.csr_matrix:
    rng = np.random.default_rng(request.param)
    dense = (rng.random((40, 12)) < 0.3).astype(np.float32)
    dense[:, 11] = 0  # an item nobody took
    dense[0] = 0  # a user who took nothing
    return sparse.csr_matrix(dense)


@pytest.fixture(autouse=True)
def several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blockwise, "_COLUMNS", 5)


def test_item_knn_by_hand() -> None:
    X = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 0]], np.float32))
    found = item_knn(X, neighbours=2).toarray()
    assert found == pytest.approx(np.array([[0, 2 / np.sqrt(8), 0.5], [2 / np.sqrt(8), 0, 0], [0.5, 0, 0]]), abs=1e-6)
    one = item_knn(X, neighbours=1, shrink=1.0).toarray()
    # Only the nearest of each column stays; co-occurrence 2 over sqrt(4 * 2) + 1, and 1 over sqrt(4 * 1) + 1.
    a = 2 / (np.sqrt(8) + 1)
    assert one == pytest.approx(np.array([[0, a, 1 / 3], [a, 0, 0], [0, 0, 0]]), abs=1e-6)
    lenient = item_knn(X, neighbours=2, output_exponent=0.0).toarray()
    assert lenient[:, 0] == pytest.approx([0, 1.0, 1.0], abs=1e-6)  # all who took item 1 or 2 took item 0
    jaccard = item_knn(X, neighbours=2, similarity="jaccard").toarray()
    assert jaccard == pytest.approx(np.array([[0, 0.5, 0.25], [0.5, 0, 0], [0.25, 0, 0]]), abs=1e-6)


def test_item_knn_weighs_users_by_their_length(X: sparse.csr_matrix) -> None:
    x = X.toarray().astype(np.float64)
    c = x.T @ np.diag(np.maximum(x.sum(1), 1) ** -0.5) @ x
    own = np.diag(c)
    scale = own[:, None] ** 0.7 * own[None, :] ** 0.3
    expected = np.divide(c, scale, out=np.zeros_like(c), where=scale > 0)
    np.fill_diagonal(expected, 0)
    found = item_knn(X, neighbours=12, user_exponent=0.5, output_exponent=0.3)
    assert found.toarray() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("neighbours", "exponent"), [(3, 0.5), (12, 0.2)])
def test_neighbours_of_a_large_catalogue_are_the_same(
    X: sparse.csr_matrix, neighbours: int, exponent: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"neighbours": neighbours, "user_exponent": 0.5, "output_exponent": exponent}
    dense = item_knn(X, **settings).toarray()
    monkeypatch.setattr(neighbours_module, "LIMITS", replace(LIMITS, dense_cosine_items=0))
    np.testing.assert_allclose(item_knn(X, **settings).toarray(), dense, atol=1e-6)
