"""`/v1/users`: what somebody did, and forgetting them for good."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from tests.support.shop import Shell


def test_a_history(client: TestClient) -> None:
    watched = {"kind": "watch", "verb": "watched", "stars": None, "weight": 1.0}
    assert client.get("/v1/users/ann").json() == {
        "user": "ann",
        "history": [
            {"item": "star-wars", "name": "Star Wars", "time": 1.0} | watched,
            {"item": "alien", "name": "Alien", "time": 2.0} | watched,
        ],
    }
    assert client.get("/v1/users/cold").json() == {"user": "cold", "history": []}
    assert client.get("/v1/users/a/b").json()["found"] == "'a/b'"
    assert client.get("/v1/users/ann?lang=zh").status_code == 422


def test_names_of_a_history_are_in_the_language(recommender: Recommender) -> None:
    """Of items in each place that has names: histories, lists, what-if and search; ``zh-Hans`` reads ``zh`` too."""
    names = tuple("异形" if name == "Alien" else "" for name in recommender.bundle.names)
    renamed = Recommender(replace(recommender.bundle, names_by_language={"zh-Hans": names}), recommender.store)
    client = TestClient(service(renamed))
    history = client.get("/v1/users/ann?language=zh").json()["history"]
    assert [one["name"] for one in history] == ["Star Wars", "异形"]
    body = {"user": "ann", "without": ["star-wars"], "k": 7, "language": "zh"}
    for asked in ({**body, "include_seen": True}, {**body, "item": "alien"}):
        changes = client.post("/v1/what-if", json=asked).json()["changes"]
        assert {one["item"]: one["name"] for one in changes}["alien"] == "异形"
    assert client.get("/v1/search?text=alien&k=1&language=zh").json()["matches"][0]["name"] == "异形"


def test_a_forgotten_user_is_unknown_at_once_and_for_good(shell: Shell, caplog: pytest.LogCaptureFixture) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        client = TestClient(service(recommender))
        assert client.get("/v1/recommend?user=ann").status_code == 200
        with caplog.at_level(logging.INFO, "kgrec.audit"):
            assert client.delete("/v1/users/ann").json() == {"user": "ann", "interactions": 2}
        assert client.get("/v1/recommend?user=ann").status_code == 404
        assert client.get("/v1/users/ann").status_code == 404
        assert client.delete("/v1/users/ann").status_code == 404
        assert client.get("/v1/search?text=ann&kind=user").json()["matches"] == []
        assert len(client.get("/v1/search?text=b&kind=user&k=1").json()["matches"]) == 1
        assert client.get("/v1/recommend?user=bob").status_code == 200
    (line,) = [json.loads(record.message) for record in caplog.records]
    assert (line["key"], line["act"], line["outcome"]) == ("without keys", "forget a user", "2 interactions")
    assert "ann" not in line["user"]
    assert len(line["request"]) == 32
    with Recommender.open("kgrec.bundle") as alone:  # the store is away, and the bundle still has them
        away = TestClient(service(alone))
        assert away.get("/v1/recommend?user=ann").status_code == 404
        assert away.get("/v1/search?text=ann&kind=user").json()["matches"] == []
        assert away.get("/v1/recommend?user=bob").status_code == 200
        assert away.delete("/v1/users/bob").status_code == 503
