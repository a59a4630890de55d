"""Steps along streams, as the event log keeps them: an offset is written together with the events before it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_UNREAD = 10_000
"""Places of unreadable messages that are kept, the last ones; all are counted."""
_SHOWN = 20

TABLES = """
CREATE TABLE IF NOT EXISTS streams (
    name TEXT PRIMARY KEY, offset TEXT NOT NULL, messages INTEGER NOT NULL, missed INTEGER NOT NULL, arrived REAL
);
CREATE TABLE IF NOT EXISTS heard (
    stream TEXT NOT NULL, platform TEXT NOT NULL, arrived REAL NOT NULL, PRIMARY KEY (stream, platform)
);
CREATE TABLE IF NOT EXISTS unread (
    number INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, place TEXT NOT NULL, reason TEXT NOT NULL,
    arrived REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS unread_counts (
    stream TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (stream, reason)
);
"""

_STEP = """
INSERT INTO streams VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET offset = excluded.offset,
    messages = messages + excluded.messages, missed = missed + excluded.missed,
    arrived = coalesce(excluded.arrived, arrived)
"""
_HEARD = "INSERT INTO heard VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET arrived = excluded.arrived"
_UNREAD = "INSERT INTO unread (stream, place, reason, arrived) VALUES (?, ?, ?, ?)"
_COUNT = "INSERT INTO unread_counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"
_FORGET_PLACES = "DELETE FROM unread WHERE number <= (SELECT max(number) FROM unread) - ?"


@dataclass(frozen=True, slots=True)
class StreamStep:
    """What is noted of a stream together with the events of some of its messages.

    Attributes:
        stream: its name.
        offset: after those messages.
        messages: how many they are.
        missed: how many before them nobody can read any more.
        unread: place and reason of those that are no events.
        platforms: from which the others came.
    """

    stream: str
    offset: str
    messages: int = 0
    missed: int = 0
    unread: Sequence[tuple[str, str]] = ()
    platforms: Collection[str] = ()


@dataclass(frozen=True)
class StreamStanding:
    """How far a log has followed a stream.

    Attributes:
        offset: where it goes on.
        messages: how many were taken in, those that are no events included.
        missed: how many were gone before they could be read.
        arrived: unix seconds at which the last one was written down; None where none was.
        heard: the same by platform.
        unread: how many were no events, by reason.
        places: where the last of them stand, with the reason, the newest first.
    """

    offset: str
    messages: int
    missed: int
    arrived: float | None
    heard: Mapping[str, float]
    unread: Mapping[str, int]
    places: Sequence[tuple[str, str]]


def write_steps(connection: sqlite3.Connection, steps: Sequence[StreamStep], arrived: float) -> None:
    """Note steps; within the transaction that writes their events."""
    for step in steps:
        name = step.stream
        row = (name, step.offset, step.messages, step.missed, arrived if step.messages else None)
        connection.execute(_STEP, row)
        connection.executemany(_HEARD, [(name, platform, arrived) for platform in step.platforms])
        if step.unread:
            connection.executemany(_UNREAD, [(name, place, reason, arrived) for place, reason in step.unread])
            counts = Counter(reason for _, reason in step.unread)
            connection.executemany(_COUNT, [(name, reason, count) for reason, count in counts.items()])
            connection.execute(_FORGET_PLACES, (MOST_UNREAD,))


def standings(rows: Callable[..., list[Any]]) -> dict[str, StreamStanding]:
    """How far each stream was followed, by name; ``rows`` answers a query."""
    found = {}
    for name, offset, messages, missed, arrived in rows("SELECT * FROM streams ORDER BY name"):
        heard = rows("SELECT platform, arrived FROM heard WHERE stream = ? ORDER BY platform", name)
        unread = rows("SELECT reason, count FROM unread_counts WHERE stream = ? ORDER BY reason", name)
        last = f"SELECT place, reason FROM unread WHERE stream = ? ORDER BY number DESC LIMIT {_SHOWN}"
        found[name] = StreamStanding(offset, messages, missed, arrived, dict(heard), dict(unread), rows(last, name))
    return found
