"""Weights by content against dense solutions made by hand."""

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.triples import Facts
from kgrec.errors import ConfigError
from kgrec.learn.channels import linear_systems as blockwise
from kgrec.learn.channels.content_kernel import ContentKernel, content_map, fact_matrix


@pytest.fixture(name="X", params=[0, 1])
def matrix(request: pytest.FixtureRequest) -> sparse.csr_matrix:
    rng = np.random.default_rng(request.param)
    dense = (rng.random((40, 12)) < 0.3).astype(np.float32)
    dense[:, 11] = 0  # an item nobody took
    return sparse.csr_matrix(dense)


@pytest.fixture(autouse=True)
def several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blockwise, "_COLUMNS", 5)


def test_fact_matrix_by_hand() -> None:
    # Items 0..3; node 4 directs 0 and 1, node 5 plays in 0, 1, 2; node 6 is met by item 3 only;
    # item 2 and item 3 both follow item 0; node 4 likes items 0 and 3 (the edge comes in).
    head = np.array([0, 1, 0, 1, 2, 3, 2, 3, 4, 4])
    relation = np.array([0, 0, 1, 1, 1, 0, 2, 2, 0, 0])
    tail = np.array([4, 4, 5, 5, 5, 6, 0, 0, 0, 3])
    found = fact_matrix(Facts(head, relation, tail, ("a", "b", "c")), 4, 7).toarray()
    # Columns: (a, 4, out) {0, 1}; (a, 4, in) {0, 3}; (b, 5, out) {0, 1, 2}; (c, 0, out) {2, 3}.
    # "item 0 is followed by 2" and "by 3" have one item each and go.
    two, three = np.log(4 / 2), np.log(4 / 3)
    raw = np.array([[two, two, three, 0], [two, 0, three, 0], [0, 0, three, two], [0, two, 0, two]])
    expected = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    assert found == pytest.approx(expected, abs=1e-6)


def test_fact_matrix_of_no_facts_has_no_columns() -> None:
    assert fact_matrix(Facts.none(), 3, 5).shape == (3, 0)


@pytest.mark.parametrize("with_texts", [True, False])
def test_content_map_is_the_dense_solution(X: sparse.csr_matrix, with_texts: bool) -> None:
    rng = np.random.default_rng(5)
    F = sparse.random(12, 6, 0.5, format="csr", dtype=np.float32, random_state=rng)
    T = rng.normal(size=(12, 4)).astype(np.float32)
    T /= np.linalg.norm(T, axis=1, keepdims=True)
    cold = np.zeros(12, bool)
    cold[[1, 4, 5, 8, 9, 10, 11]] = True
    known = ~cold
    K = (F @ F.T).toarray() + (0.3 * T @ T.T if with_texts else 0.0)
    L = (X.T @ X).toarray()
    expected = np.zeros((12, 12))
    solved = np.linalg.solve(K[np.ix_(known, known)] + 2.0 * np.eye(5), K[np.ix_(known, cold)])
    expected[:, cold] = L[:, known] @ solved
    base = sparse.csr_matrix(L)
    kernel = ContentKernel(F, T if with_texts else None, 0.3)
    found = content_map(base, kernel, cold, known, l2=2.0)
    assert found.dtype == np.float32
    assert found.toarray() == pytest.approx(expected, abs=1e-4)
    top = content_map(base, kernel, cold, known, l2=2.0, top=2)
    assert np.diff(top.tocsc().indptr).max() <= 2
    assert np.abs(top.toarray()).max(axis=0) == pytest.approx(np.abs(expected).max(axis=0), abs=1e-4)


def test_content_map_predicts_a_value_of_cold_items() -> None:
    """Item 2 has the facts of item 0, item 3 has none: the value of 0, shrunk, and nothing."""
    F = sparse.csr_matrix(np.array([[1, 0], [0, 1], [1, 0], [0, 0]], np.float32))
    known = np.array([True, True, False, False])
    popularity = sparse.csr_matrix(np.array([[4.0, -2.0, 0, 0]]))
    found = content_map(popularity, ContentKernel(F), ~known, known, l2=1.0)
    assert found.toarray() == pytest.approx(np.array([[0, 0, 2.0, 0]]))


def test_content_map_without_cold_items_is_empty(X: sparse.csr_matrix) -> None:
    F = sparse.csr_matrix((12, 0), dtype=np.float32)
    assert content_map(X, ContentKernel(F), np.zeros(12, bool), np.ones(12, bool), l2=1.0).nnz == 0
    assert content_map(X, ContentKernel(F), np.ones(12, bool), np.zeros(12, bool), l2=1.0).nnz == 0


def test_a_kernel_that_cannot_be_solved_is_refused() -> None:
    F, known = sparse.csr_matrix(np.ones((3, 1), np.float32)), np.array([True, True, False])
    with pytest.raises(ConfigError, match="setting l2"):
        content_map(sparse.identity(3, format="csr"), ContentKernel(F), ~known, known, l2=0.0)


def test_content_map_of_some_cold_items_is_a_part_of_that_of_all(X: sparse.csr_matrix) -> None:
    F = sparse.random(12, 6, 0.5, format="csr", dtype=np.float32, random_state=np.random.default_rng(5))
    cold = np.arange(12) >= 7
    some = np.arange(12) >= 10
    base = sparse.csr_matrix(X.T @ X)
    whole = content_map(base, ContentKernel(F), cold, ~cold, l2=2.0).toarray()
    found = content_map(base, ContentKernel(F), some, ~cold, l2=2.0).toarray()
    np.testing.assert_allclose(found, np.where(some[None, :], whole, 0.0), atol=1e-5)


def test_a_known_item_is_mapped_as_if_it_were_not_there(X: sparse.csr_matrix) -> None:
    F = sparse.random(12, 6, 0.6, format="csr", dtype=np.float32, random_state=np.random.default_rng(5))
    new = np.arange(12) >= 10
    base = sparse.csr_matrix(X.T @ X)
    found = content_map(base, ContentKernel(F), np.ones(12, bool), ~new, l2=2.0).toarray()
    for item in range(12):
        one = np.arange(12) == item
        alone = content_map(base, ContentKernel(F), one, ~new & ~one, l2=2.0).toarray()
        np.testing.assert_allclose(found[:, item], alone[:, item], atol=1e-4)
