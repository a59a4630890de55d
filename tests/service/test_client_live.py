"""One contract for what takes in events and swaps models, and for a Client of the service around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.errors import BundleError, RecordError, TooManyEventsError
from kgrec.live.event import Receipt
from kgrec.live.intake import Intake
from kgrec.live.swapping import ModelSwap
from kgrec.recommendation import Recommender
from kgrec.service.client import Client, ServiceError
from tests.service.test_events import client, folder
from tests.service.test_model_versions import name_of_best, waited_for, waited_for_a_version

__all__ = ["client", "folder"]

Report = Callable[..., list[Receipt | RecordError]]


@pytest.fixture(params=["intake", "client"])
def report(request: pytest.FixtureRequest, client: TestClient) -> Report:
    intake: Intake = client.app.state.intake  # type: ignore[attr-defined]

    def of_intake(*events: Mapping[str, Any]) -> list[Receipt | RecordError]:
        return intake.report(events)

    return of_intake if request.param == "intake" else Client(http=client).report


def test_events(report: Report, client: TestClient) -> None:
    assert report({"id": "a", "user": "bob", "item": "alien"}) == [Receipt("accepted", 1)]
    some = [{"id": "a", "user": "bob", "item": "alien"}, {"id": "b"}, {"id": "c", "user": "bob", "item": "nothing"}]
    repeated, refused, aside = report(*some)
    assert (repeated, aside) == (Receipt("repeated", 1), Receipt("set aside", None, "unknown item"))
    assert isinstance(refused, RecordError)
    assert refused.found == "user must be given; item must be given"
    (alone,) = report({"id": "d", "user": "bob", "item": "empire", "colour": 1})
    assert isinstance(alone, RecordError)
    assert report() == []
    commit = client.app.state.intake._commit  # type: ignore[attr-defined]
    commit._waiting, commit._per_s = 10_000, 500.0
    with pytest.raises(TooManyEventsError) as waits:
        report({"id": "e", "user": "bob", "item": "empire"})
    commit._waiting = 0
    assert waits.value.retry_after_s == 20


def test_who_is_forgotten(client: TestClient) -> None:
    asked = Client(http=client)
    asked.report({"id": 1, "user": "zoe", "item": "alien"})
    assert [one.item for one in asked.history("zoe")] == ["alien"]
    assert asked.forget("zoe") == 1
    assert asked.search("zoe", kind="user") == []


def test_models(client: TestClient, folder: Path) -> None:
    asked = Client(http=client)
    swap: ModelSwap = client.app.state.swap  # type: ignore[attr-defined]
    waited_for_a_version(client)
    (first,) = asked.model_versions()
    (folder / "a.bundle").rename(folder / "gone.bundle")
    (folder / "next.bundle").rename(folder / "a.bundle")
    waited_for(client, "Empire 2")
    waited_for_a_version(client, other_than=first.id)
    listed = asked.model_versions()
    assert listed == swap.versions.listed()
    assert [one.live for one in listed] == [True, False]
    assert [one.id for one in asked.previous_model() if one.live] == [first.id]
    assert name_of_best(client) == "Empire 1"
    assert asked.use_model(listed[0].id) == listed
    assert name_of_best(client) == "Empire 2"
    with pytest.raises(BundleError, match="no such version"):
        asked.use_model("0" * 16)


def test_a_service_without_events_says_so(folder: Path) -> None:
    from kgrec.service.app import service

    with Recommender.open(folder / "a.bundle") as recommender:
        asked = Client(http=TestClient(service(recommender)))
        with pytest.raises(ServiceError, match="does not answer this"):
            asked.report({"id": 1, "user": "bob", "item": "alien"})
        with pytest.raises(ServiceError, match="does not answer this"):
            asked.model_versions()
