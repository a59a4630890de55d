"""The event log: events in one order, on disk before anybody is told that they arrived.

A file of SQLite with a write-ahead log. ``synchronous`` is FULL on every connection that writes: with NORMAL, which
some builds have as their default, a power cut takes commits that were acknowledged. The offset of an event is its row
number; none is given twice.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kgrec.data.records import Interaction
from kgrec.errors import EventLogError
from kgrec.live.event import Event, Receipt, Status
from kgrec.live.log_lock import locked
from kgrec.live.stream_steps import TABLES as STREAM_TABLES
from kgrec.live.stream_steps import StreamStanding, StreamStep, standings, write_steps
from kgrec.plain_text import local_path

FORMAT = 2
"""Version of the tables, kept in the file."""

_PATIENCE_S = 10.0
_TABLES = """
CREATE TABLE IF NOT EXISTS log (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    offset INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, arrived REAL NOT NULL,
    type TEXT, user TEXT, item TEXT, kind TEXT, platform TEXT, time REAL, weight REAL, context TEXT
);
CREATE INDEX IF NOT EXISTS events_of_user ON events (user, offset);
CREATE TABLE IF NOT EXISTS aside (
    digest BLOB PRIMARY KEY, reason TEXT NOT NULL, arrived REAL NOT NULL,
    type TEXT, user TEXT, item TEXT, kind TEXT, platform TEXT, time REAL, weight REAL, context TEXT
);
"""
_RECEIPTS = (
    "SELECT offset, NULL FROM events WHERE digest = ?",
    "SELECT NULL, iif(user IS NULL, NULL, reason) FROM aside WHERE digest = ?",  # nothing of who was forgotten
)
_COLUMNS = "type, user, item, kind, platform, time, weight, context"
_CLOCK_STEP_S = 1e-6


class EventLog:
    """Events in the order in which they were written down; threads may share it.

    One process takes events in; others may read its file and forget users meanwhile. Two would answer without each
    other's events, and each with a graph of its own.

    Args:
        path: of the file, made where it is not there; its folder must exist.
        takes_in: events will be appended. Whoever does holds a lock, a file beside the log's, until the log is closed
            or the process is gone.
        clock: unix seconds. Set back, it does not disorder anything: no moment is given twice, and none before another.

    Attributes:
        identity: random name of this log; a graph notes under it how far it has got.

    Raises:
        EventLogError: the file cannot be opened, or is something else; or another process takes in events with it.
    """

    def __init__(self, path: str | Path, *, takes_in: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.path = local_path(path)
        self._clock = clock
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._open: list[sqlite3.Connection] = []
        self._lock: int | None = None
        if not self.path.parent.is_dir():
            raise EventLogError(
                "the folder of the event log does not exist.",
                where=str(self.path),
                found=f"no folder '{self.path.parent}'",
                next="create it, on a disk that outlives the process",
            )
        if takes_in:
            self._lock = locked(self.path)
        try:
            with self._refusals():
                self._writer = self._connect()
                self._writer.executescript(_TABLES + STREAM_TABLES)
                self._add_context()
                facts = {"identity": uuid.uuid4().hex, "format": str(FORMAT), "last time": "0"}
                for name, value in facts.items():
                    self._writer.execute("INSERT INTO log VALUES (?, ?) ON CONFLICT DO NOTHING", (name, value))
                self._reader = self._connect()
                self.identity, form = self._fact("identity"), self._fact("format")
            if form != str(FORMAT):
                raise EventLogError(
                    "the event log was written by another version of kgrec.",
                    where=str(self.path),
                    found=f"format {form}",
                    expected=f"format {FORMAT}",
                    next="use the kgrec that wrote it, or name another file",
                )
        except EventLogError:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        self._open.append(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left in free pages
        return connection

    def _add_context(self) -> None:
        """Logs of earlier versions have no column for what is known of the circumstances."""
        for table in ("events", "aside"):
            if "context" not in {name for _, name, *_ in self._writer.execute(f"PRAGMA table_info({table})")}:
                self._writer.execute(f"ALTER TABLE {table} ADD COLUMN context TEXT")

    def __repr__(self) -> str:
        return f"EventLog({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file; it can be called twice."""
        with self._writing, self._reading:
            while self._open:
                self._open.pop().close()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    # writing

    def append(self, events: Sequence[Event], steps: Sequence[StreamStep] = ()) -> list[Receipt]:
        """What became of each event; all are on disk together when it returns, or none is.

        Args:
            steps: along the streams that they come from, which are on disk with them.

        Raises:
            EventLogError: they could not be written, as on a full disk.
        """
        with self._transaction() as connection:
            last = float(self._fact("last time", connection))
            receipts = []
            for event in events:
                receipt, last = self._append(connection, event, last)
                receipts.append(receipt)
            connection.execute("UPDATE log SET value = ? WHERE name = 'last time'", (repr(last),))
            write_steps(connection, steps, self._clock())
        return receipts

    def _append(self, connection: sqlite3.Connection, event: Event, last: float) -> tuple[Receipt, float]:
        """The receipt of an event, and the last moment that was given to one."""
        for text in _RECEIPTS:
            if known := connection.execute(text, (event.digest,)).fetchone():
                return Receipt("repeated", *known), last
        done, arrived = event.interaction, self._clock()
        if done.time is None:
            last = max(arrived, last + _CLOCK_STEP_S)
            done = replace(done, time=last)
        values = (done.type, done.user, done.item, done.kind, done.platform, done.time, done.weight, done.context)
        if event.aside:
            aside = (event.digest, event.aside, arrived, *values)
            connection.execute("INSERT INTO aside VALUES (?,?,?,?,?,?,?,?,?,?,?)", aside)
            return Receipt("set aside", None, event.aside), last
        row = connection.execute(
            f"INSERT INTO events (digest, arrived, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (event.digest, arrived, *values),
        )
        return Receipt("accepted", row.lastrowid), last

    def take_up(self, usable: Callable[[Interaction], bool]) -> int:
        """Number of events that were set aside and can be used now: they come after all others, in their old order."""
        with self._transaction() as connection:
            rows = connection.execute(
                f"SELECT digest, arrived, {_COLUMNS} FROM aside WHERE user IS NOT NULL ORDER BY rowid"
            ).fetchall()
            taken = [row for row in rows if usable(_done(row[2:]))]
            connection.executemany(
                f"INSERT INTO events (digest, arrived, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", taken
            )
            connection.executemany("DELETE FROM aside WHERE digest = ?", [row[:1] for row in taken])
        return len(taken)

    def forget_expired(self, type: str, kinds: Sequence[str], first: float, before: float) -> int:
        """Number of events of some kinds that are blank now, which were done from a moment on and before another."""
        chosen = f"type = ? AND kind IN ({', '.join('?' * len(kinds))}) AND time >= ? AND time < ?"
        return self._blank([(chosen, (type, *kinds, first, before))])

    def kinds(self, type: str) -> list[str]:
        """Kinds of the events of a type, those that are set aside included."""
        text = "SELECT kind FROM events WHERE type = ? UNION SELECT kind FROM aside WHERE type = ?"
        return sorted(str(kind) for (kind,) in self._rows(text, type, type) if kind is not None)

    def forget(self, *users: str) -> int:
        """Number of some users' events that are gone; their places stay, empty, so that none comes a second time.

        Raises:
            EventLogError: it cannot be written, or whoever reads it keeps it from leaving the write-ahead log.
        """
        return self._blank([("user = ?", (user,)) for user in users])

    def _blank(self, chosen: Sequence[tuple[str, tuple[Any, ...]]]) -> int:
        with self._transaction() as connection:
            blank = ", ".join(f"{name} = NULL" for name in _COLUMNS.split(", "))
            removed = 0
            for (where, values), table in product(chosen, ("events", "aside")):
                removed += connection.execute(f"UPDATE {table} SET {blank} WHERE {where}", values).rowcount
        self._fold()
        return removed

    def rewrite(self) -> None:
        """Write the file anew: between its rows there are traces of what was blanked, of which SQLite clears most.

        Raises:
            EventLogError: it cannot be written, or whoever reads it keeps traces from leaving the write-ahead log.
        """
        with self._refusals(), self._writing:
            self._writer.execute("VACUUM")
        self._fold()

    def _fold(self) -> None:
        """Nothing is left in the write-ahead log."""
        with self._refusals(), self._writing:
            busy, *_ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise EventLogError(
                "what was forgotten stands in the write-ahead log still.",
                where=str(self.path),
                found="another process that reads it all the time",
                next="run the same again; the events themselves are blank already",
            )

    # reading

    def after(self, offset: int, most: int) -> list[tuple[int, Interaction | None]]:
        """The next events after an offset with their own, in order; None where one was forgotten."""
        text = f"SELECT offset, {_COLUMNS} FROM events WHERE offset > ? ORDER BY offset LIMIT ?"
        return [
            (place, None if values[1] is None else _done(values)) for place, *values in self._rows(text, offset, most)
        ]

    def of_user(self, user: str, after: int = 0) -> list[Interaction]:
        """What a user did after an offset, in order."""
        text = f"SELECT {_COLUMNS} FROM events WHERE user = ? AND offset > ? ORDER BY offset"
        return [_done(row) for row in self._rows(text, user, after)]

    def since(self, offset: int, moment: float) -> tuple[int, list[Interaction]]:
        """The last offset, and what everybody did later than a moment, of what was written down after an offset."""
        last = self.last_offset
        if last <= offset:
            return last, []
        text = f"SELECT {_COLUMNS} FROM events WHERE offset > ? AND offset <= ? AND time > ? ORDER BY offset"
        return last, [_done(row) for row in self._rows(text, offset, last, moment)]

    def everything_of(self, user: str) -> list[dict[str, Any]]:
        """All that is kept of a user's events, those that are set aside included: as they came, and when."""
        names = ("offset", "reason", "arrived", *_COLUMNS.split(", "))
        text = (
            f"SELECT offset, NULL, arrived, {_COLUMNS} FROM events WHERE user = ? UNION ALL "
            f"SELECT NULL, reason, arrived, {_COLUMNS} FROM aside WHERE user = ? ORDER BY arrived"
        )
        return [dict(zip(names, row, strict=True)) for row in self._rows(text, user, user)]

    @property
    def last_offset(self) -> int:
        """The largest offset there is, 0 where there is none."""
        return int(self._rows("SELECT coalesce(max(offset), 0) FROM events")[0][0])

    def age_after(self, offset: int) -> float | None:
        """Seconds since the first event after an offset arrived, None where there is none."""
        found = self._rows("SELECT arrived FROM events WHERE offset > ? ORDER BY offset LIMIT 1", offset)
        return max(0.0, self._clock() - found[0][0]) if found else None

    def streams(self) -> dict[str, StreamStanding]:
        """How far each stream was followed, by its name."""
        return standings(self._rows)

    def set_aside(self) -> dict[str, int]:
        """How many events are set aside, by reason."""
        text = "SELECT reason, count(*) FROM aside WHERE user IS NOT NULL GROUP BY reason ORDER BY reason"
        return dict(self._rows(text))

    def receipt_of(self, event: Event) -> Receipt | None:
        """What became of an event that may have been written down; None where it was not."""
        statuses: tuple[Status, Status] = ("accepted", "set aside")
        for text, status in zip(_RECEIPTS, statuses, strict=True):
            if found := self._rows(text, event.digest):
                return Receipt(status, *found[0])
        return None

    def _rows(self, text: str, *values: Any) -> list[Any]:
        with self._refusals(), self._reading:
            return self._reader.execute(text, values).fetchall()

    def _fact(self, name: str, connection: sqlite3.Connection | None = None) -> str:
        text = "SELECT value FROM log WHERE name = ?"
        return str((connection or self._writer).execute(text, (name,)).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable change: all of it, or nothing where it raises."""
        with self._refusals(), self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # a full disk has rolled it back
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """What SQLite says, as an error of kgrec."""
        try:
            yield
        except sqlite3.Error as error:
            raise EventLogError(
                "the event log cannot be used now; nothing was written.",
                where=str(self.path),
                found=str(error),
                expected="a file of kgrec on a disk with room",
                next="make room, or name another file; events that were not acknowledged have to be sent again",
            ) from error


def _done(values: Sequence[Any]) -> Interaction:
    """An interaction by its columns."""
    type, user, item, kind, platform, time, weight, context = values
    return Interaction(type, user, item, kind, platform, time, weight, context=context or "")
