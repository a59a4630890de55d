"""Weights of kinds of paths: the kind that users follow gets the weight, noise gets none."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
from scipy import sparse
from scipy.optimize import OptimizeResult, approx_fprime

from kgrec.learn.channels import relation_weights as module
from kgrec.learn.channels.relation_weights import relation_weights

N_ITEMS = 40


def one_hot(of: np.ndarray) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.eye(int(of.max()) + 1, dtype=np.float32)[of])


def world(rng: np.random.Generator) -> tuple[sparse.csr_matrix, list[tuple[sparse.csr_matrix, sparse.csr_matrix]]]:
    """Users keep to one of four genres; the producer of an item says nothing."""
    genre, producer = np.arange(N_ITEMS) % 4, rng.integers(0, 4, N_ITEMS)
    history = np.zeros((120, N_ITEMS), np.float32)
    for user in range(120):
        history[user, rng.choice(np.flatnonzero(genre == user % 4), 5, replace=False)] = 1
    return sparse.csr_matrix(history), [(one_hot(part), one_hot(part)) for part in (genre, producer)]


def test_the_kind_that_users_follow_gets_the_weight() -> None:
    history, parts = world(np.random.default_rng(0))
    genre, producer = relation_weights(parts, history, seed=0)
    assert genre > 1.0
    assert producer < 0.05 * genre


def test_nothing_to_learn_from() -> None:
    history, parts = world(np.random.default_rng(0))
    assert relation_weights(parts, history[:0], seed=0).tolist() == [0.0, 0.0]
    assert relation_weights([], history, seed=0).tolist() == []
    one_each = sparse.identity(N_ITEMS, np.float32, format="csr")
    assert relation_weights(parts, one_each, seed=0).tolist() == [0.0, 0.0]


def test_fewer_users_and_items_give_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    history, parts = world(np.random.default_rng(0))
    whole = relation_weights(parts, history, seed=0)[0]
    monkeypatch.setattr(module, "_USERS", 60)
    monkeypatch.setattr(module, "_OTHERS", 25)
    assert relation_weights(parts, history, seed=0)[0] == pytest.approx(whole, rel=0.5)


def test_the_gradient_is_the_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def minimise(loss, start, **_):  # type: ignore[no-untyped-def]
        at = start + 0.3
        seen.append((loss(at)[1], approx_fprime(at, lambda weights: loss(weights)[0], 1e-3)))
        return OptimizeResult(x=at)

    monkeypatch.setattr(scipy.optimize, "minimize", minimise)
    history, parts = world(np.random.default_rng(1))
    relation_weights(parts, history, seed=0)
    found, expected = seen[0]
    np.testing.assert_allclose(found, expected, atol=2e-3)
