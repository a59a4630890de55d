"""What changes while a service answers: updates by themselves, when answers drift."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service import living as module
from kgrec.service.app import service
from kgrec.service.drift_watch import Drift, DriftWatch
from kgrec.service.living import living
from tests.service.test_events import folder
from tests.service.test_monitoring import figures
from tests.support.streams import eventually

__all__ = ["folder"]


def test_drift_brings_the_model_up_to_date_and_a_refusal_is_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = [sys.executable, "-c", "import sys; sys.exit('UpdateRefusedError: it finds less')"]
    given: list[tuple[str, str]] = []

    def command(store: str, bundle: str) -> list[str]:
        given.append((store, bundle))
        return refused

    alarm = {"best score": Drift(0.1, 1_000, False)}
    monkeypatch.setattr(module, "update_command", command)
    monkeypatch.setattr("kgrec.live.automatic_updates._LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(DriftWatch, "figures", lambda watch, bundle, others=(): alarm)
    store = f"kglite:{folder / 'g.kgl'}"
    with Recommender.open(folder / "a.bundle", store) as recommender:
        app = service(recommender)
        with living(app, folder / "a.bundle", store=store, update_every_s=1_000.0):
            client = TestClient(app)
            assert client.get("/v1/operation").json()["updates"] == {
                "outcomes": {},
                "last": None,
                "age_s": None,
                "running": False,
            }
            alarm["best score"] = Drift(0.4, 1_000, True)
            eventually(lambda: client.get("/v1/operation").json()["updates"]["outcomes"] == {"failed": 1})
            found = client.get("/v1/operation").json()["updates"]
            assert (found["last"], found["running"]) == ("UpdateRefusedError: it finds less", False)
            assert figures(client)["kgrec_updates_total", "failed"] == 1
    assert given == [(store, str(folder / "a.bundle"))]


def test_without_a_time_there_are_none(folder: Path) -> None:
    with Recommender.open(folder / "a.bundle", None) as recommender:
        app = service(recommender)
        with living(app, folder / "a.bundle"):
            assert TestClient(app).get("/v1/operation").json()["updates"] is None
