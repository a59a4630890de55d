"""The server: it listens from the start, in a thread of its own, and answers when there is an application."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kgrec.service.starting import starting

_SHUTDOWN_S = 5
_IDLE_S = 30
_LOOK_EVERY_S = 1.0


class Listening:
    """Takes in requests while it is open.

    Who asks before there is an application is told to come again: a model and a graph that are large take their time,
    and whoever watches the process has to tell that from one that does not answer.

    Args:
        listener: stays the caller's to close.
        threads: requests that are worked on at once. More than there are processors hold each other up.
        ends_within_s: seconds for the requests under way at the end.
        turns_away_s: seconds before that in which no connections are taken, and those that there are closed by answers.
    """

    def __init__(
        self,
        listener: socket.socket,
        threads: int = 2,
        *,
        ends_within_s: int = _SHUTDOWN_S,
        turns_away_s: float = 0.0,
    ) -> None:
        self._threads = threads
        self._turns_away_s = turns_away_s
        self._turns_away = False
        # Its connections have it too: else a body waits up to 40 ms for the header before it to be acknowledged.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener = listener
        self._app: ASGIApp = starting
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                lifespan="off",
                access_log=False,  # query strings hold user ids, which have no place in a log
                log_config=None,  # its own would close the handlers of everybody else in the process
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=ends_within_s,
                timeout_keep_alive=_IDLE_S,
            )
        )
        self._server.config.load()  # it imports what it listens with, which whoever forks has done before
        self._failure: BaseException | None = None
        self._ended = threading.Event()  # a thread's join that a signal interrupts takes the thread to have ended
        self._thread = threading.Thread(target=self._run, name="kgrec answers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def answer_with(self, app: ASGIApp) -> None:
        """Answer with an application from now on."""
        self._app = app

    def until_stopped(self, told: Callable[[float], bool] | None = None) -> None:
        """Return when the server has ended; what a signal raises meanwhile ends it after the requests under way.

        Args:
            told: whether it is to end, waiting so many seconds; None where a signal raises.
        """
        try:
            if told is None:
                self._ended.wait()
            else:
                while not (self._ended.is_set() or told(_LOOK_EVERY_S)):
                    pass
        finally:
            self._turn_away()
            self._stop()
        if self._failure is not None:
            raise self._failure

    def _turn_away(self) -> None:
        """For a while, take no new connections and close each of the others with its next answer."""
        if self._turns_away_s:
            self._turns_away = True
            for server in getattr(self._server, "servers", ()):  # there are none before it has started
                server.get_loop().call_soon_threadsafe(server.close)
            self._ended.wait(self._turns_away_s)

    def _stop(self) -> None:
        self._server.should_exit = True
        try:
            self._ended.wait()
        except BaseException:  # a second signal: at once
            self._server.force_exit = True
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        current_default_thread_limiter().total_tokens = self._threads  # it is one of the loop that this runs in
        await self._app(scope, receive, self._closing(send) if self._turns_away else send)

    @staticmethod
    def _closing(send: Send) -> Send:
        """Sends an answer after which the connection is closed."""

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        return closing

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        except BaseException as error:
            self._failure = error
        finally:
            self._ended.set()
