"""``/v1/operation``: what operators see, each figure with the time that it is about."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.app import service
from tests.service.test_events import client, folder
from tests.service.test_model_versions import waited_for_a_version

__all__ = ["client", "folder"]


def test_everything_is_there(client: TestClient) -> None:
    waited_for_a_version(client)
    client.post("/v1/events", json=[{"id": 1, "user": "ann", "item": "blade"}, {"id": 2, "user": "ann", "item": "no"}])
    for _ in range(2):
        client.get("/v1/recommend?user=ann")
    client.get("/v1/recommend?user=nobody")
    found = client.get("/v1/operation").json()
    assert abs(found["at"] - time.time()) < 60
    assert found["degraded"] is None
    routes = {one["route"]: (one["requests"], one["refused"], one["failed"]) for one in found["requests"]["routes"]}
    assert routes["/v1/events"] == (1, 0, 0)
    assert routes["/v1/recommend"][1] == 1
    assert found["requests"]["of_last_s"] <= found["up_s"] + 1
    assert (found["events"]["accepted"], found["events"]["aside"]) == (1, {"unknown item": 1})
    assert (found["cache"]["hits"], found["cache"]["limit_bytes"]) == (1, 64 * 2**20)
    assert 0 < found["cache"]["hit_rate"] < 1
    model = found["model"]
    assert (model["live"], model["before"], len(model["versions"])) == (model["versions"][0]["id"], None, 1)
    assert 0 <= model["answers_for_s"] <= found["up_s"] + 1
    assert found["drift"]["best score"] == {"psi": None, "answers": 1, "alarm": False}
    assert "ann" not in str(found).replace("cannot", "")


def test_figures_of_other_workers_are_added_and_answers_of_another_model_are_not_compared(client: TestClient) -> None:
    client.get("/v1/recommend?user=ann")
    app: Any = client.app
    own = app.state.measured.figures()
    others = {1: own, 2: replace(own, version="another")}
    app.state.workers = SimpleNamespace(of_others=lambda: others)
    found = client.get("/v1/operation").json()
    (lists,) = (one for one in found["requests"]["routes"] if one["route"] == "/v1/recommend")
    assert (found["workers"], lists["requests"], found["drift"]["best score"]["answers"]) == (3, 3, 2)
    assert found["cache"]["misses"] == 3 * own.cache.misses > 0
    assert found["cache"]["limit_bytes"] == 3 * 64 * 2**20


def test_without_events_and_versions(recommender: Recommender) -> None:
    ring, text = KeyRing.empty().with_new("watch", [Scope.READ])
    asked = TestClient(service(recommender, ring=ring))
    assert asked.get("/v1/operation").status_code == 401
    found = asked.get("/v1/operation", headers={"Authorization": f"Bearer {text}"}).json()
    assert (found["events"], found["model"]["live"], found["model"]["answers_for_s"]) == (None, None, None)
