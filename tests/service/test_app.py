"""The HTTP application: errors as problem documents, hostile ids, many threads, and what OpenAPI promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from kgrec.errors import KgrecError, QueryTimeoutError, SchemaMismatchError, StoreUnavailableError
from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.requests import LONGEST_LIST
from tests.support.shop import Shell

PROBLEM = "application/problem+json"


def failing(error: Exception) -> Any:
    def fail(*arguments: Any, **named: Any) -> Any:
        raise error

    return fail


def test_an_unknown_item_is_not_found(client: TestClient) -> None:
    answer = client.get("/v1/explain?user=ann&item=empyre", headers={"X-Request-ID": "mine-7"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no such item in the bundle.",
        "instance": "mine-7",
        "error": "UnknownItemError",
        "summary": "there is no such item in the bundle.",
        "where": None,
        "found": "'empyre'",
        "expected": "one of 7 item ids",
        "next": "did you mean 'empire'?",
    }
    assert answer.headers["x-request-id"] == "mine-7"
    assert client.get("/v1/similar?item=").status_code == 404


@pytest.mark.parametrize("wrong", ["An", "anm", "ann ", "bb", "COLD", "x:ann"])
def test_an_unknown_user_is_not_found_and_nobody_else_is_named(client: TestClient, wrong: str) -> None:
    for answer in (
        client.get("/v1/recommend", params={"user": wrong}),
        client.get("/v1/explain", params={"user": wrong, "item": "empire"}),
        client.post("/v1/score", json={"user": wrong, "items": ["empire"]}),
        client.post("/v1/what-if", json={"user": wrong}),
        client.get(f"/v1/users/{wrong}"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "UnknownUserError")
        told = answer.text.replace(wrong, "")
        assert not [name for name in ("ann", "bob", "cold") if f"'{name}'" in told]


@pytest.mark.parametrize(
    ("address", "found", "expected"),
    [
        ("/v1/recommend", "neither", "one of them"),
        ("/v1/recommend?user=ann&history=alien", "both", "one of them"),
        ("/v1/explain?user=ann", "no item", "item: Field required"),
        ("/v1/recommend?user=ann&k=0", "k = '0'", "k: Input should be greater than or equal to 1"),
        ("/v1/recommend?user=ann&k=101", "k = '101'", f"k: Input should be less than or equal to {LONGEST_LIST}"),
        (
            "/v1/recommend?user=ann&cold_items=some",
            "cold_items = 'some'",
            "cold_items: Input should be 'include', 'only' or 'exclude'",
        ),
        ("/v1/similar?item=alien&K=3", "K = '3'", "K: Extra inputs are not permitted"),
        (
            "/v1/recommend?k=ten&usr=ann",
            "k = 'ten'; usr = 'ann'",
            "k: Input should be a valid integer, unable to parse string as an integer; "
            "usr: Extra inputs are not permitted",
        ),
        ("/v1/recommend?user=ann&language=tlh", "'tlh'", "one of en, zh"),
    ],
)
def test_a_bad_request(client: TestClient, address: str, found: str, expected: str) -> None:
    answer = client.get(address)
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"], said["status"]) == (422, PROBLEM, 422)
    assert (said["error"], said["found"], said["expected"]) == ("ConfigError", found, expected)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SchemaMismatchError("another graph."), 409),
        (StoreUnavailableError("nobody answers."), 503),
        (QueryTimeoutError("too slow."), 503),
        (KgrecError("something else."), 500),
    ],
)
def test_errors_of_kgrec_have_their_status(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch, error: KgrecError, status: int
) -> None:
    monkeypatch.setattr(recommender, "recommend", failing(error))
    answer = TestClient(service(recommender)).get("/v1/recommend?user=ann")
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert {name: answer.json()[name] for name in error.as_dict()} == error.as_dict()


def test_an_unknown_address_and_a_wrong_method(client: TestClient) -> None:
    nowhere, put = client.get("/nowhere"), client.put("/v1/recommend")
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, PROBLEM)
    assert nowhere.json()["where"] == "'GET /nowhere'"
    assert (put.status_code, put.headers["content-type"]) == (405, PROBLEM)
    assert put.headers["allow"]


def test_hostile_ids_come_back_as_text(client: TestClient) -> None:
    for text in ("' OR 1=1 //", "\x00", "推荐\u202e", "<script>", "x" * 512, "%00%FF"):
        answer = client.get("/v1/recommend", params={"user": text})
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
        assert len(answer.content) < 2_000
    assert client.get("/v1/recommend", params={"user": "x" * 513}).status_code == 422


def test_many_threads_share_a_recommender(shell: Shell) -> None:
    shell.learned()
    asked = [
        "/v1/explain?user=ann&item=empire",
        "/v1/recommend?user=bob&k=5",
        "/v1/recommend?history=alien&explain=full",
        "/health/ready",
    ]
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        client = TestClient(service(recommender))
        alone = [client.get(address).json() for address in asked]
        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(lambda n: client.get(asked[n % 4]).json(), range(160)))
    assert together == [alone[n % 4] for n in range(160)]


def test_answers_are_as_openapi_says(client: TestClient) -> None:
    described = client.get("/openapi.json").json()

    def check(path: str, method: str, answer: Any) -> None:
        content = described["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        schema = content[answer.headers["content-type"].partition(";")[0]]["schema"]
        validator = Draft202012Validator({**schema, "components": described["components"]})
        assert [error.message for error in validator.iter_errors(answer.json())] == []

    for explain in ("none", "short", "standard", "full"):
        check("/v1/recommend", "get", client.get(f"/v1/recommend?user=ann&explain={explain}"))
    check("/v1/recommend", "post", client.post("/v1/recommend", json={"history": []}))
    for explain in ("short", "standard", "full"):
        check("/v1/explain", "get", client.get(f"/v1/explain?user=ann&item=empire&explain={explain}"))
    check("/v1/what-if", "post", client.post("/v1/what-if", json={"user": "ann", "without": ["alien"]}))
    check("/v1/score", "post", client.post("/v1/score", json={"user": "ann", "items": ["alien"]}))
    check("/v1/similar", "get", client.get("/v1/similar?item=alien"))
    check("/v1/search", "get", client.get("/v1/search?text=star"))
    check("/v1/users/{user}", "get", client.get("/v1/users/ann"))
    check("/v1/model", "get", client.get("/v1/model"))
    check("/v1/model/card", "get", client.get("/v1/model/card"))
    check("/health/live", "get", client.get("/health/live"))
    check("/health/ready", "get", client.get("/health/ready"))
    check("/v1/similar", "get", client.get("/v1/similar?item=nothing"))
    check("/v1/similar", "get", client.get("/v1/similar"))


def test_every_error_is_described_for_every_resource(client: TestClient) -> None:
    for path, resource in client.get("/openapi.json").json()["paths"].items():
        for name, method in resource.items():
            described = {int(status) for status in method["responses"]}
            some_refused = {207} if (path, name) == ("/v1/events", "post") else set()
            assert described - some_refused == {
                200,
                400,
                401,
                403,
                404,
                405,
                408,
                409,
                413,
                415,
                421,
                422,
                429,
                500,
                503,
            }
