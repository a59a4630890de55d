"""What stands before every resource: keys and scopes, limits, headers, and what is said of faults."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.app import service
from kgrec.service.guard import Limits


def keyed(recommender: Recommender, *scopes: Scope, user: str | None = None, rate: float = 1e6) -> TestClient:
    """A client with a key of its own."""
    ring, key = KeyRing.empty().with_new("front", scopes, rate, user)
    return TestClient(service(recommender, ring=ring), headers={"Authorization": f"Bearer {key}"})


def written_before(recommender: Recommender, *scopes: Scope, user: str | None = None) -> TestClient:
    """A client with a key that has scopes which none that is made now has."""
    ring, key = KeyRing.empty().with_new("front", [Scope.READ])
    ring = replace(ring, keys=(replace(ring.keys[0], scopes=scopes, user=user),))
    return TestClient(service(recommender, ring=ring), headers={"Authorization": f"Bearer {key}"})


def test_whoever_has_no_key_is_asked_for_one(recommender: Recommender) -> None:
    client = keyed(recommender, Scope.READ)
    assert client.get("/v1/recommend?user=ann").status_code == 200
    known = client.headers["Authorization"]
    for given, summary in {
        "": "a key is needed.",
        "Bearer ": "a key is needed.",
        "Bearer kgrec_00000000_x": "the key is not known.",
        known[:-1]: "the key is not known.",
        known.removeprefix("Bearer "): "the key is not given as Bearer.",
        "Basic YTpi": "the key is not given as Bearer.",
    }.items():
        answer = client.get("/v1/recommend?user=ann", headers={"Authorization": given})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json()["summary"] == summary
        assert "kgrec_" not in answer.text
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 401
        assert client.get("/nowhere", headers={"Authorization": given}).status_code == 401
        assert client.get("/health/live", headers={"Authorization": given}).status_code == 200
        assert client.post("/v1/score", content=b"x" * 2_000_000, headers={"Authorization": given}).status_code == 401


REASONS_OF_ANN: list[tuple[str, str, Any]] = [
    ("GET", "/v1/explain?user=ann&item=empire", None),
    ("POST", "/v1/explain", {"user": "ann", "item": "empire"}),
    ("GET", "/v1/recommend?user=ann&explain=short", None),
    ("POST", "/v1/recommend", {"user": "ann", "explain": "full"}),
    ("POST", "/v1/what-if", {"user": "ann"}),
    ("GET", "/v1/users/ann", None),
]


@pytest.mark.parametrize(("method", "address", "body"), REASONS_OF_ANN)
def test_what_somebody_did_needs_a_scope(recommender: Recommender, method: str, address: str, body: Any) -> None:
    def status(*scopes: Scope, user: str | None = None) -> int:
        return keyed(recommender, *scopes, user=user).request(method, address, json=body).status_code

    assert status(Scope.READ) == 403
    assert status(Scope.READ, Scope.WRITE, Scope.ADMIN) == 403
    assert status(Scope.READ, Scope.EXPLAIN_ANYBODY) == 200
    assert status(Scope.READ, user="ann") == 200
    assert status(Scope.READ, user="bob") == 403
    assert written_before(recommender, Scope.EXPLAIN_ANYBODY).request(method, address, json=body).status_code == 403


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        *REASONS_OF_ANN,
        ("GET", "/v1/recommend?user=ann", None),
        ("POST", "/v1/score", {"user": "ann", "items": ["alien"]}),
        ("GET", "/v1/search?text=a&kind=user", None),
        ("DELETE", "/v1/users/ann", None),
        ("DELETE", "/v1/users/bob", None),
        ("POST", "/v1/events", {"id": "1", "user": "ann", "item": "alien"}),
        ("POST", "/v1/events", [{"id": "1", "user": "bob", "item": "a"}, {"id": "2", "user": " ann", "item": "a"}]),
        ("GET", "/v1/events", None),
        ("GET", "/v1/model/versions", None),
        ("POST", "/v1/model/versions", {}),
    ],
)
def test_a_key_of_one_person_reaches_nobody_else_whatever_its_scopes(
    recommender: Recommender, method: str, address: str, body: Any
) -> None:
    client = written_before(recommender, *Scope, user="bob")
    answer = client.request(method, address, json=body)
    assert (answer.status_code, answer.json()["summary"]) == (403, "the key is one person's.")
    assert "scope" not in answer.text
    assert client.get("/v1/recommend?user=bob&explain=short").status_code == 200


def test_a_history_that_is_given_is_nobody_elses(recommender: Recommender) -> None:
    client = keyed(recommender, Scope.READ)
    assert client.get("/v1/explain?history=alien&item=aliens").status_code == 200
    assert client.post("/v1/what-if", json={"history": ["alien"], "without": ["alien"]}).status_code == 200
    assert client.get("/v1/recommend?user=ann").status_code == 200
    assert keyed(recommender, Scope.READ, user="bob").get("/v1/recommend?user=ann").status_code == 403
    assert client.get("/v1/search?text=a&kind=user").status_code == 403
    assert client.delete("/v1/users/ann").status_code == 403


def test_a_key_that_asks_too_often_is_told_when_to_come_again(recommender: Recommender) -> None:
    client = keyed(recommender, Scope.READ, rate=0.01)
    answers = [client.get("/v1/similar?item=alien") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert 90 <= int(answers[1].headers["retry-after"]) <= 100
    assert client.get("/health/ready").status_code == 200


def test_every_answer_has_the_headers(client: TestClient) -> None:
    for address in ("/v1/similar?item=alien", "/v1/similar", "/nowhere", "/openapi.json"):
        headers = client.get(address, headers={"Origin": "https://elsewhere.example"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert not [name for name in headers if name.startswith("access-control")]
        assert len(headers["x-request-id"]) == 32
    named = client.get("/health/live", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"]
    assert len(named) == 32


def test_without_keys_other_names_are_refused(recommender: Recommender) -> None:
    client = TestClient(service(recommender, hosts={"localhost", "127.0.0.1", "::1"}))
    for host, status in {
        "localhost:8000": 200,
        "127.0.0.1": 200,
        "[::1]:8000": 200,
        "attacker.example": 421,
        "localhost.attacker.example:8000": 421,
        "[": 421,
        "": 421,
    }.items():
        assert client.get("/health/live", headers={"Host": host}).status_code == status, host


def test_a_body_that_is_too_large_is_not_read_to_its_end(recommender: Recommender) -> None:
    client = TestClient(service(recommender, limits=Limits(body_bytes=1000)))
    assert client.post("/v1/score", json={"user": "ann", "items": ["x" * 900]}).status_code == 422
    assert client.post("/v1/score", json={"user": "ann", "items": ["x" * 1000]}).status_code == 413
    long = client.post("/v1/recommend", json={"history": ["alien"] * 1001})
    assert TestClient(service(recommender)).post("/v1/recommend", json={"history": ["a"] * 1001}).status_code == 422
    assert long.status_code == 413


def test_a_body_that_takes_too_long(recommender: Recommender) -> None:
    app = service(recommender, limits=Limits(seconds=0.05))

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async def asked() -> int:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
            return (await client.post("/v1/score", content=slowly())).status_code

    assert asyncio.run(asked()) == 408


def test_an_answer_that_takes_too_long_and_too_many_at_once(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, began = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        began.set()
        assert goes_on.wait(20)
        return []

    monkeypatch.setattr(recommender, "similar_items", slow)
    app = service(recommender, limits=Limits(seconds=0.2, at_once=1))

    async def asked() -> list[httpx2.Response]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
            late = await client.get("/v1/similar?item=alien")
            refused = await client.get("/health/live")  # the work that is late is not over
            goes_on.set()
            while (answer := await client.get("/health/live")).status_code != 200:
                await asyncio.sleep(0.01)
            return [late, refused, answer]

    late, refused, answer = asyncio.run(asked())
    assert (late.status_code, late.json()["summary"]) == (503, "the answer takes too long.")
    assert (refused.status_code, refused.json()["summary"]) == (503, "too many requests are being answered.")
    assert late.headers["retry-after"] == refused.headers["retry-after"] == "1"
    assert answer.status_code == 200


def test_a_fault_says_nothing_of_its_inside(
    client: TestClient, recommender: Recommender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whom = "@".join(("ann.smith", "example.org"))

    def fail(*arguments: Any) -> Any:
        raise ValueError(whom)

    monkeypatch.setattr(recommender, "similar_items", fail)
    with caplog.at_level(logging.INFO):
        answer = client.get("/v1/similar?item=alien")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["summary"] == "kgrec has a fault."
    assert whom not in answer.text + caplog.text
    assert "ValueError" in caplog.text
    assert answer.headers["x-request-id"] in caplog.text
    assert client.get("/health/live").status_code == 200
