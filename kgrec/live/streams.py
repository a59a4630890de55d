"""Streams by address: ``jsonl:FOLDER``, ``redis://HOST:PORT/0?stream=NAME``, ``kafka://HOST:PORT/TOPIC``."""

from __future__ import annotations

from collections.abc import Sequence

from kgrec.data.messages import EventStream
from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError, did_you_mean

STREAM_GROUP = "kgrec.streams"
"""Entry points of this group are streams, by the scheme of their address."""

_LONGEST_SCHEME = 40


def known_streams() -> tuple[str, ...]:
    """Schemes of the streams that are installed."""
    return tuple(sorted({point.name for point in entry_points(group=STREAM_GROUP)}))


def open_stream(address: str) -> EventStream:
    """The stream of an address; whether it can be reached shows when it is read.

    Raises:
        ConfigError: no such scheme, or the address is not as its streams want it.
        MissingExtraError: what reads it is not installed.
    """
    scheme, colon, _ = address.partition(":")
    points = {point.name: point for point in entry_points(group=STREAM_GROUP)}
    if not colon or scheme not in points:
        found = scheme if colon else "no scheme"  # what follows may be a password
        raise ConfigError(
            "no stream has this address.",
            where="--follow",
            found=f"{found[:_LONGEST_SCHEME]}{did_you_mean(scheme, points, before=', ')}",
            expected=f"an address that begins with {', '.join(f'{name}:' for name in sorted(points))}",
            next="see docs/streams.md",
        )
    stream: EventStream = points[scheme].load()(address)
    return stream


def open_streams(addresses: Sequence[str], log: str | None) -> list[EventStream]:
    """The streams of some addresses, errors as in :func:`open_stream`; none is followed twice.

    Args:
        log: file of the event log.

    Raises:
        ConfigError: two addresses are of the same stream, or there is no log.
    """
    if addresses and not log:
        raise ConfigError(
            "--follow needs an event log.",
            where="--events",
            found="no file",
            expected="a file that is kept: it says up to where each stream was read",
            next="name one that outlives the process, such as --events shop.events",
        )
    streams: dict[str, EventStream] = {}
    for address in addresses:
        stream = open_stream(address)
        if stream.name in streams:
            raise ConfigError(
                "a stream is to be followed twice.", where="--follow", found=stream.name, next="name it once"
            )
        streams[stream.name] = stream
    return list(streams.values())
