"""Small path matrices."""

from __future__ import annotations

import numpy as np

from kgrec.data.triples import Facts
from kgrec.learn.channels.path_features import PathFeatures
from kgrec.scoring.path_matrix import PathMatrix


def random_facts(rng: np.random.Generator, n_items: int, n_entities: int = 4, n_facts: int = 30) -> Facts:
    """Facts of items with entities, in both directions, and between items, of two relations."""
    n = n_items + n_entities
    head, tail = rng.integers(0, n, n_facts), rng.integers(0, n, n_facts)
    real = (head != tail) & ((head < n_items) | (tail < n_items))
    return Facts.unique(head[real], rng.integers(0, 2, n_facts)[real], tail[real], ("r", "s"))


def random_paths(rng: np.random.Generator, n_items: int, n_entities: int = 4) -> PathMatrix:
    """Paths of such facts, each feature with a weight of its own."""
    facts = random_facts(rng, n_items, n_entities)
    matrix = PathFeatures.of(facts, n_items, n_items + n_entities).matrix
    return matrix.weighed(rng.random(len(matrix.way)) + 0.1)
