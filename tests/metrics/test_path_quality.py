"""Measures of paths against a moving average written out, and the corners where hopwise has rules of its own."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Array
from kgrec.metrics.path_quality import (
    explanation_type_diversity,
    linking_interaction_recency,
    shared_entity_popularity,
)


def written_out(ascending: Array) -> Array:
    """The definition: weighted means of all values so far, older ones (1 - 2 / (n + 1)) times as much per step."""
    n = len(ascending)
    decay = 1 - 2 / (n + 1)
    average = []
    for i in range(n):
        weights = [decay ** (i - j) for j in range(i + 1)]
        average.append(sum(w * v for w, v in zip(weights, ascending, strict=False)) / sum(weights))
    lowest, highest = min(average), max(average)
    return np.array([(value - lowest) / (highest - lowest) for value in average])


@pytest.mark.parametrize("seed", range(4))
def test_recency_and_popularity_are_the_average_along_sorted_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.sort(rng.integers(0, 10**9, int(rng.integers(2, 30))).astype(np.float64))
    mixed = rng.permutation(len(values))
    for measure in (linking_interaction_recency, shared_entity_popularity):
        np.testing.assert_allclose(measure(values[mixed]), written_out(values)[mixed], atol=1e-9)


def test_two_interactions_are_the_first_and_the_last() -> None:
    assert linking_interaction_recency([7, 3]).tolist() == [1.0, 0.0]


def test_equal_times_count_by_their_places() -> None:
    np.testing.assert_allclose(linking_interaction_recency([5, 5, 5]), written_out(np.arange(3.0)))


def test_a_single_interaction_has_no_recency() -> None:
    assert linking_interaction_recency([5]).tolist() == [0.0]
    assert linking_interaction_recency([]).tolist() == []


@pytest.mark.parametrize(
    ("relations", "n_relations", "expected"),
    [(["a", "b", "a"], 20, 0.2), (["a", "b", "a"], 4, 0.5), (["a", "b"], 2, 1.0), ([], 3, 0.0)],
)
def test_diversity_is_a_share_of_what_a_list_could_show(
    relations: list[str], n_relations: int, expected: float
) -> None:
    assert explanation_type_diversity(relations, n_relations) == pytest.approx(expected)
