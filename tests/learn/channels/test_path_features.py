"""Paths as a channel: what items share, and the identity by which facts come first."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.triples import Facts
from kgrec.learn.channels.ease import ease
from kgrec.learn.channels.path_features import PathFeatures, path_channels
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, EDGE_TO_PAST, SHARED_HEAD, SHARED_TAIL
from tests.support.paths import random_paths

FACTS = Facts.unique(
    np.array([0, 1, 2, 3, 5, 5, 0, 4]),
    np.array([0, 0, 0, 0, 1, 1, 2, 0]),
    np.array([4, 4, 4, 5, 0, 1, 1, 5]),
    ("by", "shows", "sequel_of"),
)
"""Items 0 to 3, entities 4 and 5. Items 0, 1, 2 are by 4; only 3 is by 5; 5 shows 0 and 1; 0 is a sequel of 1."""


def test_items_meet_in_what_two_of_them_share_and_in_each_other() -> None:
    features = PathFeatures.of(FACTS, 4, 6)
    matrix = features.matrix
    found = {
        (int(w), FACTS.relations[r], int(e)) for w, r, e in zip(matrix.way, matrix.relation, matrix.entity, strict=True)
    }
    assert found == {
        (SHARED_TAIL, "by", 4),
        (SHARED_HEAD, "shows", 5),
        (EDGE_TO_PAST, "sequel_of", 1),
        (EDGE_FROM_PAST, "sequel_of", 0),
    }
    by, shows, edge = np.log(4 / 3), np.log(4 / 2), np.log(4)
    length = {0: np.hypot(by, shows), 1: np.hypot(by, shows), 2: by}
    items = np.arange(4)
    expected = np.zeros((4, 4))
    for j in range(3):
        for i in range(3):
            expected[j, i] = by**2 / length[j] / length[i] if i != j else 0.0
    expected[0, 1] += shows**2 / length[0] / length[1]
    expected[1, 0] += shows**2 / length[0] / length[1]
    expected[1, 0] += edge**2 / length[0]  # the past item 1 is what 0 is a sequel of
    expected[0, 1] += edge**2 / length[1]
    np.testing.assert_allclose(matrix.block(items, items), expected, rtol=1e-5)


def test_no_facts() -> None:
    matrix = PathFeatures.of(Facts.none(), 3, 3).matrix
    assert matrix.source.shape == (3, 0)
    assert not matrix.scores(sparse.csr_matrix(np.ones((2, 3)))).any()


def test_only_kinds_that_users_follow_are_left() -> None:
    rng = np.random.default_rng(0)
    group, noise = np.arange(40) % 4, rng.integers(0, 4, 40)
    facts = Facts.unique(
        np.tile(np.arange(40), 2), np.repeat([0, 1], 40), np.r_[40 + group, 44 + noise], ("genre", "studio")
    )
    history = np.zeros((80, 40), np.float32)
    for user in range(80):
        history[user, rng.choice(np.flatnonzero(group == user % 4), 5, replace=False)] = 1
    matrix = PathFeatures.of(facts, 40, 48).weighed(sparse.csr_matrix(history), np.arange(40), seed=0)
    by_relation = np.bincount(matrix.relation, np.asarray(matrix.target.sum(axis=0)).ravel(), minlength=2)
    assert by_relation[0] > 20 * by_relation[1]


def test_the_ridge_shrunk_towards_paths_is_the_ridge_plus_paths_less_what_is_known_of_them() -> None:
    """B = argmin |X - X(tP + B)|^2 + |B|_D^2 with diag B = 0, column by column, against B(0) - t Q."""
    rng = np.random.default_rng(2)
    X = sparse.csr_matrix((rng.random((30, 8)) < 0.4).astype(np.float32))
    items, t, penalty = np.arange(8), 0.7, 2.0
    paths = random_paths(rng, 8).block(np.arange(8), np.arange(8))
    x, first = X.toarray().astype(np.float64), np.zeros((8, 8))
    for i in range(8):
        others = items != i
        residual = x[:, i] - t * x @ paths[:, i]
        system = x[:, others].T @ x[:, others] + penalty * np.eye(7)
        first[others, i] = np.linalg.solve(system, x[:, others].T @ residual)
    plain = ease(X, penalty, relative=False).toarray()
    known = ease(X, penalty, relative=False, instead=lambda columns: paths[:, columns]).toarray()
    np.testing.assert_allclose(plain - t * known, first, atol=1e-5)


def test_paths_and_their_correction_share_a_unit_in_which_they_spread_by_one() -> None:
    rng = np.random.default_rng(5)
    matrix, weights = random_paths(rng, 9), HistoryWeights()
    correction = sparse.csr_matrix(rng.normal(size=(9, 9)).astype(np.float32))
    correction.setdiag(0)
    sample = sparse.csr_matrix((rng.random((6, 9)) < 0.5).astype(np.float32))
    paths, taken_back = path_channels("paths", matrix, [correction], [(weights, sample)], np.arange(9))
    assert (paths.name, taken_back.name, taken_back.beside) == ("paths", "paths_correction", "paths")
    assert paths.unit == taken_back.unit
    scores = matrix.scores(sample) + taken_back.matrix.scores(sample)
    roots = np.sqrt(np.asarray(sample.sum(axis=1))).ravel()
    spreads = [scores[user].std() / roots[user] for user in range(6) if roots[user] > 0]
    assert paths.unit == pytest.approx(np.mean(spreads), rel=1e-5)
