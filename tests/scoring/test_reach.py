"""What matrices say term by term adds up to their scores, and mean and spread follow from what is reached."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.scoring import path_matrix
from kgrec.scoring.block_matrix import BlockMatrix
from kgrec.scoring.int8_matrices import SparseInt8Matrix
from kgrec.scoring.matrices import ItemMatrix, SparseMatrix, without_own
from kgrec.scoring.reach import ReachedScores, ReachingMatrix
from kgrec.scoring.refind_matrix import RefindMatrix
from tests.support.paths import random_paths

N = 12


def matrices(rng: np.random.Generator) -> dict[str, ItemMatrix]:
    weights = sparse.csr_matrix((rng.normal(size=(N, N)) * (rng.random((N, N)) < 0.4)).astype(np.float32))
    few = sparse.csr_matrix(([0.5, -2.0, 1.0], ([1, 1, 7], [4, 9, 2])), shape=(N, N), dtype=np.float32)
    dense = rng.normal(size=(N, N)).astype(np.float32)
    dense[5:] = 0.0
    block = BlockMatrix.of(sparse.csr_matrix(dense))
    assert block is not None
    return {
        "sparse": SparseMatrix(weights),
        "block": block,
        "few whole numbers": SparseInt8Matrix.of(few),
        "whole numbers": SparseInt8Matrix.of(weights),
        "refind": RefindMatrix(rng.random(N).astype(np.float32), 0.5),
        "paths": random_paths(rng, N),
    }


@pytest.mark.parametrize("kind", ["sparse", "block", "few whole numbers", "whole numbers", "refind", "paths"])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("reached", [0, 3, 1_000])
def test_terms_add_up_to_the_scores(kind: str, seed: int, reached: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_matrix, "_REACHED", reached)
    rng = np.random.default_rng(seed)
    matrix = matrices(rng)[kind]
    assert isinstance(matrix, ReachingMatrix)
    past = np.sort(rng.choice(N, seed, replace=False))
    history = sparse.csr_matrix((rng.random(seed) + 0.5, past, [0, seed]), shape=(1, N))
    reach = matrix.reach(history)
    scores, later = np.zeros(N), np.zeros(N)
    np.add.at(scores, reach.items, reach.values)
    if reach.remainder is not None:
        assert kind == "paths"
        assert reached < 1_000
        later = reach.remainder.products(np.arange(N))
        assert np.abs(later).max() <= reach.remainder.most + 1e-9
        assert 0 < reach.remainder.most <= 5 * np.abs(later).max(), "bounds that say nothing test nothing"
    scores += later
    if reach.own is not None:
        scores[past] = without_own(scores[past], reach.own)
    np.testing.assert_allclose(scores, matrix.scores(history)[0], atol=1e-9)


def test_mean_and_spread_are_those_of_the_group() -> None:
    said = ReachedScores(np.array([2.0, -1.0, 4.0]), 7)
    everything = np.array([2.0, -1.0, 4.0, 0, 0, 0, 0])
    assert said.mean == pytest.approx(everything.mean())
    assert said.spread == pytest.approx(everything.std())
    assert (ReachedScores(np.zeros(0), 7).mean, ReachedScores(np.zeros(0), 7).spread) == (0.0, 0.0)
