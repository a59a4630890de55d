"""Every link of OpenAPI leads from an operation that there is to another, with parameters that this one has."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from kgrec.service.links import _LINKS


def described(client: TestClient, method: str, path: str) -> dict[str, Any]:
    of: dict[str, Any] = client.get("/openapi.json").json()["paths"][path][method.lower()]
    return of


def test_links_lead_somewhere(client: TestClient) -> None:
    for (method, path), links in _LINKS.items():
        ok = described(client, method, path)["responses"]["200"]
        assert {name: link["operationRef"] for name, link in ok["links"].items()} == {
            name: f"#/paths/{target.replace('/', '~1')}/{how.lower()}" for name, (how, target, _) in links.items()
        }
        assert "content" in ok  # beside what it was described with
        for how, target, values in links.values():
            parameters = {one["name"] for one in described(client, how, target).get("parameters", ())}
            assert how == "POST" or set(values) <= parameters


def test_an_answer_still_names_its_model(client: TestClient) -> None:
    assert "X-Kgrec-Model" in described(client, "GET", "/v1/recommend")["responses"]["200"]["headers"]
