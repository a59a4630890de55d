"""What problem documents say of a body: what stands there and what should, in the words of whoever sent it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("address", ["/v1/recommend", "/v1/score", "/v1/what-if", "/v1/events", "/v1/model/versions"])
def test_a_body_that_is_no_json(client: TestClient, address: str) -> None:
    cut = client.post(address, content=b'{"user": "ann" ', headers=JSON)
    assert (cut.status_code, cut.headers["content-type"]) == (400, "application/problem+json")
    assert cut.json()["summary"] == "the request's body cannot be read."
    assert cut.json()["found"] == "Expecting ',' delimiter, at character 15"
    for content in (b'{"user": "\xff"}', b"[" * 100_000):
        answer = client.post(address, content=content, headers=JSON)
        assert (answer.status_code, answer.json()["summary"]) == (400, "the request's body cannot be read.")


@pytest.mark.parametrize(
    ("address", "body", "found", "expected"),
    [
        (
            "/v1/events",
            "x",
            "body = 'x'",
            "body: Input should be an object, or: Input should be a valid list",
        ),
        ("/v1/events", [5], "body = [5]; 0 = 5", "body: Input should be an object; 0: Input should be an object"),
        (
            "/v1/recommend",
            {"history": ["alien", 5]},
            "history.1 = 5",
            "history.1: Input should be a valid string, or: Input should be an object",
        ),
        (
            "/v1/recommend",
            {"history": [{"item": "alien", "Kind": "buy"}, {}], "k": 0},
            "history.0 = {'item': 'alien', 'Kind': 'buy'}; history.0.Kind = 'buy'; history.1 = {}; no history.1.item; "
            "k = 0",
            "history.0: Input should be a valid string; history.0.Kind: Extra inputs are not permitted; "
            "history.1: Input should be a valid string; history.1.item: Field required; "
            "k: Input should be greater than or equal to 1",
        ),
        ("/v1/score", {"user": "ann"}, "no items", "items: Field required"),
        ("/v1/score", 7, "body = 7", "body: Input should be an object"),
        ("/v1/model/versions", {"version": 7}, "version = 7", "version: Input should be a valid string"),
        ("/v1/model/versions", [], "body = []", "body: Input should be an object"),
    ],
)
def test_a_body_that_does_not_fit(client: TestClient, address: str, body: Any, found: str, expected: str) -> None:
    answer = client.post(address, json=body)
    assert (answer.status_code, answer.json()["where"]) == (422, "body")
    assert (answer.json()["found"], answer.json()["expected"]) == (found, expected)
