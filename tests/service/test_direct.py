"""What is answered past FastAPI is what FastAPI answers."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.app import service
from kgrec.service.direct import Direct

ADDRESSES = [
    "/v1/recommend?user=ann",
    "/v1/recommend?user=ann&k=2&explain=short&language=zh",
    "/v1/recommend?history=alien&history=empire&deny=heat&explain=standard",
    "/v1/recommend?history=alien&history=nothing&cold_items=only&at=1e9&include_seen=true",
    "/v1/recommend?user=ann&where=year%3E%3D1980&where=year%3C1990",
    "/v1/recommend?user=nobody",
    "/v1/recommend?user=ann&user=ann",
    "/v1/recommend?user=ann&k=0&kk=3&cold_items=x",
    "/v1/recommend?user=ann&history=alien",
    "/v1/recommend?user=&language=",
    "/v1/recommend?user=ann&language=tlh",
    "/v1/recommend?user=%FF%00",
    "/v1/recommend",
    "/v1/explain?user=ann&item=empire",
    "/v1/explain?user=ann&item=empire&explain=none",
    "/v1/explain?user=ann&item=nothing",
    "/v1/explain?history=alien&item=empire&item=heat",
    "/v1/similar?item=empire",
]


def told(client: TestClient, address: str) -> tuple[int, dict[str, str], Any]:
    answer = client.get(address, headers={"X-Request-ID": "one"})
    return answer.status_code, dict(answer.headers), answer.json()


@pytest.mark.parametrize("scopes", [[Scope.READ, Scope.EXPLAIN_ANYBODY], [Scope.READ], [Scope.WRITE]])
@pytest.mark.parametrize("address", ADDRESSES)
def test_answers_are_the_same(
    recommender: Recommender, address: str, scopes: list[Scope], monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, key = KeyRing.empty().with_new("front", scopes, 1e6)

    def answer() -> tuple[int, dict[str, str], Any]:
        return told(TestClient(service(recommender, ring=ring), headers={"Authorization": f"Bearer {key}"}), address)

    direct = answer()
    monkeypatch.setattr(Direct, "_answer", _nothing)
    assert answer() == direct


def test_what_is_right_does_not_reach_fastapi(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("FastAPI reads parameters")

    monkeypatch.setattr("fastapi.routing.solve_dependencies", read)
    assert client.get("/v1/recommend?user=ann").status_code == 200
    assert client.get("/v1/similar?item=empire").status_code == 500


async def _nothing(*_: object) -> None:
    return None
