"""The numbers of reasons that past items are, the same from an explanation and from its reasons one by one."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

from kgrec.explanation.deferred import Deferred
from kgrec.explanation.reasons import PastItemReason, Reason
from kgrec.explanation.said_by_past import BesidePast, ReasonParts
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


def test_who_lists_reasons_does_not_wait_for_who_says_one() -> None:
    """A list makes reasons, and a reason makes lists: in two answers at once that went round in a circle."""
    both, made = threading.Barrier(2, timeout=20), list[object]()

    def reason() -> PastItemReason:
        both.wait()
        return said_by("semantic", 0.2, *Deferred(lambda: (past("Odd", 0.2),)))

    def reasons() -> tuple[Reason, ...]:
        both.wait()
        return (
            said_by("semantic", 0.1, past("Odd", 0.1)),
            BesidePast.of(said_by("semantic", 0.3, past("Odd", 0.3))).reason,
        )

    threads = [
        threading.Thread(target=lambda: made.append(BesidePast("entity", 0.2, 0.2, True, reason).reason), daemon=True),
        threading.Thread(target=lambda: made.extend(Deferred(reasons)), daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(made) == 3
