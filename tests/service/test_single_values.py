"""What stands in an address and cannot be meant is refused: twice the same, or anything where a body says it all."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize(
    "address",
    [
        "POST /v1/recommend",
        "POST /v1/score",
        "POST /v1/explain",
        "POST /v1/what-if",
        "POST /v1/events",
        "DELETE /v1/users/ann",
        "GET /v1/model",
        "GET /v1/model/card",
        "GET /v1/model/versions",
        "GET /v1/operation",
        "GET /health/ready",
        "GET /metrics",
    ],
)
def test_a_parameter_where_there_are_none_is_refused(client: TestClient, address: str) -> None:
    method, path = address.split(" ")
    answer = client.request(method, path, params={"k": 3, "at": 1}, json={"user": "ann", "item": "aliens"})
    assert answer.status_code == 422
    assert answer.json()["summary"] == "the address takes no parameters."
    assert (answer.json()["where"], answer.json()["found"]) == ("query", "'at', 'k'")
    assert answer.json()["expected"] == ("a body that has them" if method == "POST" else "none")


def test_what_a_body_says_is_not_said_beside_it(client: TestClient) -> None:
    assert len(client.post("/v1/recommend", json={"user": "ann", "k": 1}).json()["recommendations"]) == 1
    assert client.post("/v1/recommend?k=1", json={"user": "ann"}).status_code == 422
