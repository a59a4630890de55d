"""Links of OpenAPI: which question follows from which answer, with what of it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

_LINKS: dict[tuple[str, str], dict[str, tuple[str, str, dict[str, Any]]]] = {
    ("GET", "/v1/search"): {
        "similar to the best match": ("GET", "/v1/similar", {"item": "$response.body#/matches/0/id"}),
    },
    ("GET", "/v1/similar"): {
        "similar to the most similar": ("GET", "/v1/similar", {"item": "$response.body#/similar/0/item"}),
    },
    ("GET", "/v1/recommend"): {
        "why the best": (
            "GET",
            "/v1/explain",
            {"user": "$response.body#/user", "item": "$response.body#/recommendations/0/item"},
        ),
    },
    ("POST", "/v1/events"): {
        "the history of who did it": ("GET", "/v1/users/{user}", {"user": "$request.body#/user"}),
        "what to show them next": ("GET", "/v1/recommend", {"user": "$request.body#/user"}),
        "where events stand": ("GET", "/v1/events", {}),
    },
    ("GET", "/v1/users/{user}"): {
        "what to show them next": ("GET", "/v1/recommend", {"user": "$response.body#/user"}),
        "why their last item has its score": (
            "GET",
            "/v1/explain",
            {"user": "$response.body#/user", "item": "$response.body#/history/0/item"},
        ),
        "forget them": ("DELETE", "/v1/users/{user}", {"user": "$response.body#/user"}),
    },
    ("DELETE", "/v1/users/{user}"): {
        "nobody knows them": ("GET", "/v1/users/{user}", {"user": "$response.body#/user"}),
    },
    ("GET", "/v1/model/versions"): {
        "answer with the newest": ("POST", "/v1/model/versions", {"version": "$response.body#/versions/0/id"}),
    },
    ("POST", "/v1/model/versions"): {
        "answer with the one before": ("POST", "/v1/model/versions", {"version": "$response.body#/before"}),
    },
}
"""By the operation that was asked: what can be asked next, and where its parameters, or the fields of its body, are."""


def link(app: FastAPI) -> None:
    """Make an application's OpenAPI say which question follows from which answer."""
    described = app.openapi

    def linked() -> dict[str, Any]:
        schema = described()
        for (method, path), links in _LINKS.items():
            ok = schema["paths"][path][method.lower()]["responses"]["200"]
            ok["links"] = {name: _link(*of) for name, of in links.items()}
        return schema

    app.openapi = linked  # type: ignore[method-assign]


def _link(method: str, path: str, values: dict[str, Any]) -> dict[str, Any]:
    where = path.replace("~", "~0").replace("/", "~1")
    given: dict[str, Any] = {"operationRef": f"#/paths/{where}/{method.lower()}"}
    if values:
        given["requestBody" if method == "POST" else "parameters"] = values
    return given
