"""Filters leave the same in a large catalogue, whose best are retrieved, as in a small one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.recommendation import Context, Filters, Recommender
from kgrec.scoring import retrieval, retrieved
from tests.support.bundles import random_bundle


@pytest.mark.parametrize("seed", range(12))
def test_in_a_large_catalogue_filters_leave_what_they_leave_in_a_small_one(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = random_bundle(np.random.default_rng(seed), n_items=40)
    small = Recommender(bundle)
    for module, name, value in (
        (retrieval, "RETRIEVED_FROM", 0),
        (retrieval, "_MOST_TERMS", 1e9),
        (retrieved, "_FEW", 2),
        (retrieved, "_FIRST", 1),
        (retrieved, "_MOST_READ", 2.0),
    ):
        monkeypatch.setattr(module, name, value)
    large = Recommender(bundle.with_model(replace(bundle.model)))
    assert (small.bundle.model.found_by, large.bundle.model.found_by) == ("all scores", "retrieval")
    for filters in (
        Filters(),
        Filters(include_seen=True),
        Filters(allow=["i3", "i9", "i30", "i31"]),
        Filters(deny=[f"i{n}" for n in range(3, 38)]),
        Filters(cold_items="only"),
        Filters(cold_items="exclude", met="exclude"),
    ):
        for context in (None, Context(platform="app")):
            lists = [each.recommend("u1", k=6, filters=filters, context=context) for each in (small, large)]
            assert [one.item for one in lists[1]] == [one.item for one in lists[0]]
            np.testing.assert_allclose([one.score for one in lists[1]], [one.score for one in lists[0]], atol=1e-9)
    for one, other in zip(*(each.recommend("u1", k=3, explain=True) for each in (small, large)), strict=True):
        assert one.explanation is not None
        assert other.explanation is not None
        assert other.explanation.counterfactual == one.explanation.counterfactual
        parts = [reason.value for reason in other.explanation.reasons]
        assert sum(parts) + other.explanation.constant == pytest.approx(other.score, abs=1e-9)
    assert [one.item for one in large.similar_items("i4", 5)] == [one.item for one in small.similar_items("i4", 5)]
