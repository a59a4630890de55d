"""A body is JSON, and said to be: what else comes is told what to send."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

BODY = b'{"user": "ann", "items": ["alien"]}'


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.own+json"])
def test_what_is_said_to_be_json_is_read(client: TestClient, kind: str) -> None:
    assert client.post("/v1/score", content=BODY, headers={"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (None, "no Content-Type"),
        ("application/x-www-form-urlencoded", "'application/x-www-form-urlencoded'"),
        ("text/json", "'text/json'"),
        ("json", "'json'"),
        ("application/jsonl", "'application/jsonl'"),
    ],
)
@pytest.mark.parametrize("address", ["/v1/score", "/v1/recommend", "/v1/events", "/v1/model/versions"])
def test_what_is_not_is_told_what_to_send(client: TestClient, address: str, kind: str | None, found: str) -> None:
    answer = client.post(address, content=BODY, headers={} if kind is None else {"Content-Type": kind})
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json")
    assert (said["found"], said["expected"]) == (found, "application/json")
    assert "alien" not in answer.text


def test_no_body_is_none_whatever_it_is_said_to_be(client: TestClient) -> None:
    for headers in ({}, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}):
        answer = client.post("/v1/score", headers=headers)
        assert (answer.status_code, answer.json()["found"]) == (422, "no body")
