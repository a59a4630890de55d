"""Vectors of several encoders joined: what each counts, and that validation tells."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.dataset import Array, Dataset, Interactions
from kgrec.data.splits import hold_out
from kgrec.learn.encoders.joined_vectors import choose_weights, equal_weights, joined_vectors
from kgrec.learn.encoders.protocol import unit_rows
from kgrec.learn.fit import fit
from tests.support.datasets import genre_world, quick

WORLD = genre_world(np.random.default_rng(0), texts=False)
GENRES = np.eye(4, dtype=np.float32)[np.arange(48) % 4]


def random_vectors(seed: int, dim: int = 8) -> Array:
    return unit_rows(np.random.default_rng(seed).standard_normal((48, dim)).astype(np.float32))


def weights_of(*parts: Array, world: Dataset = WORLD) -> list[float]:
    train, valid = hold_out(world.interactions, seed=0)
    return choose_weights(parts, train, valid, world)


def test_similarities_are_the_weighted_mean() -> None:
    a, b = random_vectors(0), random_vectors(1, 5)
    joined = joined_vectors([a, b], [0.25, 0.75])
    assert joined is not None
    assert joined.shape == (48, 13)
    assert joined.dtype == np.float32
    np.testing.assert_allclose(joined @ joined.T, 0.25 * a @ a.T + 0.75 * b @ b.T, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(joined, axis=1), 1.0, atol=1e-6)
    only = joined_vectors([a, b], [1.0, 0.0])
    assert only is not None
    np.testing.assert_array_equal(only, a)
    assert joined_vectors([], []) is None


def test_an_encoder_that_brings_nothing_has_no_weight() -> None:
    assert weights_of(GENRES, GENRES) == [1.0, 0.0]
    assert weights_of(np.zeros_like(GENRES), GENRES) == [0.0, 1.0]


def test_an_encoder_of_chance_counts_less() -> None:
    assert weights_of(random_vectors(2), GENRES)[1] >= 0.75


def test_encoders_that_each_know_half_of_the_items_are_joined() -> None:
    first = np.arange(48)[:, None] < 24
    a, b = weights_of(GENRES * first, GENRES * ~first)
    assert min(a, b) > 0
    assert a + b == pytest.approx(1.0)


def test_nothing_is_chosen_where_there_is_no_choice() -> None:
    assert weights_of(GENRES) == [1.0]
    assert weights_of() == []
    empty = Interactions.of_pairs([], [])
    assert choose_weights([GENRES, GENRES], WORLD.interactions, empty, WORLD) == equal_weights(2) == [0.5, 0.5]


def test_a_model_is_learned_from_texts_that_several_encoders_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "kgrec.learn.fit.text_vectors", lambda *_: [np.vstack([GENRES, np.zeros((4, 4), np.float32)])] * 2
    )
    found = fit(genre_world(np.random.default_rng(0)), quick(epochs=1, num_layers=0, text_encoder="hashing,minilm"))
    assert sum(found.chosen.text_weights) == 1.0
    assert found.chosen.as_dict()["text_weights"] == list(found.chosen.text_weights)
    assert found.embeddings.texts is not None
