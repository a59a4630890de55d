"""`/health`: the process lives; ok, or degraded and why."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.errors import KgrecError, QueryTimeoutError, SchemaMismatchError, StoreUnavailableError
from kgrec.graph import GraphStore
from kgrec.recommendation import Recommender
from kgrec.service.app import service
from tests.support.bundles import film_bundle


def test_health(client: TestClient) -> None:
    live, ready = client.get("/health/live"), client.get("/health/ready")
    assert (live.status_code, live.headers["content-type"], live.json()) == (200, "application/json", {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "reason": None})


def test_health_without_a_store() -> None:
    client = TestClient(service(Recommender(film_bundle(), degraded="the store is on holiday")))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded", "reason": "the store is on holiday"})
    assert client.get("/v1/recommend?user=ann&k=1").json()["recommendations"][0]["item"] == "empire"


@pytest.mark.parametrize("kind", [StoreUnavailableError, QueryTimeoutError, SchemaMismatchError])
def test_health_while_the_store_is_away(
    client: TestClient, store: GraphStore, monkeypatch: pytest.MonkeyPatch, kind: type[KgrecError]
) -> None:
    monkeypatch.setattr("kgrec.graph.store_link.AGAIN_AFTER_S", 0.0)

    def fail() -> Any:
        raise kind("nobody answers.")

    with monkeypatch.context() as away:
        away.setattr(store, "ping", fail)
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert "nobody answers." in answer.json()["reason"]
    assert client.get("/health/ready").json()["status"] == "ok"
