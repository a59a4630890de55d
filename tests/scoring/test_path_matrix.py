"""Explicit paths: known answers, and a fact that goes takes exactly its terms with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from kgrec.data.triples import Facts
from kgrec.learn.channels.path_features import PathFeatures
from kgrec.scoring.matrices import ItemMatrix
from kgrec.scoring.path_matrix import EDGE_TO_PAST, SHARED_TAIL, PathMatrix
from kgrec.testing.item_matrix import N_ITEMS, ItemMatrixContract
from tests.support.paths import random_facts, random_paths

SEEDS = st.integers(0, 1_000)


class TestPathMatrix(ItemMatrixContract):
    @pytest.fixture
    def matrix(self) -> ItemMatrix:
        return random_paths(np.random.default_rng(0), N_ITEMS)


def films() -> PathMatrix:
    """The example of the module: films 0 and 1 by Ang Lee (node 3) and American (node 4), 2 a sequel of 0."""
    source = sparse.csr_matrix(np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0]], np.float32))
    target = sparse.csr_matrix(np.array([[2, 0.1, 0], [2, 0.1, 0], [0, 0, 5]], np.float32))
    way = np.array([SHARED_TAIL, SHARED_TAIL, EDGE_TO_PAST], np.int8)
    return PathMatrix(source, target, way, np.array([0, 1, 2], np.int32), np.array([3, 4, 0]))


def test_films_speak_for_films_through_what_they_share() -> None:
    everything = np.arange(3)
    np.testing.assert_allclose(
        films().block(everything, everything), [[0.0, 2.1, 5.0], [2.1, 0.0, 0.0], [0.0, 0.0, 0.0]], rtol=1e-6
    )
    (own, of_own), (features, terms) = films().terms(np.array([0, 1]), np.array([0, 1]))
    assert own.tolist() == [0, 1]
    np.testing.assert_allclose(of_own, [[0.0, 0.0], [2.0, 0.1]], rtol=1e-6)
    assert features.tolist() == [0, 1]
    np.testing.assert_allclose(terms, [[2.0, 0.1], [0.0, 0.0]], rtol=1e-6)


def test_one_entity_and_no_entity() -> None:
    history = np.array([1.0, 0.5, 0.0])
    for entity, expected in ((3, [0.5 * 2, 1 * 2, 0]), (0, [0, 0, 5]), (2, [0, 0, 0])):
        total = np.zeros(3)
        for candidates, said in films().through(entity, history):
            total[candidates] += said
        np.testing.assert_allclose(total, expected, rtol=1e-6)


def test_a_fact_that_goes_takes_its_terms() -> None:
    everything = np.arange(3)
    gone = Facts(np.array([1]), np.array([0]), np.array([3]), ("director", "country", "sequel_of"))
    np.testing.assert_allclose(
        films().without_facts(gone).block(everything, everything),
        [[0.0, 0.1, 5.0], [0.1, 0.0, 0.0], [0.0, 0.0, 0.0]],
        rtol=1e-6,
    )
    edge = Facts(np.array([2]), np.array([2]), np.array([0]), gone.relations)
    assert films().without_facts(edge).block(everything, everything)[0, 2] == 0


@given(SEEDS)
def test_without_a_fact_is_the_matrix_of_the_other_facts_but_for_lengths_and_rarities(seed: int) -> None:
    """What is left are entries of the same values, and those of the features that the fact is none of."""
    rng = np.random.default_rng(seed)
    facts = random_facts(rng, 6)
    gone = int(rng.integers(0, len(facts)))
    features = PathFeatures.of(facts, 6, 10)
    one = facts.select(np.array([gone]))
    left = features.matrix.without_facts(one)
    other = PathFeatures.of(facts.select(np.arange(len(facts)) != gone), 6, 10).matrix
    has = {(i, *key) for i, key in entries(features.matrix)}
    assert {(i, *key) for i, key in entries(left)} >= {(i, *key) for i, key in entries(other)} & has
    lost = has - {(i, *key) for i, key in entries(left)}
    head, relation, tail = int(one.head[0]), int(one.relation[0]), int(one.tail[0])
    assert all(key[2] == relation and {key[0], key[3]} == {head, tail} for key in lost)
    for part, before in ((left.source, features.matrix.source), (left.target, features.matrix.target)):
        assert not (part - part.multiply(before > 0)).nnz
        assert abs(part - before.multiply(part > 0)).max() == 0


def entries(matrix: PathMatrix) -> list[tuple[int, tuple[int, int, int]]]:
    """Items and what they are candidates by."""
    found = matrix.target.tocoo()
    return [
        (int(i), (int(matrix.way[f]), int(matrix.relation[f]), int(matrix.entity[f])))
        for i, f in zip(found.row, found.col, strict=True)
    ]


def test_parts_of_other_sizes_are_refused() -> None:
    matrix = films()
    with pytest.raises(ValueError, match="for 2 features"):
        PathMatrix(matrix.source, matrix.target, matrix.way[:2], matrix.relation, matrix.entity)
    with pytest.raises(ValueError, match="2 relations and 3 entities for 3 features"):
        PathMatrix(matrix.source, matrix.target, matrix.way, matrix.relation[:2], matrix.entity)


def test_matrices_with_the_same_entries_say_the_same() -> None:
    side = sparse.csr_matrix(np.array([[1.0, 0.5], [0.0, 2.0]], np.float32))
    way, relation, entity = np.zeros(2, np.int8), np.zeros(2, np.int32), np.arange(2)
    matrix, copy = (PathMatrix(side.copy(), side.copy(), way, relation, entity) for _ in range(2))
    assert matrix.says_the_same(copy)
    for other in (PathMatrix(side, side * 2, way, relation, entity), PathMatrix(side, side, way, relation, entity + 1)):
        assert not matrix.says_the_same(other)


@given(st.integers(0, 2**32 - 1))
def test_holders_of_a_node_are_the_items_that_have_a_fact_with_it(seed: int) -> None:
    matrix = random_paths(np.random.default_rng(seed), N_ITEMS)
    before = matrix.target.copy()
    meets = matrix.target.tocoo()
    holders = {(int(matrix.entity[f]), int(i)) for i, f in zip(meets.row, meets.col, strict=True)}
    expected = [sum(node == of for of, _ in holders) for node in range(len(matrix.holders))]
    assert matrix.holders.tolist() == expected
    assert all(node < len(matrix.holders) for node, _ in holders)
    for name in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(matrix.target, name), getattr(before, name))
