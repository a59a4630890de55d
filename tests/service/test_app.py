"""The HTTP application: errors as problem documents, hostile ids, and many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

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


def test_similar(client: TestClient) -> None:
    answer = client.get("/similar?item=alien&k=2").json()
    assert answer["item"] == "alien"
    assert [(one["rank"], one["item"]) for one in answer["similar"]] == [(1, "aliens"), (2, "newcomer")]


def test_an_unknown_id_is_not_found(client: TestClient) -> None:
    answer = client.get("/explain?user=ann&item=empyre")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no such item in the bundle.",
        "error": "UnknownItemError",
        "summary": "there is no such item in the bundle.",
        "where": None,
        "found": "'empyre'",
        "expected": "one of 7 item ids",
        "next": "did you mean 'empire'?",
    }
    assert client.get("/recommend?user=nobody").status_code == 404
    assert client.get("/recommend?history=nothing").status_code == 404
    assert client.get("/similar?item=").status_code == 404


@pytest.mark.parametrize(
    ("address", "found", "expected"),
    [
        ("/recommend", "neither", "one of them"),
        ("/recommend?user=ann&history=alien", "both", "one of them"),
        ("/explain?user=ann", "no item", "item: Field required"),
        ("/recommend?user=ann&k=0", "k = '0'", "k: Input should be greater than or equal to 1"),
        ("/recommend?user=ann&k=101", "k = '101'", f"k: Input should be less than or equal to {LONGEST_LIST}"),
        (
            "/recommend?user=ann&cold_items=some",
            "cold_items = 'some'",
            "cold_items: Input should be 'include', 'only' or 'exclude'",
        ),
        ("/similar?item=alien&K=3", "K = '3'", "K: Extra inputs are not permitted"),
        (
            "/recommend?k=ten&usr=ann",
            "k = 'ten'; usr = 'ann'",
            "k: Input should be a valid integer, unable to parse string as an integer; "
            "usr: Extra inputs are not permitted",
        ),
    ],
)
def test_a_bad_request(client: TestClient, address: str, found: str, expected: str) -> None:
    answer = client.get(address)
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"], said["status"]) == (422, PROBLEM, 422)
    assert (said["error"], said["where"], said["found"], said["expected"]) == ("ConfigError", "query", found, expected)


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
    answer = TestClient(service(recommender)).get("/recommend?user=ann")
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert {name: answer.json()[name] for name in error.as_dict()} == error.as_dict()


def test_a_fault_says_nothing_of_its_inside(client: TestClient, recommender: Recommender) -> None:
    recommender.similar_items = failing(ValueError("secret"))  # type: ignore[method-assign]
    answer = client.get("/similar?item=alien")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert answer.json()["summary"] == "kgrec has a fault."
    assert "secret" not in answer.text


def test_an_unknown_address_and_a_wrong_method(client: TestClient) -> None:
    nowhere, posted = client.get("/nowhere"), client.post("/recommend")
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, PROBLEM)
    assert nowhere.json()["where"] == "'GET /nowhere'"
    assert nowhere.json()["expected"] == "GET and one of /explain, /health, /recommend, /similar"
    assert (posted.status_code, posted.headers["content-type"]) == (405, PROBLEM)
    assert posted.headers["allow"] == "GET"


def test_hostile_ids_come_back_as_text(client: TestClient) -> None:
    for text in ("' OR 1=1 //", "\x00", "推荐\u202e", "<script>", "x" * 5_000, "%00%FF"):
        answer = client.get("/recommend", params={"user": text})
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
        assert len(answer.content) < 2_000


def test_many_threads_share_a_recommender(shell: Shell) -> None:
    shell.learned()
    asked = ["/explain?user=ann&item=empire", "/recommend?user=bob&k=5", "/recommend?history=alien", "/health"]
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        client = TestClient(service(recommender))
        alone = [client.get(address).json() for address in asked]
        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(lambda n: client.get(asked[n % 4]).json(), range(160)))
    assert together == [alone[n % 4] for n in range(160)]
