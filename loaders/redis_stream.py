"""A stream of Redis: ``redis://HOST:PORT/DATABASE?stream=NAME``, also ``rediss://`` for TLS.

An entry is either one field ``json`` with an event, or an event field by field (``XADD shop * user ada item tent-4``).
No consumer group is needed: how far it was read stands with the events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from kgrec.data.messages import LONGEST_MESSAGE, NO_TEXT, TOO_LONG, Message, MessageBatch, message_of
from kgrec.data.time_units import EARLIEST, LATEST
from kgrec.errors import ConfigError, SourceError, missing_extra, shorten

try:
    import redis
except ImportError as error:
    raise missing_extra("redis", "redis", where="--follow redis:...", found=str(error)) from error

_START = "0-0"
_TIMEOUT_S = 5.0
_JSON = b"json"


class RedisStream:
    """Reads entries after an id, and counts those that were trimmed away before they were read.

    An offset is JSON: the id of the last entry that was read, and how many entries the stream was given up to it.

    Args:
        address: as above; user and password may stand in it, and settings of redis-py after ``?``.

    Raises:
        ConfigError: it is no such address.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        settings = dict(parse_qsl(parts.query))
        key = settings.pop("stream", "")
        try:
            if not key or not parts.hostname:
                raise ValueError("no host" if key else "no stream=NAME")
            url = urlunsplit(parts._replace(query=urlencode(settings)))
            timeouts = {"socket_timeout": _TIMEOUT_S, "socket_connect_timeout": _TIMEOUT_S}
            self._redis: Any = redis.Redis.from_url(url, **timeouts, protocol=2)
            port, database = parts.port or 6379, self._redis.connection_pool.connection_kwargs.get("db", 0)
        except (ValueError, TypeError) as error:
            raise ConfigError(
                "the address names no stream of Redis.",
                where="--follow",
                found=f"{parts.scheme}: {str(error) if not parts.password else 'it cannot be read'}",
                expected="redis://HOST:PORT/DATABASE?stream=NAME, with USER:PASSWORD@ before the host where needed",
                next="put it into quotes, so that the shell leaves it in one piece",
            ) from error
        self._key = key
        self.name = f"{parts.scheme}://{parts.hostname}:{port}/{database}?stream={key}"

    def read(self, after: str, most: int, wait_s: float) -> MessageBatch:
        """As :class:`~kgrec.data.messages.EventStream` says."""
        last, count = json.loads(after) if after else (_START, None)
        try:
            batch = self._entries(last, count, most)
            if not batch.messages:
                self._redis.xread({self._key: last}, count=1, block=max(1, round(1e3 * min(wait_s, _TIMEOUT_S / 2))))
                batch = self._entries(last, count, most)
        except redis.RedisError as error:
            raise SourceError(
                "the stream of Redis cannot be read.",
                where=self.name,
                found=shorten(str(error)),
                expected="a server that answers, and a stream under this name",
                next="start it, or correct the address",
            ) from error
        return batch if batch.messages or batch.missed else MessageBatch((), after)

    def close(self) -> None:
        """End the connections."""
        self._redis.close()

    def _entries(self, last: str, count: int | None, most: int) -> MessageBatch:
        """The entries after an id that are there now, and how many are gone that were before them."""
        with self._redis.pipeline(transaction=True) as both:  # nothing is trimmed between the two
            both.xinfo_stream(self._key)
            both.xread({self._key: last}, count=most)
            about, reply = both.execute(raise_on_error=False)
        if isinstance(about, redis.ResponseError) and "no such key" in str(about):
            return MessageBatch((), "")
        for answer in (about, reply):
            if isinstance(answer, Exception):
                raise answer
        if _number(about["last-generated-id"]) < _number(last.encode()):
            return self._entries(_START, None, most)  # another stream under the same name, or an older copy of it
        entries = reply[0][1] if reply else []
        given = about.get("entries-added")  # from Redis 7 on
        gone = 0 if given is None else given - about["length"]
        if count is None or (given is not None and given < count):
            count = gone
        missed = max(0, gone - count)
        last = entries[-1][0].decode() if entries else last
        offset = json.dumps([last, count + missed + len(entries)])
        return MessageBatch([_message(*entry) for entry in entries], offset, missed)


def _number(id: bytes) -> tuple[int, int]:
    first, _, second = id.partition(b"-")
    return int(first), int(second)


def _message(id: bytes, fields: Mapping[bytes, bytes]) -> Message:
    place, seconds = id.decode(), _number(id)[0] / 1e3
    sent = seconds if EARLIEST <= seconds <= LATEST else None  # who adds entries may choose other ids
    if list(fields) == [_JSON]:
        return message_of(fields[_JSON], place, sent)
    if sum(len(name) + len(value) for name, value in fields.items()) > LONGEST_MESSAGE:
        return Message(place, None, TOO_LONG, sent)
    try:
        return Message(place, {name.decode(): value.decode() for name, value in fields.items()}, sent=sent)
    except UnicodeDecodeError:
        return Message(place, None, NO_TEXT, sent)
