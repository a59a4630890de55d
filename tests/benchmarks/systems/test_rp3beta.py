"""Random walks by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec_benchmarks.systems.rp3beta import rp3beta


def test_rp3beta_by_hand() -> None:
    # User 0 took items 0 and 1, user 1 items 1 and 2.
    x = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32))
    walk = np.array([[0, 1 / 2, 0], [1 / 4, 0, 1 / 4], [0, 1 / 2, 0]])
    assert rp3beta(x, alpha=1.0, beta=0.0, neighbours=3).toarray() == pytest.approx(walk)
    held_back = walk / np.array([1, 2, 1]) ** 0.5
    assert rp3beta(x, alpha=1.0, beta=0.5, neighbours=3).toarray() == pytest.approx(held_back)
    one = rp3beta(x, alpha=1.0, beta=0.5, neighbours=1).toarray()
    assert (one > 0).sum(axis=0).tolist() == [1, 1, 1]
