"""What stands before every resource: who asks, how much, how long; and what every answer carries."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kgrec.service.access import ANYBODY
from kgrec.service.api_keys import KeyRing, RateLimits
from kgrec.service.audit import note_fault
from kgrec.service.json_answers import ANSWERED_BY
from kgrec.service.problems import fault, refusal

if TYPE_CHECKING:
    from kgrec.service.monitoring import Measured

_REQUEST_ID = re.compile(r"[\w.-]{1,64}")
_OPEN = ("/health/", "/openapi.json", "/page/")
"""Addresses that need no key begin so."""
_PAGES = ("/", "/operators")
"""Pages need none either: what they show is asked for with one."""
_WITH_KEY = "Authorization: Bearer KEY"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
)
_KEPT_NOWHERE = (b"cache-control", b"no-store")
"""Answers are about people; what is not says itself how long it may be kept."""


@dataclass(frozen=True)
class Limits:
    """What one request may cost, and how many there may be.

    Attributes:
        body_bytes: of a request.
        seconds: until an answer, with the time that the body takes to arrive.
        at_once: requests being answered, also those whose time is over and whose work is not.
    """

    body_bytes: int = 1_048_576
    seconds: float = 10.0
    at_once: int = 256


class Guard:
    """The application behind its limits.

    Args:
        app: what answers.
        ring: the keys; without any, nobody is asked for one.
        hosts: names under which the service is asked; None for any. Without keys a page of another site, whose name
            was made to mean this machine, must not be answered.
        rates: what the keys have left; None where nobody else asks.
    """

    def __init__(
        self,
        app: ASGIApp,
        ring: KeyRing,
        limits: Limits,
        measured: Measured,
        hosts: Collection[str] | None = None,
        rates: RateLimits | None = None,
    ) -> None:
        self._app = app
        self._ring = ring
        self._limits = limits
        self._measured = measured
        self._hosts = hosts
        self._rates = rates or RateLimits(ring.keys)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = identified(scope)
        answer = Answer(scope, send)
        started = time.perf_counter()
        try:
            problem = self._refused(request) or await self._answered(scope, receive, answer)
            if problem is not None:
                await problem(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._measured.answered(route, answer.status, time.perf_counter() - started)

    def _refused(self, request: Request) -> Response | None:
        """Why a request is not even read."""
        if self._hosts is not None and _host(request) not in self._hosts:
            return refusal(request, 421, "the service is not asked under this name.", "one of its own names")
        if self._under_way >= self._limits.at_once:
            return refusal(request, 503, "too many requests are being answered.", "fewer at once", retry_after=1)
        request.scope["kgrec.caller"] = ANYBODY
        if not self._ring.keys or request.url.path in _PAGES or request.url.path.startswith(_OPEN):
            return None
        scheme, _, text = request.headers.get("authorization", "").strip().partition(" ")
        if not scheme or (scheme.lower() == "bearer" and not text.strip()):
            return refusal(request, 401, "a key is needed.", _WITH_KEY, found="no key")
        if scheme.lower() != "bearer":
            return refusal(request, 401, "the key is not given as Bearer.", _WITH_KEY, found="something else")
        key = self._ring.key_of(text.strip())
        if key is None:
            return refusal(request, 401, "the key is not known.", "one of `kgrec key list` when the service started")
        request.scope["kgrec.caller"] = key.caller
        wait = self._rates.seconds_to_wait(key)
        if wait:
            return refusal(
                request, 429, "the key has made too many requests.", f"{key.per_second:g} a second", retry_after=wait
            )
        return None

    async def _answered(self, scope: Scope, receive: Receive, answer: Answer) -> Response | None:
        """Let the application answer; what is to be said in its place where it does not."""
        request = Request(scope)
        ends = time.monotonic() + self._limits.seconds
        if not _has_body(scope):  # most have none, and a timer for each would cost as much as the rest of this
            return await self._worked_on(scope, receive, answer, ends)
        try:
            body = await asyncio.wait_for(self._body(receive), self._limits.seconds)
        except TimeoutError:
            return refusal(request, 408, "the request's body took too long.", f"{self._limits.seconds:g} seconds")
        if body is None:
            return refusal(request, 413, "the request's body is too large.", f"{self._limits.body_bytes} bytes")
        return await self._worked_on(scope, _Replayed(body, receive), answer, ends)

    async def _worked_on(self, scope: Scope, receive: Receive, answer: Answer, ends: float) -> Response | None:
        """Likewise of a request whose body is there, or that has none."""
        request, until_late = Request(scope), _UntilLate(answer)
        task = asyncio.ensure_future(self._app(scope, receive, until_late))
        self._under_way += 1
        self._measured.under_way.inc()
        task.add_done_callback(self._over)
        done, _ = await asyncio.wait({task}, timeout=max(0.0, ends - time.monotonic()))
        if not done:
            until_late.late = True
            if answer.status:  # it has begun: the connection ends in its middle
                return None
            return refusal(request, 503, "the answer takes too long.", f"{self._limits.seconds:g} seconds", 1)
        error = task.exception()
        if error is not None:
            note_fault(scope["kgrec.request_id"], error)
            return None if answer.status else fault(request)
        return None

    def _over(self, task: asyncio.Future[None]) -> None:
        self._under_way -= 1
        self._measured.under_way.dec()
        if not task.cancelled():
            task.exception()  # it was said already, or its answer comes too late for anybody

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body, None where it is longer than it may be."""
        parts: list[bytes] = []
        left = self._limits.body_bytes
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"".join(parts)
            parts.append(message.get("body", b""))
            left -= len(parts[-1])
            if left < 0:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)


def _has_body(scope: Scope) -> bool:
    """Whether a request brings a body: one without says neither how long it is nor that it comes in parts."""
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _host(request: Request) -> str:
    """The name under which a request asks, without its port."""
    return re.sub(r":\d*$", "", request.headers.get("host", "")).strip("[]").lower()


def identified(scope: Scope) -> Request:
    """A request under its id, which it brings or gets."""
    request = Request(scope)
    given = request.headers.get("x-request-id", "")
    scope["kgrec.request_id"] = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    return request


class Answer:
    """Sends an answer with the headers that every answer has.

    Args:
        scope: of a request that is identified.

    Attributes:
        status: of the answer, 0 before it has begun.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self.status = 0
        self._scope = scope
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = [*_HEADERS, (b"x-request-id", self._scope["kgrec.request_id"].encode())]
            if all(name.lower() != b"cache-control" for name, _ in message.get("headers", ())):
                own.append(_KEPT_NOWHERE)
            if version := self._scope.get(ANSWERED_BY):
                own.append((b"x-kgrec-model", version.encode()))
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await self._send(message)


class _UntilLate:
    """Sends what the application says, until its time is over."""

    def __init__(self, answer: Answer) -> None:
        self.late = False
        self._answer = answer

    async def __call__(self, message: Message) -> None:
        if not self.late:
            await self._answer(message)


class _Replayed:
    """Receives a body that was read already, then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
