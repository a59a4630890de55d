"""A real Redis: entries are read once in their order, and what was trimmed away unread is counted."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence

import pytest

from kgrec.data.messages import EMPTY, NO_TEXT, TOO_LONG
from kgrec.errors import MissingExtraError, SourceError
from kgrec.live.streams import open_stream
from kgrec.testing.event_stream import EventStreamContract
from kgrec_loaders.redis_stream import RedisStream
from tools.redis_server import RedisServer


@pytest.fixture
def address(redis_server: RedisServer) -> str:
    """Of a stream that nobody has written to."""
    return f"{redis_server.url}?stream={uuid.uuid4()}"


@pytest.fixture
def stream(address: str) -> Iterator[RedisStream]:
    opened = RedisStream(address)
    yield opened
    opened.close()


def key_of(address: str) -> str:
    return address.partition("stream=")[2]


class TestRedisStream(EventStreamContract):
    @pytest.fixture
    def address(self, redis_server: RedisServer) -> str:
        self.server = redis_server
        return f"{redis_server.url}?stream={uuid.uuid4()}"

    @pytest.fixture
    def away(self) -> str:
        return "redis://127.0.0.1:1/0?stream=s"

    @pytest.fixture
    def wrong(self) -> Mapping[str, str]:
        return {
            "no stream=NAME": "redis://127.0.0.1:6379/0",
            "no host": "redis:?stream=s",
            "redis: it cannot be read": "redis://u:secret@h:port/0?stream=s",
            "redis: Port": "redis://h:99999/0?stream=s",
        }

    def send(self, address: str, contents: Sequence[bytes]) -> None:
        with self.server.client() as client:
            for content in contents:
                client.xadd(key_of(address), {"json": content})


def ids(stream: RedisStream, after: str = "") -> tuple[list[object], str, int]:
    """Ids of the next events, the offset after them, and how many were missed."""
    batch = stream.read(after, 100, 0.01)
    return [one.report["id"] if one.report else one.fault for one in batch.messages], batch.offset, batch.missed


def test_an_entry_may_be_an_event_field_by_field(stream: RedisStream, address: str, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.xadd(key_of(address), {"id": 1, "user": "雪", "item": "a", "weight": 4.5}, id="1700000000500-3")
        client.xadd(key_of(address), {"user": b"\xff"})
        client.xadd(key_of(address), {"json": b""})
        client.xadd(key_of(address), {"json": b"{}", "user": "ann"})
        client.xadd(key_of(address), {"user": "x" * 2**20})
    first, *others = stream.read("", 10, 0).messages
    assert first.report == {"id": "1", "user": "雪", "item": "a", "weight": "4.5"}
    assert (first.place, first.sent) == ("1700000000500-3", 1_700_000_000.5)
    assert [one.fault for one in others] == [NO_TEXT, EMPTY, "", TOO_LONG]
    assert others[2].report == {"json": "{}", "user": "ann"}


def test_ids_that_are_no_moments_say_no_time(stream: RedisStream, address: str, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.xadd(key_of(address), {"id": 1}, id="7-1")
    assert stream.read("", 10, 0).messages[0].sent is None


def test_a_name_has_no_login() -> None:
    stream = RedisStream("redis://ann:secret@example.org/2?stream=shop&socket_timeout=3")
    assert stream.name == "redis://example.org:6379/2?stream=shop"
    stream.close()


def test_what_was_trimmed_unread_is_counted_once(stream: RedisStream, address: str, redis_server: RedisServer) -> None:
    key = key_of(address)
    with redis_server.client() as client:

        def add(first: int, end: int) -> None:
            for number in range(first, end):
                client.xadd(key, {"id": number})

        add(0, 5)
        client.xtrim(key, maxlen=3, approximate=False)  # before anybody followed: nobody could have read them
        found, offset, missed = ids(stream)
        assert (found, missed) == (["2", "3", "4"], 0)
        client.xtrim(key, maxlen=1, approximate=False)  # of what was read
        add(5, 7)
        found, offset, missed = ids(stream, offset)
        assert (found, missed) == (["5", "6"], 0)
        add(7, 17)
        client.xtrim(key, maxlen=4, approximate=False)
        found, offset, missed = ids(stream, offset)
        assert (found, missed) == (["13", "14", "15", "16"], 6)
        assert ids(stream, offset) == ([], offset, 0)
        add(17, 20)
        client.xtrim(key, maxlen=0, approximate=False)
        found, after, missed = ids(stream, offset)
        assert (found, missed) == ([], 3)
        assert ids(stream, after) == ([], after, 0)


def test_a_stream_that_is_made_anew_is_read_from_its_start(
    stream: RedisStream, address: str, redis_server: RedisServer
) -> None:
    key = key_of(address)
    with redis_server.client() as client:
        client.xadd(key, {"id": 1}, id="1700000000500-1")
        _, offset, _ = ids(stream)
        client.delete(key)
        assert ids(stream, offset) == ([], offset, 0)
        client.xadd(key, {"id": 2}, id="1600000000000-1")
        assert ids(stream, offset)[0] == ["2"]


def test_a_key_that_is_no_stream_is_an_error(stream: RedisStream, address: str, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.set(key_of(address), "text")
    with pytest.raises(SourceError, match="cannot be read") as caught:
        stream.read("", 10, 0)
    assert "WRONGTYPE" in str(caught.value)


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "kgrec_loaders.redis_stream")
    with pytest.raises(MissingExtraError, match="optional") as caught:
        open_stream("redis://localhost/0?stream=s")
    assert caught.value.next == "pip install 'kgrec[redis]'"
