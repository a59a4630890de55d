"""``/v1/events``: each event has an answer of its own, and counts in the next one; the model changes between two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.bundle.bundle import Bundle
from kgrec.graph import GraphStore
from kgrec.live import swapping
from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.app import service
from kgrec.service.living import living
from tests.support.bundles import film_bundle, film_store


def numbered(store: GraphStore, number: int) -> Bundle:
    bundle = film_bundle(store.schema, store.graph_id)
    manifest = replace(bundle.manifest, created=f"2026-01-0{number}")
    return replace(bundle, names=tuple(f"{name} {number}" for name in bundle.names), manifest=manifest)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A graph and a bundle of it, looked at anew all the time."""
    monkeypatch.setattr(swapping, "LOOK_EVERY_S", 0.01)
    with film_store(url=f"kglite:{tmp_path / 'g.kgl'}") as store:
        numbered(store, 1).save(tmp_path / "a.bundle")
        numbered(store, 2).save(tmp_path / "next.bundle")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with Recommender.open(folder / "a.bundle", f"kglite:{folder / 'g.kgl'}", writable=True) as recommender:
        app = service(recommender)
        with living(app, folder / "a.bundle", folder / "events.db"):
            yield TestClient(app)


def items(client: TestClient, user: str) -> set[str]:
    answer = client.get(f"/v1/recommend?user={user}&k=50&explain=none")
    assert answer.status_code == 200, answer.text
    return {one["item"] for one in answer.json()["recommendations"]}


def test_one_event_or_many(client: TestClient) -> None:
    assert "alien" in items(client, "bob")
    one = client.post("/v1/events", json={"id": "a", "user": "bob", "item": "alien", "time": "2026-11-29T01:20:00Z"})
    assert one.status_code == 422  # the film data have positions
    one = client.post("/v1/events", json={"id": "a", "user": "bob", "item": "alien"})
    assert (one.status_code, one.json()) == (200, {"events": [{"status": "accepted", "offset": 1}]})
    assert "alien" not in items(client, "bob")
    reports = [
        {"id": "a", "user": "bob", "item": "alien"},
        {"id": "b", "user": "bob"},
        {"id": "c", "user": "bob", "item": "nobody-knows"},
        {"id": "d", "user": "bob", "item": "empire", "colour": "red"},
        {"id": "e", "user": "bob", "item": "empire"},
    ]
    many = client.post("/v1/events", json=reports)
    assert many.status_code == 207
    repeated, missing, aside, foreign, accepted = many.json()["events"]
    assert repeated == {"status": "repeated", "offset": 1}
    assert (missing["status"], missing["error"]["found"]) == ("refused", "item must be given")
    assert aside == {"status": "set aside", "offset": None, "reason": "unknown item"}
    assert client.post("/v1/events", json=reports[2]).json()["events"] == [{**aside, "status": "repeated"}]
    assert "'colour' is not a field" in foreign["error"]["found"]
    assert accepted == {"status": "accepted", "offset": 2}
    assert not {"alien", "empire"} & items(client, "bob")
    standing = client.get("/v1/events").json()
    assert [standing[name] for name in ("accepted", "repeated", "set_aside", "refused", "last_offset")] == [
        2,
        2,
        1,
        3,
        2,
    ]
    assert standing["aside"] == {"unknown item": 1}


def test_a_key_of_one_person_reports_what_that_person_does(client: TestClient) -> None:
    ring, key = KeyRing.empty().with_new("own", [Scope.READ, Scope.WRITE], user="bob")
    app = service(client.app.state.recommender, ring=ring)  # type: ignore[attr-defined]
    app.state.intake = client.app.state.intake  # type: ignore[attr-defined]
    own = TestClient(app, headers={"Authorization": f"Bearer {key}"})
    reports = [{"id": "a", "user": "bob ", "item": "alien"}, {"id": "b", "user": "ann", "item": "alien"}]
    refused = own.post("/v1/events", json=reports)
    assert (refused.status_code, refused.json()["summary"]) == (403, "the key is one person's.")
    assert own.post("/v1/events", json=[reports[0], {"id": "c", "item": "alien"}]).json()["events"][0] == {
        "status": "accepted",
        "offset": 1,
    }
    assert "alien" not in items(own, "bob")


def test_what_is_no_event_is_refused_as_a_whole(client: TestClient) -> None:
    many = [{"id": str(n), "user": "u", "item": "i"} for n in range(1_001)]
    bodies: list[Any] = [None, 5, "event", [5], [[]], many]
    for body in bodies:
        answer = client.post("/v1/events", json=body)
        assert answer.status_code == 422, body
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.post("/v1/events", json=[]).json() == {"events": []}
    assert client.get("/v1/events").json()["last_offset"] == 0


def test_too_many_are_told_when_to_come_again(client: TestClient) -> None:
    commit = client.app.state.intake._commit  # type: ignore[attr-defined]
    commit._waiting = 10_000
    answer = client.post("/v1/events", json={"id": "a", "user": "bob", "item": "alien"})
    commit._waiting = 0
    assert (answer.status_code, answer.json()["error"]) == (429, "TooManyEventsError")
    assert int(answer.headers["Retry-After"]) >= 1


def test_events_are_in_the_graph_when_the_service_has_ended(folder: Path, client: TestClient) -> None:
    client.post("/v1/events", json={"id": 1, "user": "zoe", "item": "alien"})
    store = client.app.state.recommender.writable_store()  # type: ignore[attr-defined]
    assert store is not None
    client.app.state.intake._applier.apply()  # type: ignore[attr-defined]
    assert [one.item for one in store.history("zoe")] == ["alien"]


def test_who_is_forgotten_is_gone_from_log_and_graph(client: TestClient) -> None:
    client.post(
        "/v1/events", json=[{"id": 1, "user": "zoe", "item": "alien"}, {"id": 2, "user": "ann", "item": "blade"}]
    )
    for user, interactions in (("zoe", 1), ("ann", 3)):
        gone = client.delete(f"/v1/users/{user}")
        assert (gone.status_code, gone.json()) == (200, {"user": user, "interactions": interactions})
        assert client.get(f"/v1/recommend?user={user}").status_code == 404
    assert client.delete("/v1/users/zoe").status_code == 404
    client.post("/v1/events", json={"id": 3, "user": "ann", "item": "blade"})
    assert len(items(client, "ann")) == 6


def test_without_a_log_there_are_no_events(folder: Path) -> None:
    with Recommender.open(folder / "a.bundle") as recommender:
        client = TestClient(service(recommender))
        assert client.post("/v1/events", json={"id": 1, "user": "bob", "item": "alien"}).status_code == 404
        assert client.get("/v1/model/versions").status_code == 404
