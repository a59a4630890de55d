"""A server that listens before there is anything to answer with, and ends when a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from kgrec.recommendation import Recommender
from kgrec.service.app import service
from kgrec.service.listening import Listening
from tests.support.bundles import film_bundle


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def status(port: int, address: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{address}", timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_it_answers_before_there_is_an_application_and_then_with_it(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with Listening(listener) as listening:
        assert status(port, "/health/live") == 200
        assert [status(port, of) for of in ("/health/ready", "/v1/recommend?user=ann")] == [503, 503]
        listening.answer_with(service(Recommender(film_bundle())))
        assert [status(port, of) for of in ("/health/ready", "/v1/recommend?user=ann")] == [200, 200]
    with pytest.raises(urllib.error.URLError):
        status(port, "/health/live")


def test_a_signal_ends_it(listener: socket.socket) -> None:
    with Listening(listener) as listening:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            listening.until_stopped()


def test_a_signal_does_not_end_a_request_under_way(listener: socket.socket) -> None:
    begun, answered, answers = threading.Event(), threading.Event(), list[int]()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.sleep(0.5)
        await PlainTextResponse("done")(scope, receive, send)
        answered.set()

    def ask() -> None:
        answers.append(status(listener.getsockname()[1], "/"))

    with Listening(listener) as listening:
        listening.answer_with(slow)
        asking = threading.Thread(target=ask)
        asking.start()
        assert begun.wait(20)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            listening.until_stopped()
        assert answered.is_set()  # before what it answers from is closed
        asking.join(20)
    assert answers == [200]


def test_a_server_that_fails_says_so(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: uvicorn.Server, sockets: list[socket.socket]) -> None:
        raise RuntimeError("no loop.")

    monkeypatch.setattr(uvicorn.Server, "run", fail)
    with Listening(listener) as listening, pytest.raises(RuntimeError, match="no loop"):
        listening.until_stopped()
