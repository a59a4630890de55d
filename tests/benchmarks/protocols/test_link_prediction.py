"""Held-out facts and the ranks they get, by hand and against a slow version."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.errors import KgrecError
from kgrec_benchmarks.protocols.link_prediction import hold_out_facts, link_prediction


class Cube:
    """Scores given as a table ``(heads, relations, tails)``."""

    def __init__(self, table: Array) -> None:
        self.table = table

    def tails(self, head: IntArray, relation: IntArray) -> Array:
        return self.table[head, relation].copy()

    def heads(self, relation: IntArray, tail: IntArray) -> Array:
        return self.table[:, relation, tail].T.copy()


def facts(*triples: tuple[int, int, int], relations: int = 1) -> Facts:
    head, relation, tail = np.array(triples, np.int64).reshape(-1, 3).T
    return Facts(head, relation, tail, tuple(f"r{n}" for n in range(relations)))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_is_held_out_is_known_otherwise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = Facts.unique(rng.integers(0, 12, 60), rng.integers(0, 4, 60), rng.integers(0, 12, 60), ("a", "b", "c", "d"))
    train, held = hold_out_facts(whole, 0.3, seed)
    assert len(train) + len(held) == len(whole)
    assert len(held) <= int(0.3 * len(whole))
    assert set(train.relation) == set(whole.relation)
    assert set(train.head) | set(train.tail) == set(whole.head) | set(whole.tail)
    head, relation, tail = (
        np.concatenate([getattr(train, end), getattr(held, end)]) for end in ("head", "relation", "tail")
    )
    both = Facts.unique(head, relation, tail, ())
    assert len(both) == len(whole)


def test_a_loop_does_not_hide_its_node() -> None:
    train, held = hold_out_facts(facts((0, 0, 0), (1, 0, 2), (1, 0, 2), (1, 0, 2), (1, 0, 2)), 0.8)
    assert 0 in train.head
    assert len(held) == 3  # nodes 1 and 2 keep one of their four facts


def test_ranks_by_hand() -> None:
    table = np.zeros((4, 1, 4))
    table[0, 0] = [0.1, 0.9, 0.5, 0.7]
    # Tail 2 of head 0: 1 and 3 are better, but 0-1 is known to be true: rank 2.
    # Head 0 of tail 2: scores .5 0 0 0: rank 1.
    found = link_prediction(Cube(table), facts((0, 0, 2)), facts((0, 0, 1), (0, 0, 2)), 4)
    assert found == {"mrr": 0.75, "hits@1": 0.5, "hits@3": 1.0, "hits@10": 1.0}


def test_equal_scores_share_their_ranks() -> None:
    found = link_prediction(Cube(np.ones((5, 1, 5))), facts((0, 0, 2)), facts((0, 0, 1), (0, 0, 2)), 5)
    # Tails 0, 2, 3, 4 share places 1 to 4, mean 2.5; heads 0 to 4 places 1 to 5, mean 3.
    assert found["mrr"] == pytest.approx((1 / 2.5 + 1 / 3) / 2)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_ranks_against_a_slow_version(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 4, (7, 2, 7)).astype(np.float64)
    known = Facts.unique(rng.integers(0, 7, 30), rng.integers(0, 2, 30), rng.integers(0, 7, 30), ("a", "b"))
    test = known.select(rng.permutation(len(known))[:6])
    true = set(zip(known.head, known.relation, known.tail, strict=True))
    ranks = []
    for h, r, t in zip(test.head, test.relation, test.tail, strict=True):
        for own, others in (
            (table[h, r, t], [table[h, r, x] for x in range(7) if x != t and (h, r, x) not in true]),
            (table[h, r, t], [table[x, r, t] for x in range(7) if x != h and (x, r, t) not in true]),
        ):
            ranks.append(1 + sum(o > own for o in others) + sum(o == own for o in others) / 2)
    found = link_prediction(Cube(table), test, known, 7)
    assert found["mrr"] == pytest.approx(np.mean(1 / np.array(ranks)))
    assert found["hits@3"] == pytest.approx(np.mean(np.array(ranks) <= 3))


def test_nothing_to_measure_and_nan_are_said() -> None:
    with pytest.raises(KgrecError) as error:
        link_prediction(Cube(np.zeros((2, 1, 2))), facts(), facts((0, 0, 1)), 2)
    assert str(error.value) == (
        "KgrecError: there is nothing to measure.\n"
        "  found     no held-out facts\n"
        "  expected  at least one\n"
        "  next      use a graph in which nodes have several facts each"
    )
    with pytest.raises(KgrecError) as error:
        link_prediction(Cube(np.full((2, 1, 2), np.nan)), facts((1, 0, 0)), facts((1, 0, 0)), 2)
    assert str(error.value) == (
        "KgrecError: a score is not a number.\n"
        "  where     node 1\n"
        "  found     nan\n"
        "  expected  finite scores\n"
        "  next      check the embeddings; training them again may help"
    )
