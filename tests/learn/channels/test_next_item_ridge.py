"""The next-item ridge against its definition, position by position, and on a world where order is everything."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.errors import ConfigError
from kgrec.learn.channels.next_item_ridge import next_item_ridge
from tests.support.paths import random_paths


def by_definition(
    sequences: list[list[int]],
    n: int,
    recencies: tuple[float, ...],
    ridge: float,
    horizon: int,
    fade: float,
    paths: np.ndarray | None = None,
) -> list[np.ndarray]:
    """The weights; with paths, what is known from all histories of what they say of the last one."""
    rows, goals = [], []
    for items in sequences:
        for t in range(1, len(items)):
            x = np.zeros((len(recencies), n))
            for c, recency in enumerate(recencies):
                for k in range(t):
                    x[c, items[t - 1 - k]] += recency**k
            y = np.zeros(n)
            for m in range(min(horizon, len(items) - t)):
                y[items[t + m]] += fade**m
            rows.append(x.ravel())
            goals.append(y)
    X = np.array(rows)
    Y = np.array(goals) if paths is None else X[:, -n:] @ paths
    gram = X.T @ X
    d = gram.diagonal()
    spread = np.maximum(d, 1e-9 * d.mean()) ** 0.5
    B = np.linalg.solve(gram + np.diag(ridge * d.mean() * spread / spread.mean()), X.T @ Y)
    parts = [B[c * n : (c + 1) * n] for c in range(len(recencies))]
    for part in parts:
        part[np.diag_indices(n)] = 0.0
    return parts


def test_the_closed_form_is_the_sum_over_positions() -> None:
    rng = np.random.default_rng(0)
    n = 9
    sequences = [rng.permutation(n)[: rng.integers(2, n)].tolist() for _ in range(12)]
    users = np.repeat(np.arange(12), [len(items) for items in sequences])
    times = np.concatenate([np.arange(len(items)) for items in sequences]).astype(float)
    shuffled = rng.permutation(len(users))
    given = Interactions.of_pairs(users, np.concatenate(sequences), times).select(shuffled)
    found, of_paths = next_item_ridge(given, n, (0.5, 0.9), ridge=0.3, horizon=3, fade=0.8)
    assert of_paths == []
    expected = by_definition(sequences, n, (0.5, 0.9), 0.3, 3, 0.8)
    for part, goal in zip(found, expected, strict=True):
        np.testing.assert_allclose(part.toarray(), goal, atol=2e-4)


def test_what_follows_is_told_from_what_came_before() -> None:
    users = np.repeat(np.arange(20), 3)
    items = np.tile([0, 1, 2], 20)
    (weights,), _ = next_item_ridge(Interactions.of_pairs(users, items, np.tile([1.0, 2.0, 3.0], 20)), 4, (0.5,))
    dense = weights.toarray()
    assert dense[0, 1] > 0.1
    assert dense[1, 2] > 0.1
    assert dense[1, 0] == dense[2, 1] == 0.0
    assert not dense[3].any()


def test_an_item_taken_again_counts_at_its_latest_time() -> None:
    once = Interactions.of_pairs([0, 0, 0], [1, 2, 0], [2.0, 3.0, 4.0])
    twice = Interactions.of_pairs([0, 0, 0, 0], [0, 1, 2, 0], [1.0, 2.0, 3.0, 4.0])
    ((a,), _), ((b,), _) = (next_item_ridge(each, 3, (0.5,)) for each in (once, twice))
    np.testing.assert_allclose(a.toarray(), b.toarray())


def test_only_the_largest_weights_are_kept() -> None:
    rng = np.random.default_rng(1)
    given = Interactions.of_pairs(np.repeat(np.arange(30), 6), rng.integers(0, 12, 180), np.arange(180.0))
    (weights,), _ = next_item_ridge(given, 12, (0.8,), top=3)
    assert np.diff(weights.tocsc().indptr).max() == 3


def test_a_ridge_that_cannot_be_solved_is_said() -> None:
    given = Interactions.of_pairs([0, 0, 1, 1], [0, 1, 0, 1], [1.0, 2.0, 1.0, 2.0])
    with pytest.raises(ConfigError, match="cannot be solved"):
        next_item_ridge(given, 3, (0.5,), ridge=-1.0)


def test_what_is_known_of_paths_is_their_regression_on_all_histories() -> None:
    rng = np.random.default_rng(4)
    n = 7
    sequences = [rng.permutation(n)[: rng.integers(2, n)].tolist() for _ in range(9)]
    users = np.repeat(np.arange(9), [len(items) for items in sequences])
    times = np.concatenate([np.arange(len(items)) for items in sequences]).astype(float)
    paths = random_paths(rng, n)
    given = Interactions.of_pairs(users, np.concatenate(sequences), times)
    _, found = next_item_ridge(given, n, (0.5, 0.9), ridge=0.3, horizon=3, fade=0.8, paths=paths)
    said = paths.block(np.arange(n), np.arange(n))
    expected = by_definition(sequences, n, (0.5, 0.9), 0.3, 3, 0.8, said)
    for part, goal in zip(found, expected, strict=True):
        np.testing.assert_allclose(part.toarray(), goal, atol=2e-4)
