"""`/v1/users`: what somebody did, and forgetting them for good."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from tests.support.shop import Shell


def test_a_history(client: TestClient) -> None:
    assert client.get("/v1/users/ann").json() == {
        "user": "ann",
        "history": [
            {"item": "star-wars", "name": "Star Wars", "kind": "watch", "time": 1.0, "weight": 1.0},
            {"item": "alien", "name": "Alien", "kind": "watch", "time": 2.0, "weight": 1.0},
        ],
    }
    assert client.get("/v1/users/cold").json() == {"user": "cold", "history": []}
    assert client.get("/v1/users/a/b?c").json()["found"] == "'a/b'"


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
        assert client.get("/v1/recommend?user=bob").status_code == 200
    (line,) = [json.loads(record.message) for record in caplog.records]
    assert (line["key"], line["act"], line["outcome"]) == ("without keys", "forget a user", "2 interactions")
    assert "ann" not in line["user"]
    assert len(line["request"]) == 32
    with Recommender.open("kgrec.bundle") as alone:  # the store is away, and the bundle still has them
        away = TestClient(service(alone))
        assert away.get("/v1/recommend?user=ann").status_code == 404
        assert away.get("/v1/recommend?user=bob").status_code == 200
        assert away.delete("/v1/users/bob").status_code == 503
