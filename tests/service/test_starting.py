"""Before there is an application: the process lives, and everything else is asked for again."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.starting import starting
from tests.support.bundles import film_bundle


def test_the_process_lives() -> None:
    answer = TestClient(starting).get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("address", ["/health/ready", "/v1/recommend?user=ann", "/", "/no/such/address"])
def test_everything_else_is_asked_for_again(address: str) -> None:
    answer = TestClient(starting).get(address, headers={"X-Request-ID": "one-7"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["summary"], answer.json()["instance"]) == ("the service starts.", "one-7")
    assert answer.headers["x-request-id"] == "one-7"
    assert answer.headers["cache-control"] == "no-store"


def test_what_probes_read_is_described() -> None:
    described = service(Recommender(film_bundle())).openapi()["paths"]["/health/ready"]["get"]["responses"]
    assert "The service starts" in described["503"]["description"]
