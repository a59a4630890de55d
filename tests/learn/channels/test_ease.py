"""EASE against dense solutions made by hand."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError
from kgrec.learn.channels import ease as ease_module
from kgrec.learn.channels import linear_systems as blockwise
from kgrec.learn.channels.ease import ease
from kgrec.learn.limits import LIMITS

Dense = npt.NDArray[np.float64]


@pytest.fixture(name="X", params=[0, 1])
def matrix(request: pytest.FixtureRequest) -> sparse.csr_matrix:
    rng = np.random.default_rng(request.param)
    dense = (rng.random((40, 12)) < 0.3).astype(np.float32)
    dense[:, 11] = 0  # an item nobody took
    dense[0] = 0  # a user who took nothing
    return sparse.csr_matrix(dense)


def without_diagonal(inverse: Dense) -> Dense:
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    return weights


@pytest.fixture(autouse=True)
def several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blockwise, "_COLUMNS", 5)


def test_ease_is_the_closed_form(X: sparse.csr_matrix) -> None:
    x = X.toarray().astype(np.float64)
    expected = without_diagonal(np.linalg.inv(x.T @ x + 7.0 * np.eye(12)))
    found = ease(X, 7.0, relative=False)
    assert found.dtype == np.float32
    assert found.toarray() == pytest.approx(expected, abs=1e-5)
    assert (found.diagonal() == 0).all()


def test_ease_minimises_the_squared_error_of_every_item_on_the_others(X: sparse.csr_matrix) -> None:
    """The definition, not the formula: column i solves the ridge regression of item i on all other items."""
    x = X.toarray().astype(np.float64)
    found = ease(X, 3.0, relative=False).toarray()
    others = np.arange(12) != 4
    expected = np.linalg.solve(x[:, others].T @ x[:, others] + 3.0 * np.eye(11), x[:, others].T @ x[:, 4])
    assert found[others, 4] == pytest.approx(expected, abs=1e-5)


def test_ease_with_degrees(X: sparse.csr_matrix) -> None:
    x = X.toarray().astype(np.float64)
    n_u, d = np.maximum(x.sum(1), 1), np.maximum(x.sum(0), 1)
    behaviour = x.T @ np.diag(n_u**-0.5) @ x
    m = np.diag(behaviour).mean()
    gram = behaviour + 1.5 * m * np.diag(d**0.5 / (d**0.5).mean())
    found = ease(X, 1.5, user_exponent=0.5, item_exponent=0.5)
    assert found.toarray() == pytest.approx(without_diagonal(np.linalg.inv(gram)), abs=1e-5)


def test_ease_keeps_the_largest_in_size_of_every_column(X: sparse.csr_matrix) -> None:
    whole = ease(X, 1.0).toarray()
    kept = ease(X, 1.0, top=4)
    assert np.diff(kept.tocsc().indptr).max() == 4
    for column in range(12):
        largest = np.argsort(-np.abs(whole[:, column]), kind="stable")[:4]
        expected = np.zeros(12)
        expected[largest] = whole[largest, column]
        assert kept.toarray()[:, column] == pytest.approx(expected, abs=1e-6)


def test_a_ridge_of_nothing_is_refused(X: sparse.csr_matrix) -> None:
    with pytest.raises(ConfigError) as error:
        ease(X, 0.0)
    assert str(error.value) == (
        "ConfigError: the item-item system cannot be solved.\n"
        "  where     setting ridge\n"
        "  found     0\n"
        "  expected  a value large enough to make the matrix positive definite in float32\n"
        "  next      raise ridge"
    )


@pytest.mark.parametrize("with_paths", [False, True])
def test_few_users_are_solved_over_users_with_the_same_weights(
    with_paths: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    X = sparse.csr_matrix((rng.random((12, 40)) < 0.2).astype(np.float32))
    paths = without_diagonal_of(rng.random((40, 40)))

    def weights() -> Array:
        instead = (lambda columns: paths[:, columns]) if with_paths else None
        found: Array = ease(X, 0.7, user_exponent=0.5, item_exponent=0.5, instead=instead).toarray()
        return found

    small = weights()
    monkeypatch.setattr(ease_module, "LIMITS", replace(LIMITS, woodbury_share=0.0))
    np.testing.assert_allclose(weights(), small, atol=1e-5)


def test_what_co_taking_knows_of_another_matrix_is_its_regression_on_the_other_items(X: sparse.csr_matrix) -> None:
    """Column by column: what M says of item 4 is regressed on what users took, without item 4."""
    paths = without_diagonal_of(np.random.default_rng(1).random((12, 12)))
    found = ease(X, 3.0, relative=False, instead=lambda columns: paths[:, columns]).toarray()
    x, others = X.toarray().astype(np.float64), np.arange(12) != 4
    system = x[:, others].T @ x[:, others] + 3.0 * np.eye(11)
    expected = np.linalg.solve(system, x[:, others].T @ (x @ paths[:, 4]))
    assert found[others, 4] == pytest.approx(expected, abs=1e-5)
    assert found[4, 4] == 0


def without_diagonal_of(matrix: np.ndarray) -> np.ndarray:
    np.fill_diagonal(matrix, 0.0)
    return matrix
