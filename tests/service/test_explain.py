"""`/v1/explain` says what is asked for, and works nothing out that is not said."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array, IntArray
from kgrec.explanation.explainer import Person
from kgrec.explanation.reasons import ContextReason
from kgrec.explanation.wording.sentence import sentence
from kgrec.graph import GraphStore
from kgrec.recommendation import Context, Recommender
from kgrec.service.app import service
from tests.support.bundles import in_weather

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


@pytest.mark.parametrize("address", _ASKED)
@pytest.mark.parametrize("explain", ["short", "standard", "full"])
def test_circumstances_are_a_reason_of_every_length(
    recommender: Recommender, store: GraphStore, address: str, explain: str
) -> None:
    recommender = Recommender(in_weather(recommender.bundle), store)
    client = TestClient(service(recommender))
    assert client.get("/v1/model").json()["contexts"] == {"weather": ["rain", "sun"]}
    asked = {**_ASKED[address], "context": ["weather=rain"], "explain": explain}
    answer = client.post(address, json=asked)
    assert answer.status_code == 200, answer.text
    if (address, explain) == ("/v1/explain", "full"):
        it = recommender.explain("ann", "aliens", context=Context(values={"weather": "rain"}))
        (reason,) = (one for one in it.reasons if isinstance(one, ContextReason))
        assert answer.json()["score"] == it.score
        (told,) = (one for one in answer.json()["explanation"]["reasons"] if one["kind"] == "context")
        assert (told["value"], told["share"]) == (reason.value, reason.share)
