"""Figures of events and models in ``/metrics``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kgrec.errors import StoreUnavailableError
from kgrec.graph import GraphStore
from tests.service.test_events import client, folder
from tests.service.test_model_versions import waited_for, waited_for_a_version
from tests.service.test_monitoring import figures

__all__ = ["client", "folder"]


def test_events_are_counted_by_what_became_of_them(client: TestClient) -> None:
    reports = [
        {"id": 1, "user": "bob", "item": "alien"},
        {"id": 1, "user": "bob", "item": "alien"},
        {"id": 2, "user": "bob", "item": "nobody-knows"},
        {"id": 3, "user": "bob", "item": "empire", "kind": "teleport"},
        {"id": 4},
        {"id": 5, "user": "ann", "item": "blade"},
    ]
    client.post("/v1/events", json=reports)
    client.app.state.intake._applier.apply()  # type: ignore[attr-defined]
    found = figures(client)
    outcomes = {name[1]: value for name, value in found.items() if name[0] == "kgrec_events_total"}
    assert outcomes == {"accepted": 2, "repeated": 1, "set aside": 2, "refused": 1}
    assert found["kgrec_events_aside", "unknown item"] == found["kgrec_events_aside", "unknown kind"] == 1
    gauges = ("waiting", "last_offset", "applied_offset", "behind_seconds", "failing")
    assert [found[f"kgrec_events_{name}",] for name in gauges] == [0, 2, 2, 0, 0]
    assert (found["kgrec_users_forgotten_total",], found["kgrec_events_dangling_total",]) == (0, 0)
    client.delete("/v1/users/bob")
    assert figures(client)["kgrec_users_forgotten_total",] == 1


def test_a_graph_that_refuses_falls_behind(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    store: GraphStore = client.app.state.recommender.writable_store()  # type: ignore[attr-defined]

    def away(*given: object, **options: object) -> None:
        raise StoreUnavailableError("it is away.")

    monkeypatch.setattr(store, "upsert_interactions", away)
    intake = client.app.state.intake  # type: ignore[attr-defined]
    now = intake._log._clock()
    monkeypatch.setattr(intake._log, "_clock", lambda: now)
    client.post("/v1/events", json={"id": 1, "user": "bob", "item": "alien"})
    monkeypatch.setattr(intake._log, "_clock", lambda: now + 90.0)
    client.post("/v1/events", json={"id": 2, "user": "bob", "item": "empire"})
    intake._applier._wake.set()
    found = figures(client)
    assert found["kgrec_events_behind_seconds",] == pytest.approx(90.0, abs=1e-3)
    assert (found["kgrec_events_last_offset",], found["kgrec_events_applied_offset",]) == (2, 0)
    monkeypatch.setattr(intake._log, "_clock", lambda: now - 3600.0)  # set back
    assert figures(client)["kgrec_events_behind_seconds",] == 0
    monkeypatch.undo()
    intake._applier.apply()
    assert figures(client)["kgrec_events_applied_offset",] == 2


def test_models_are_counted_and_every_answer_names_its_own(client: TestClient, folder: Path) -> None:
    first = waited_for_a_version(client)
    for address in ("/v1/recommend?user=ann", "/v1/model", "/v1/similar?item=alien", "/v1/users/nobody"):
        assert client.get(address).headers["X-Kgrec-Model"] == first
    assert "X-Kgrec-Model" not in client.get("/health/live").headers
    shutil.rmtree(folder / "a.bundle")
    (folder / "next.bundle").rename(folder / "a.bundle")
    waited_for(client, "Empire 2")
    second = waited_for_a_version(client, other_than=first)
    assert client.get("/v1/recommend?user=ann").headers["X-Kgrec-Model"] == second != first
    client.post("/v1/model/versions", json={})
    client.post("/v1/model/versions", json={"version": "0" * 16})
    found = figures(client)
    assert {name[1]: value for name, value in found.items() if name[0] == "kgrec_model_changes_total"} == {
        "tried": 4,
        "refused": 1,
        "swapped": 2,
        "back": 1,
    }
    assert [name[1] for name in found if name[0] == "kgrec_model"] == [first]
    assert found["kgrec_model_since_seconds",] > 1.7e9
