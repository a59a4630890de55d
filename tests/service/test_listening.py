"""A server that listens before there is anything to answer with, and ends when a signal comes."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from anyio import to_thread
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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, also in a process that was started with it ignored, as shells do in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before or signal.SIG_DFL)


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


def test_a_small_answer_is_not_held_back(listener: socket.socket) -> None:
    """The kernel sends a body at once, though the header before it is not acknowledged yet."""
    Listening(listener)
    with socket.create_connection(listener.getsockname()), listener.accept()[0] as connection:
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_as_many_requests_are_worked_on_at_once_as_it_is_given_threads(listener: socket.socket) -> None:
    together, most, lock, port = list[int](), list[int](), threading.Lock(), listener.getsockname()[1]
    all_in = threading.Barrier(2)

    def work() -> None:
        with lock:
            together.append(1)
            most.append(len(together))
        all_in.wait(20)  # two at once, or it breaks
        with lock:
            together.pop()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await to_thread.run_sync(work)
        await PlainTextResponse("done")(scope, receive, send)

    with Listening(listener, threads=2) as listening, ThreadPoolExecutor(6) as asking:
        listening.answer_with(app)
        assert list(asking.map(lambda _: status(port, "/"), range(6))) == [200] * 6
    assert max(most) == 2


@pytest.mark.usefixtures("interruptible")
def test_a_signal_ends_it(listener: socket.socket) -> None:
    with Listening(listener) as listening:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            listening.until_stopped()


@pytest.mark.usefixtures("interruptible")
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


def test_whoever_logs_in_the_process_goes_on(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = logging.StreamHandler(io.StringIO())
    monkeypatch.setattr(theirs, "close", lambda: pytest.fail("closed"))
    with Listening(listener):
        pass
