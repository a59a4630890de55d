"""The numbers of reasons that past items are, the same from an explanation and from its reasons one by one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from kgrec.explanation.reasons import PastItemReason
from kgrec.explanation.said_by_past import ReasonParts
from kgrec.recommendation import Recommender
from tests.support.bundles import bundle_of, random_interactions, random_model
from tests.support.told_reasons import entity, past, said_by


@pytest.mark.parametrize("seed", range(6))
def test_parts_are_those_of_the_reasons(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bundle = bundle_of(random_model(rng, 8), random_interactions(rng, 3, 8, 12), 3)
    it = Recommender(bundle).explain("u1", "i2")
    given, made = it.reason_parts, ReasonParts.of(tuple(it.reasons), it.past)
    assert [one.reason for one in given.beside] == [one.reason for one in made.beside]
    assert {of.evidence for of in given.said_by_past} == {of.evidence for of in made.said_by_past}
    expected = {of.evidence: of for of in made.said_by_past}
    for of in given.said_by_past:
        other = expected[of.evidence]
        for name in ("values", "shares", "totals"):
            np.testing.assert_allclose(getattr(of, name), getattr(other, name), atol=1e-12)
        for name in ("against", "lukewarm", "speaks"):
            np.testing.assert_array_equal(getattr(of, name), getattr(other, name))
        places = range(len(of.values))
        assert [of.past_item(n) for n in places] == [other.past_item(n) for n in places]


def test_who_speaks_does_so_on_the_whole() -> None:
    bad, good, odd = past("Bad", -0.1), past("Good", 0.3, stars=2), past("Odd", 0.2)
    reasons = (said_by("semantic", 0.3, good), entity("Lee", 0.1, good), said_by("semantic", 0.2, odd))
    (said,) = ReasonParts.of((*reasons, said_by("semantic", -0.1, bad)), [past("Odd", -1.0)]).said_by_past
    assert [said.past_item(n).name for n in range(3)] == ["Good", "Odd", "Bad"]
    assert (said.speaks.tolist(), said.lukewarm.tolist()) == ([True, False, False], [True, False, False])


def test_a_copy_of_reasons_is_the_reasons() -> None:
    rng = np.random.default_rng(1)
    bundle = bundle_of(random_model(rng, 8), random_interactions(rng, 3, 8, 12), 3)
    it = Recommender(bundle).explain("u1", "i2")
    assert any(isinstance(reason, PastItemReason) for reason in it.reasons)
    assert pickle.loads(pickle.dumps(it.reasons)) == tuple(it.reasons)
