"""Bounds of a low-rank matrix hold, and its mean and spread are those of the scores."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.scoring.low_rank_bounds import LowRankBounds
from kgrec.scoring.matrices import LowRankMatrix

N = 40


def matrix(seed: int) -> LowRankMatrix:
    rng = np.random.default_rng(seed)
    source, target = (rng.normal(size=(N, 5)).astype(np.float32) for _ in range(2))
    return LowRankMatrix(source, target + np.float32(0.5))


@pytest.mark.parametrize("items", [np.arange(10, N), np.array([3, 9, 1, 30, 31, 7])])
@pytest.mark.parametrize("past", [[0, 2], [9, 12, 30], []])
def test_they_hold(items: np.ndarray, past: list[int]) -> None:
    low_rank = matrix(0)
    history = sparse.csr_matrix((np.linspace(1.0, 2.0, len(past)), ([0] * len(past), past)), shape=(1, N))
    scores = low_rank.scores(history)[0, items]
    said = LowRankBounds.of(low_rank, items).said(history)
    assert said is not None
    np.testing.assert_allclose([said.mean, said.spread], [scores.mean(), scores.std()], atol=1e-9)
    products = said.products(np.arange(len(items)))
    np.testing.assert_allclose(said.products(), products, atol=1e-5)
    assert (np.abs(products - said.middle) <= said.within + 1e-6).all()
    assert (said.within <= 3 * np.abs(products - said.middle).max()).all(), "bounds that say nothing test nothing"
    products[said.changed] += said.change
    np.testing.assert_allclose(products, scores, atol=1e-6)


def test_where_own_terms_are_all_there_is_only_the_scores_tell() -> None:
    source, target = np.zeros((N, 2), np.float32), np.zeros((N, 2), np.float32)
    source[3], target[3] = 0.1, 0.7
    history = sparse.csr_matrix(([1.0], ([0], [3])), shape=(1, N))
    assert LowRankBounds.of(LowRankMatrix(source, target), np.arange(N)).said(history) is None
