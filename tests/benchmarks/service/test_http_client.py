"""A client for measuring: what it sends and reads, and that a lost connection is an answer too."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from kgrec_benchmarks.service.http_client import GONE, Connection, request_bytes


def test_requests_and_answers_over_one_connection() -> None:
    heard: list[bytes] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(EOFError):  # the other side has closed
            while b"/end" not in (head := await reader.readuntil(b"\r\n\r\n")):
                length = head.decode().lower().split("content-length: ")[1].split("\r\n")[0]
                heard.append(head.split(b"\r\n")[0] + b" " + await reader.readexactly(int(length)))
                writer.write(b"HTTP/1.1 207 Multi-Status\r\nX-One: 1\r\nContent-Length: 7\r\n\r\n" + b'{"a":1}')
        writer.close()
        await writer.wait_closed()

    async def run() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Connection(url) as connection:
                for body in (None, {"k": "é"}, b"raw"):
                    answer = await connection.ask(request_bytes("POST", "/v1/x?a=1", body))
                    assert (answer.status, answer.headers["x-one"], answer.json()) == (207, "1", {"a": 1})
                assert (await connection.ask(request_bytes("GET", "/end"))).status == GONE
                assert (await connection.ask(request_bytes("GET", "/again"))).status == 207

    asyncio.run(run())
    assert heard[:3] == [
        b"POST /v1/x?a=1 HTTP/1.1 ",
        b'POST /v1/x?a=1 HTTP/1.1 {"k": "\\u00e9"}',
        b"POST /v1/x?a=1 HTTP/1.1 raw",
    ]
    assert connections == 2


def test_a_connection_that_was_ended_while_nobody_asked_is_opened_again() -> None:
    """As a server does after some seconds; that is no request without an answer."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async def run() -> list[int]:
        server = await asyncio.start_server(once, "127.0.0.1", 0)
        async with server, Connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as connection:
            first = await connection.ask(request_bytes("GET", "/"))
            await asyncio.sleep(0.1)
            return [first.status, (await connection.ask(request_bytes("GET", "/"))).status]

    assert asyncio.run(run()) == [200, 200]


def test_nobody_there() -> None:
    async def run() -> int:
        async with Connection("http://127.0.0.1:9") as connection:
            return (await connection.ask(request_bytes("GET", "/"))).status

    assert asyncio.run(run()) == GONE
