"""Warming: what answers has been used before a process forks, so that its workers have in common what that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

import numpy as np
from starlette.types import ASGIApp, Message, Scope

from kgrec.recommendation import Recommender
from kgrec.service.app import service

_USERS = 5
_OF_NOBODY = "/", "/openapi.json", "/v1/model", "/v1/recommend?user="
_OF_USERS = "/v1/recommend?user=", "/v1/recommend?explain=standard&user="


def warm(recommender: Recommender) -> None:
    """Ask an application that nobody else asks for some users' lists and reasons, and for its pages."""
    users, app = recommender.bundle.users, service(recommender, cache_bytes=0)
    some = [users[int(row)] for row in np.linspace(0, len(users) - 1, min(_USERS, len(users)))]
    asyncio.run(_asked(app, [*_OF_NOBODY, *(address + quote(user, safe="") for user in some for address in _OF_USERS)]))


async def _asked(app: ASGIApp, addresses: Sequence[str]) -> None:
    for address in addresses:
        path, _, query = address.partition("?")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [],
            "client": None,
            "server": None,
        }
        await app(scope, _nothing, _unheard)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(message: Message) -> None:
    """Whatever is answered, it has been worked out."""
