"""Drawing: unbiased weights, tails of the same relation, every user once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.triples import Facts
from kgrec.learn.neural.sampling import TripleSampler, popularity_negatives, user_batches


def test_weighted_sums_over_drawn_items_are_unbiased() -> None:
    counts = np.array([100.0, 10.0, 1.0, 3.0, 50.0])
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    drawn, log_weight = popularity_negatives(counts, 200_000, np.random.default_rng(0))
    weight = np.exp(log_weight.astype(np.float64))
    assert (values[drawn] * weight).sum() == pytest.approx(values.sum(), rel=0.02)
    for item in range(5):
        assert weight[drawn == item].sum() == pytest.approx(1.0, rel=0.1)


def test_items_that_nobody_took_are_no_negatives() -> None:
    drawn, log_weight = popularity_negatives(np.array([0.0, 1.0, 0.0, 2.0]), 1000, np.random.default_rng(0))
    assert set(drawn.tolist()) == {1, 3}
    assert np.isfinite(log_weight).all()


def test_items_are_drawn_by_popularity_to_the_power_of_three_quarters() -> None:
    drawn, _ = popularity_negatives(np.array([16.0, 1.0]), 90_000, np.random.default_rng(0))
    assert np.bincount(drawn).tolist() == pytest.approx([80_000, 10_000], rel=0.02)


def test_corrupted_tails_are_tails_of_the_same_relation() -> None:
    rng = np.random.default_rng(0)
    relation = rng.integers(0, 3, 200)
    facts = Facts(
        rng.integers(0, 50, 200), relation, 100 * relation + rng.integers(0, 40, 200), ("a", "b", "c", "idle")
    )
    head, kind, tail, false = (part.numpy() for part in TripleSampler(facts).draw(500, 4, rng))
    true = set(zip(facts.head.tolist(), facts.relation.tolist(), facts.tail.tolist(), strict=True))
    assert set(zip(head.tolist(), kind.tolist(), tail.tolist(), strict=True)) <= true
    tails = {number: set(facts.tail[relation == number].tolist()) for number in range(3)}
    assert all(set(row.tolist()) <= tails[number] for row, number in zip(false, kind.tolist(), strict=True))
    assert {value for number in range(3) for value in tails[number]} == set(np.unique(false).tolist())


@given(users=st.sets(st.integers(0, 1000)), batch_size=st.integers(1, 50), seed=st.integers(0, 99))
def test_batches_hold_every_user_once(users: set[int], batch_size: int, seed: int) -> None:
    batches = list(user_batches(np.array(sorted(users), np.int64), batch_size, np.random.default_rng(seed)))
    assert sorted(user for batch in batches for user in batch.tolist()) == sorted(users)
    assert all(0 < len(batch) <= batch_size for batch in batches)
