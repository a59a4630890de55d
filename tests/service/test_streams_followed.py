"""A service that follows a stream: what arrives there counts in the next list, and is seen to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kgrec.live.streams import open_streams
from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.living import living
from tests.service.test_events import folder, items
from tests.service.test_monitoring import figures
from tests.support.streams import eventually

__all__ = ["folder"]


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    (folder / "arriving").mkdir()
    with Recommender.open(folder / "a.bundle", f"kglite:{folder / 'g.kgl'}", writable=True) as recommender:
        app = service(recommender)
        streams = open_streams([f"jsonl:{folder / 'arriving'}"], "events.db")
        with living(app, folder / "a.bundle", folder / "events.db", streams):
            yield TestClient(app)


def arrive(folder: Path, *lines: object) -> None:
    with (folder / "arriving" / "a.jsonl").open("a") as file:
        file.writelines(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


def test_what_arrives_counts_in_the_next_list(client: TestClient, folder: Path) -> None:
    assert "alien" in items(client, "bob")
    began = time.monotonic()
    arrive(folder, {"id": 1, "user": "bob", "item": "alien"})
    eventually(lambda: "alien" not in items(client, "bob"))
    assert time.monotonic() - began < 5
    assert client.post("/v1/events", json={"id": 1, "user": "bob", "item": "alien"}).json() == {
        "events": [{"status": "repeated", "offset": 1}]
    }


def test_events_that_come_late_or_disordered_lie_in_the_order_of_their_times(client: TestClient, folder: Path) -> None:
    moments = {"empire": 40, "alien": 20, "aliens": 30}
    arrive(folder, *[{"id": item, "user": "zoe", "item": item, "time": time} for item, time in moments.items()])
    eventually(lambda: client.get("/v1/events").json()["applied_offset"] == 3)
    shown = client.get("/v1/users/zoe").json()
    assert [one["item"] for one in shown["history"]] == ["alien", "aliens", "empire"]


def test_how_it_stands_is_shown(client: TestClient, folder: Path) -> None:
    (before,) = client.get("/v1/events").json()["streams"]
    assert (before["messages"], before["failure"], before["offset"]) == (0, None, "")
    arrive(folder, {"id": 1, "user": "bob", "item": "alien"}, "{", {"id": 2, "user": "bob"})
    eventually(lambda: client.get("/v1/events").json()["streams"][0]["messages"] == 3)
    (shown,) = client.get("/v1/operation").json()["events"]["streams"]
    assert shown["unread"] == {"no JSON": 1, "item must be given": 1}
    name = f"jsonl:{folder / 'arriving'}"
    found = figures(client)
    assert found["kgrec_stream_messages_total", name] == 3
    assert found["kgrec_stream_unread_total", "no JSON", name] == 1
    assert found["kgrec_stream_missed_total", name] == found["kgrec_stream_failing", name] == 0
    ages = {labels[1]: age for labels, age in found.items() if labels[0] == "kgrec_stream_age_seconds"}
    assert ages.keys() == {"", "cinema"}
    assert all(0 <= age < 60 for age in ages.values())
    (folder / "arriving").rename(folder / "elsewhere")
    eventually(lambda: figures(client)["kgrec_stream_failing", name] == 1)
    assert items(client, "ann")
    (folder / "elsewhere").rename(folder / "arriving")
    arrive(folder, {"id": 3, "user": "bob", "item": "empire"})
    eventually(lambda: "empire" not in items(client, "bob"), 20)
