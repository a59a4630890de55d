"""``/v1/model/versions``: a new model is noticed, another one named, and the one before taken again."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.service.test_events import client, folder

__all__ = ["client", "folder"]


def name_of_best(client: TestClient) -> str:
    name: str = client.get("/v1/recommend?user=ann&k=1&explain=none").json()["recommendations"][0]["name"]
    return name


def waited_for_a_version(client: TestClient, other_than: str | None = None) -> str:
    """Id of the live version, which is written down a moment after it answers."""
    until = time.monotonic() + 20
    while (live := client.get("/v1/model/versions").json()["live"]) == other_than:
        assert time.monotonic() < until
        time.sleep(0.01)
    return str(live)


def waited_for(client: TestClient, name: str) -> None:
    until = time.monotonic() + 20
    while name_of_best(client) != name:
        assert time.monotonic() < until, client.get("/v1/model/versions").json()
        time.sleep(0.01)


def test_a_model_is_noticed_named_and_gone_back_from(client: TestClient, folder: Path) -> None:
    client.post("/v1/events", json={"id": 1, "user": "ann", "item": "aliens"})
    assert name_of_best(client) == "Empire 1"
    waited_for_a_version(client)
    first = client.get("/v1/model/versions").json()
    shutil.rmtree(folder / "a.bundle")
    (folder / "next.bundle").rename(folder / "a.bundle")
    waited_for(client, "Empire 2")
    assert len(client.get("/v1/recommend?user=ann&k=50").json()["recommendations"]) == 4  # events come with it
    waited_for_a_version(client, first["live"])
    second = client.get("/v1/model/versions").json()
    assert (second["before"], second["refusal"]) == (first["live"], None)
    back = client.post("/v1/model/versions", json={})
    assert (back.status_code, back.json()["live"]) == (200, first["live"])
    assert name_of_best(client) == "Empire 1"
    named = client.post("/v1/model/versions", json={"version": second["live"]})
    assert (named.status_code, name_of_best(client)) == (200, "Empire 2")
    again = client.post("/v1/model/versions")
    assert (again.status_code, again.json()["live"]) == (200, first["live"])


@pytest.mark.parametrize("asked", [{"version": "../next.bundle"}, {"version": "0" * 16}, {}])
def test_what_cannot_be_used_is_refused(client: TestClient, asked: dict[str, str]) -> None:
    waited_for_a_version(client)
    refused = client.post("/v1/model/versions", json=asked)
    assert (refused.status_code, refused.json()["error"]) == (409, "BundleError")
    assert name_of_best(client) == "Empire 1"
