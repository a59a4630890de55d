"""A client that costs little beside what it measures: HTTP/1.1 over asyncio, connections kept."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

GONE = 0
"""Status of a request whose connection ended without an answer."""


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are small."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


_NO_ANSWER = Answer(GONE, {}, b"")


class Connection:
    """One connection, opened when it is needed and again after it was lost.

    Args:
        url: of the service, such as ``http://127.0.0.1:8000``.
    """

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._host, self._port = where.hostname or "127.0.0.1", where.port or 80
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        writer = self._open[1] if self._open is not None else None
        self.close()
        if writer is not None:
            with suppress(OSError):
                await writer.wait_closed()

    def close(self) -> None:
        """End it; the next request opens another."""
        if self._open is not None:
            self._open[1].close()
        self._open = None

    async def ask(self, request: bytes, timeout_s: float = 30.0) -> Answer:
        """The answer to a request of :func:`request_bytes`; of status GONE where there was none in time."""
        try:
            return await asyncio.wait_for(self._ask(request), timeout_s)
        except (OSError, EOFError, ValueError, TimeoutError):
            self.close()
            return _NO_ANSWER

    async def _ask(self, request: bytes) -> Answer:
        if self._open is not None and self._open[0].at_eof():
            self.close()  # the server ended it while nobody asked, as it may
        if self._open is None:
            self._open = await asyncio.open_connection(self._host, self._port, limit=2**20)
        reader, writer = self._open
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(head[0].split()[1]), headers, body)


def request_bytes(method: str, address: str, body: Any = None) -> bytes:
    """A request as it goes over the wire; what is no bytes is sent as JSON."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"{method} {address} HTTP/1.1", "Host: localhost", f"Content-Length: {len(content)}"]
    if body is not None:
        head.append("Content-Type: application/json")
    return "\r\n".join([*head, "", ""]).encode() + content
