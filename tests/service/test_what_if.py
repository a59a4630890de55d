"""`/v1/what-if` is Python's, and the reasons change with the history."""

from __future__ import annotations

from dataclasses import asdict

from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender


def test_both_lists(client: TestClient, recommender: Recommender) -> None:
    body = {"user": "ann", "without": ["alien"], "without_entities": ["Person:lucas"], "add": ["blade", "nothing"]}
    answer = client.post("/v1/what-if", json={**body, "k": 3, "explain": "short"}).json()
    found = recommender.what_if(
        "ann", without=["alien"], without_entities=["Person:lucas"], add=["blade"], k=3, explain=True
    )
    assert answer["ignored"] == ["nothing"]
    assert answer["changes"] == [asdict(change) for change in found.changes]
    for told, best in ((answer["before"], found.before), (answer["after"], found.after)):
        assert [(one["item"], one["score"]) for one in told] == [(one.item, one.score) for one in best]
    assert "George Lucas" in answer["before"][0]["explanation"]["sentence"]
    assert "George Lucas" not in answer["after"][0]["explanation"]["sentence"]


def test_what_cannot_be_left_out_is_not_found(client: TestClient) -> None:
    for name, value in (("without", "blade"), ("without", "nothing"), ("without_entities", "Person:nobody")):
        answer = client.post("/v1/what-if", json={"user": "ann", name: [value]})
        assert (answer.status_code, answer.json()["found"]) == (404, f"'{value}'")


def test_an_item_is_explained_before_and_after_wherever_it_stands(client: TestClient) -> None:
    body = {"user": "ann", "without": ["alien"], "k": 1, "item": "aliens", "language": "zh"}
    answer = client.post("/v1/what-if", json=body).json()
    assert [one["item"] for one in answer["after"]] == ["empire"]
    (change,) = [one for one in answer["changes"] if one["item"] == "aliens"]
    assert change["score_before"] > change["score_after"]
    before, after = answer["explained"]["before"], answer["explained"]["after"]
    asked = {"user": "ann", "item": "aliens", "explain": "full", "language": "zh"}
    assert before == client.get("/v1/explain", params=asked).json()["explanation"]
    assert (before["score"], after["score"]) == (change["score_before"], change["score_after"])
    assert {one["item"] for one in before["past"]} - {one["item"] for one in after["past"]} == {"alien"}
    assert client.post("/v1/what-if", json={"user": "ann"}).json()["explained"] is None
    assert client.post("/v1/what-if", json={"user": "ann", "item": "nothing"}).status_code == 404
