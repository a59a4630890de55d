"""A recommender whose Neo4j server dies and comes back: lists go on, explanations say what they lack and recover."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.graph.store_link import AGAIN_AFTER_S
from kgrec.recommendation import Recommendation, Recommender
from kgrec.service.app import service
from tests.support.bundles import film_bundle, film_store
from tools.neo4j.server import Neo4jServer

FIRST_S, LATER_S = 3.0, 0.5
WHY = "no graph paths, and history as of the bundle: the store cannot be reached (the server cannot be reached.)"
pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


def learned(url: str, folder: Path) -> str:
    """The graph in the server, and a bundle of it."""
    with film_store(url=url) as store:
        film_bundle(store.schema, store.graph_id).save(folder / "films.bundle")
    return str(folder / "films.bundle")


def listed(recommender: Recommender) -> tuple[list[Recommendation], float]:
    """An explained list and how many seconds it took."""
    started = time.monotonic()
    found = recommender.recommend("ann", k=3, explain=True)
    return found, time.monotonic() - started


def whole(found: list[Recommendation]) -> bool:
    """Whether the explanations have what only the graph can say, and nothing is missing."""
    assert [each.item for each in found] == ["empire", "aliens", "newcomer"]
    explanations = [each.explanation for each in found if each.explanation]
    return all(it.degraded is None and it.paths for it in explanations) and len(explanations) == 3


def lacking(found: list[Recommendation]) -> None:
    assert [each.item for each in found] == ["empire", "aliens", "newcomer"]
    for each in found:
        assert each.explanation is not None
        assert (each.explanation.degraded, each.explanation.paths) == (WHY, ())


def seconds_until(condition: Callable[[], bool]) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < AGAIN_AFTER_S + 20, "it did not recover"
        time.sleep(0.2)
    return time.monotonic() - started


def survives(recommender: Recommender, server: Neo4jServer) -> None:
    """Without the server, and with it again."""
    first, first_s = listed(recommender)
    lacking(first)
    again, again_s = listed(recommender)
    lacking(again)
    assert recommender.degraded is not None
    time.sleep(AGAIN_AFTER_S)  # and the store is asked once more
    probed, probed_s = listed(recommender)
    lacking(probed)
    server.restart()
    back_s = seconds_until(lambda: whole(listed(recommender)[0]))
    sys.stdout.write(
        f"first {first_s:.2f} s, then {again_s:.3f} s, asked again {probed_s:.2f} s, whole after {back_s:.1f} s\n"
    )
    assert max(first_s, probed_s) < FIRST_S
    assert again_s < LATER_S
    assert recommender.degraded is None


@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
def test_a_server_that_dies(neo4j_managed: Neo4jServer, neo4j_url: str, tmp_path: Path, scheme: str) -> None:
    url = neo4j_url.replace("neo4j:", f"{scheme}:", 1)
    with Recommender.open(learned(url, tmp_path), url) as recommender:
        seconds_until(lambda: whole(listed(recommender)[0]))  # a cold server's first look-ups run out of their time
        neo4j_managed.kill()
        survives(recommender, neo4j_managed)
        neo4j_managed.kill()  # and a second time
        survives(recommender, neo4j_managed)


def test_a_server_that_is_away_from_the_start(neo4j_managed: Neo4jServer, neo4j_url: str, tmp_path: Path) -> None:
    bundle = learned(neo4j_url, tmp_path)
    neo4j_managed.kill()
    started = time.monotonic()
    with Recommender.open(bundle, neo4j_url) as recommender:
        assert time.monotonic() - started < FIRST_S
        assert recommender.store is None
        survives(recommender, neo4j_managed)
        assert recommender.store is not None


def test_over_http(neo4j_managed: Neo4jServer, neo4j_url: str, tmp_path: Path) -> None:
    with Recommender.open(learned(neo4j_url, tmp_path), neo4j_url) as recommender:
        client = TestClient(service(recommender))

        def asked(path: str) -> dict[str, Any]:
            answer = client.get(path)
            assert answer.status_code == 200
            body: dict[str, Any] = answer.json()
            return body

        assert asked("/health/ready")["status"] == "ok"
        seconds_until(lambda: whole(listed(recommender)[0]))
        whole_answer = asked("/v1/recommend?user=ann&k=3&explain=standard")
        neo4j_managed.kill()
        health = asked("/health/ready")
        reason = "the store cannot be reached (the server cannot be reached.)"
        assert (health["status"], health["reason"]) == ("degraded", reason)
        explained = asked("/v1/explain?user=ann&item=empire")
        assert explained["explanation"]["degraded"] == WHY
        assert not [path for reason in explained["explanation"]["reasons"] for path in reason.get("paths", [])]
        assert asked("/v1/recommend?user=ann&k=3&explain=standard") != whole_answer
        assert client.get("/v1/recommend?user=nobody").status_code == 404
        neo4j_managed.restart()
        seconds_until(lambda: asked("/health/ready")["status"] == "ok")
        seconds_until(lambda: asked("/v1/recommend?user=ann&k=3&explain=standard") == whole_answer)
