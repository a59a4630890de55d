"""The HTTP service: the answers of the command line, errors as problem documents, and a real process on a free port."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.errors import ConfigError, KgrecError, QueryTimeoutError, SchemaMismatchError, StoreUnavailableError
from kgrec.graph import GraphStore
from kgrec.recommendation import Condition, Filters, Recommender
from kgrec.service.app import LONGEST_LIST, service
from tests.support.bundles import film_bundle, film_store
from tests.support.shop import Shell

PROBLEM = "application/problem+json"


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with film_store() as opened:
        yield opened


@pytest.fixture
def recommender(store: GraphStore) -> Recommender:
    return Recommender(film_bundle(store.schema, store.graph_id), store)


@pytest.fixture
def client(recommender: Recommender) -> TestClient:
    return TestClient(service(recommender), raise_server_exceptions=False)


def failing(error: Exception) -> Any:
    def fail(*arguments: Any, **named: Any) -> Any:
        raise error

    return fail


def test_health(client: TestClient, store: GraphStore) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    bundle = {"created": "2026-01-01", "graph_id": store.graph_id, "users": 3, "items": 7}
    assert answer.json() == {"status": "ok", "reason": None, "bundle": bundle}


def test_health_without_a_store() -> None:
    client = TestClient(service(Recommender(film_bundle(), degraded="the store is on holiday")))
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["reason"] == "the store is on holiday"
    assert client.get("/recommend?user=ann&k=1").json()["recommendations"][0]["item"] == "empire"


@pytest.mark.parametrize("kind", [StoreUnavailableError, QueryTimeoutError, SchemaMismatchError])
def test_health_while_the_store_is_away(
    client: TestClient, store: GraphStore, monkeypatch: pytest.MonkeyPatch, kind: type[KgrecError]
) -> None:
    monkeypatch.setattr("kgrec.graph.store_link.AGAIN_AFTER_S", 0.0)
    with monkeypatch.context() as away:
        away.setattr(store, "ping", failing(kind("nobody answers.")))
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert "nobody answers." in answer.json()["reason"]
    assert client.get("/health").json()["status"] == "ok"


def test_answers_are_those_of_the_command_line(shell: Shell) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        client = TestClient(service(recommender))
        lists = client.get("/recommend?user=ann&k=3")
        folded = client.get("/recommend", params={"history": ["star-wars", "alien"], "k": 2})
        reasons = client.get("/explain?user=ann&item=empire")
    assert lists.json() == shell("recommend", "--user", "ann", "-k", "3", "--json").json
    by_history = ("--history", "star-wars", "--history", "alien")
    assert folded.json() == shell("recommend", *by_history, "-k", "2", "--json").json
    assert reasons.json() == shell("explain", "--user", "ann", "--item", "empire", "--json").json
    assert "推荐理由" in reasons.text  # not written as \u escapes
    assert [step["type"] for path in reasons.json()["paths"] for step in path["steps"]] == ["DIRECTED_BY"] * 2


def test_the_moment_of_asking_is_handed_on(shell: Shell) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        client = TestClient(service(recommender))
        now = client.get("/recommend?user=ann&k=3&at=2000000000")
        assert client.get("/explain?user=ann&item=empire&at=soon").status_code == 422
    assert now.json() == shell("recommend", "--user", "ann", "-k", "3", "--at", "2000000000", "--json").json


FILTERS: list[tuple[dict[str, Any], Filters]] = [
    ({}, Filters()),
    (
        {"where": ["year>=1980", "year<1986"]},
        Filters(where=[Condition("year", ">=", 1980), Condition("year", "<", 1986)]),
    ),
    ({"where": ["tags in war,space"]}, Filters(where=[Condition("tags", "in", ["war", "space"])])),
    ({"allow": ["aliens", "blade", "alien"]}, Filters(allow=["aliens", "blade", "alien"])),
    ({"deny": ["empire", "nobody knows it"]}, Filters(deny=["empire", "nobody knows it"])),
    ({"cold_items": "only"}, Filters(cold_items="only")),
    ({"cold_items": "exclude", "include_seen": True}, Filters(cold_items="exclude", include_seen=True)),
    ({"include_seen": True, "deny": ["alien"]}, Filters(include_seen=True, deny=["alien"])),
]


@pytest.mark.parametrize(("given", "filters"), FILTERS)
def test_a_filter_means_the_same_everywhere(shell: Shell, given: dict[str, Any], filters: Filters) -> None:
    shell.learned()
    arguments: list[str] = []
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        for part in value if isinstance(value, list) else [value]:
            arguments += [option] if part is True else [option, part]
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        in_python = [one.item for one in recommender.recommend("ann", filters=filters)]
        over_http = TestClient(service(recommender)).get("/recommend", params={"user": "ann", **given}).json()
    assert over_http == shell("recommend", "--user", "ann", *arguments, "--json").json
    assert [one["item"] for one in over_http["recommendations"]] == in_python


@pytest.mark.parametrize(
    ("address", "option"), [("where=1990", "--where=1990"), ("where=yaer%3E1990", "--where=yaer>1990")]
)
def test_a_filter_that_cannot_be_is_refused_in_the_same_words(shell: Shell, address: str, option: str) -> None:
    shell.learned()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        answer = TestClient(service(recommender)).get(f"/recommend?user=ann&{address}")
    on_command_line = shell("recommend", "--user", "ann", option, "--json").json
    assert answer.status_code == 422
    assert {name: answer.json()[name] for name in on_command_line} == on_command_line


def test_a_list_without_explanations(client: TestClient) -> None:
    (one,) = client.get("/recommend?user=ann&k=1&explain=false").json()["recommendations"]
    assert (one["item"], one["explanation"], one["sentence"]) == ("empire", None, None)


def test_similar(client: TestClient) -> None:
    said = client.get("/similar?item=alien&k=2").json()
    assert said["item"] == "alien"
    assert [(each["rank"], each["item"]) for each in said["similar"]] == [(1, "aliens"), (2, "newcomer")]


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


def test_a_real_process(shell: Shell) -> None:
    shell.learned()
    program = "from kgrec.cli.app import main; main()"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--json"]
    process = subprocess.Popen(
        command, cwd=shell.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        url = json.loads("".join(lines))["url"]
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}/health", timeout=20) as answer:
            assert json.load(answer)["status"] == "ok"
        with urllib.request.urlopen(f"{url}/recommend?user=ann&k=1", timeout=20) as answer:
            assert json.load(answer) == shell("recommend", "--user", "ann", "-k", "1", "--json").json
        port = url.rpartition(":")[2]
        assert shell("serve", "--port", port).err == (
            "ConfigError: the service cannot listen here.\n"
            f"  where     --host 127.0.0.1 --port {port}\n"
            f"  found     Address already in use (while attempting to bind on address ('127.0.0.1', {port}))\n"
            "  expected  an address of this machine and a port that nobody uses\n"
            "  next      name another one; --port 0 takes a free port\n"
        )
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_what_cannot_be_served(shell: Shell) -> None:
    for host in ("no.such.host.invalid", "a" * 300, "192.0.2.1"):
        said = shell("serve", "--host", host)
        assert (said.code, said.err.splitlines()[0]) == (2, "ConfigError: the service cannot listen here.")
    assert shell("serve", "--port", "65536").code == 2
    assert shell("serve", "--port", "0").err.startswith("BundleError: ")


def test_the_port_is_free_again_after_a_failure(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert shell("serve", "--port", str(port)).code == 3  # no bundle
    socket.create_server(("127.0.0.1", port)).close()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_without_the_extra(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    said = shell("serve", "--json")
    assert (said.code, said.json["error"]) == (ConfigError.exit_code, "MissingExtraError")
    assert said.err == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        "  where     kgrec serve\n"
        "  found     No module named 'fastapi'\n"
        "  expected  fastapi and uvicorn\n"
        "  next      pip install 'kgrec[serve]'\n"
    )
