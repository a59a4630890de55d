"""The weights of SLIM meet the conditions of its optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from kgrec_benchmarks.systems.slim import slim


@given(seed=st.integers(0, 1_000), l1=st.floats(0.1, 2.0), l2=st.floats(0.5, 5.0))
@settings(deadline=None, max_examples=20)
def test_slim_solves_its_problem(seed: int, l1: float, l2: float) -> None:
    x = (np.random.default_rng(seed).random((15, 5)) < 0.5).astype(np.float64)
    found = slim(sparse.csr_matrix(x), l1=l1, l2=l2, tolerance=1e-5, iterations=2_000).toarray()
    assert (found >= 0).all()
    assert (found.diagonal() == 0).all()
    for item in range(5):
        others = np.delete(np.arange(5), item)

        def loss(w: Any, others: Any = others, item: int = item) -> float:
            return float(((x[:, item] - x[:, others] @ w) ** 2).sum() / 2 + l2 / 2 * (w**2).sum() + l1 * w.sum())

        best = optimize.minimize(loss, np.full(4, 0.1), bounds=[(0, None)] * 4, method="L-BFGS-B", tol=1e-12)
        assert loss(found[others, item]) == pytest.approx(best.fun, abs=1e-3)
