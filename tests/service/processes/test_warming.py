"""Warming: lists and reasons of some users were asked for, and no thread is left that a fork would not have."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.processes import warming
from kgrec.service.processes.forking import no_thread_left
from kgrec.service.processes.warming import warm
from tests.support.bundles import USERS


def test_lists_and_reasons_were_answered(recommender: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bytes, int]] = []

    def heard(*arguments: Any, **options: Any) -> Any:
        app = service(*arguments, **options)

        async def answered(scope: Any, receive: Any, send: Any) -> None:
            async def noted(message: Any) -> None:
                if message["type"] == "http.response.start":
                    asked.append((scope["path"], scope["query_string"], message["status"]))
                await send(message)

            await app(scope, receive, noted)

        return answered

    monkeypatch.setattr(warming, "service", heard)
    before = threading.active_count()
    with no_thread_left():
        warm(recommender)
    assert threading.active_count() == before
    for path in ("/", "/openapi.json", "/v1/model"):
        assert (path, b"", 200) in asked
    for user in USERS:
        assert ("/v1/recommend", f"user={user}".encode(), 200) in asked
        assert ("/v1/recommend", f"explain=standard&user={user}".encode(), 200) in asked
