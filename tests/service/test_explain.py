"""`/v1/explain` says what is asked for, and works nothing out that is not said."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array, IntArray
from kgrec.explanation.explainer import Person
from kgrec.explanation.wording.sentence import sentence
from kgrec.recommendation import Recommender

_ASKED: dict[str, dict[str, Any]] = {
    "/v1/recommend": {"user": "ann", "k": 3},
    "/v1/explain": {"user": "ann", "item": "aliens"},
    "/v1/what-if": {"user": "ann", "k": 3, "without": ["alien"]},
}


@pytest.mark.parametrize("address", _ASKED)
@pytest.mark.parametrize("explain", ["short", "standard"])
def test_a_short_sentence_needs_no_counterfactual(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, address: str, explain: str
) -> None:
    counted: list[IntArray] = []
    without = Person.scores_without

    def noted(person: Person, bundle: Bundle, items: IntArray) -> Array:
        counted.append(items)
        return without(person, bundle, items)

    monkeypatch.setattr(Person, "scores_without", noted)
    answer = client.post(address, json={**_ASKED[address], "explain": explain})
    assert answer.status_code == 200
    assert bool(counted) is (explain == "standard")


def test_each_length_is_that_of_python(client: TestClient, recommender: Recommender) -> None:
    it = recommender.explain("ann", "aliens")
    for length in ("short", "standard", "full"):
        told = client.get(f"/v1/explain?user=ann&item=aliens&explain={length}").json()
        assert told["explanation"]["sentence"] == sentence(it, "en", length)
        assert told["score"] == it.score
