"""Entrance: the one way of events into a log and on into a graph, whether they are sent or read from a stream."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from kgrec.data.messages import Message, MessageBatch
from kgrec.errors import RecordError
from kgrec.graph.store import GraphStore
from kgrec.live.applying import Applier
from kgrec.live.event import Event, Receipt
from kgrec.live.event_log import EventLog
from kgrec.live.event_reading import EventReader
from kgrec.live.group_commit import MOST_WAITING, GroupCommit
from kgrec.live.stream_steps import StreamStanding, StreamStep


@dataclass(frozen=True)
class EventCounts:
    """What became of the events that this process was given, and where they stand.

    Attributes:
        accepted, repeated, set_aside, refused: of those given since it started.
        aside: in the log, by reason, of whoever wrote them.
        waiting: given, and not written down yet.
        last_offset, applied_offset: of the log, and of what the graph holds.
        behind_s: seconds since the oldest event that the graph does not hold arrived; None where it holds all.
        dangling: events that did not go into the graph, because it has no such item.
        failure: why events cannot go into the graph now, None where they can.
    """

    accepted: int
    repeated: int
    set_aside: int
    refused: int
    aside: Mapping[str, int]
    waiting: int
    last_offset: int
    applied_offset: int
    behind_s: float | None
    dangling: int
    failure: str | None


class Entrance:
    """Takes in events: each is checked, written down and then applied to the graph.

    Args:
        log: stays the caller's to close.
        reader: gives what reads reports now.
        store: the graph where it is open for writing; None for events that stay in the log.
        most_waiting: events that may wait to be written down.
    """

    def __init__(
        self,
        log: EventLog,
        reader: Callable[[], EventReader],
        store: Callable[[], GraphStore | None] = lambda: None,
        *,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._log = log
        self._reader = reader
        self._applier = Applier(log, store)
        self._commit = GroupCommit(log, self._applier.more, most_waiting=most_waiting)
        self._counting = threading.Lock()
        self._counts = {"accepted": 0, "repeated": 0, "set aside": 0, "refused": 0}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin to apply; first what was left by whoever used the log before, and what can be used by now."""
        self.take_up()
        self._applier.start()

    def close(self) -> None:
        """Write down and apply what was taken in, and end."""
        self._commit.close()
        self._applier.close()

    def report(self, reports: Sequence[Mapping[str, Any]]) -> list[Receipt | RecordError]:
        """What became of each report; what was not refused is on disk, and counts in the next answer.

        Raises:
            TooManyEventsError: too many wait already; none of these was taken in.
            EventLogError: they could not be written; none was.
        """
        reader = self._reader()
        read: list[Event | RecordError] = []
        for report in reports:
            try:
                read.append(reader.read(report))
            except RecordError as error:
                read.append(error)
        events = [one for one in read if isinstance(one, Event)]
        receipts = iter(self._commit.append(events) if events else ())
        answers = [one if isinstance(one, RecordError) else next(receipts) for one in read]
        self._count(answers)
        return answers

    def follow(self, stream: str, batch: MessageBatch) -> list[Event]:
        """The events of a stream's messages; they are on disk, together with the offset after them.

        What is no event is noted with its place. A message without an id is named by its place, so that it counts once.

        Args:
            stream: its name.

        Raises:
            TooManyEventsError, EventLogError: as in :meth:`report`; the offset stayed where it was.
        """
        reader = self._reader()
        events: list[Event] = []
        unread: list[tuple[str, str]] = []
        for message in batch.messages:
            try:
                events.append(_event_of(message, stream, reader))
            except RecordError as error:
                unread.append((message.place, error.reason))
        platforms = {one.interaction.platform for one in events if not one.aside}
        step = StreamStep(stream, batch.offset, len(batch.messages), batch.missed, unread, platforms)
        self._count(self._commit.append(events, step), refused=len(unread))
        return events

    def take_up(self) -> int:
        """Number of events that were set aside and can be used by now, as after a swap of models."""
        reader = self._reader()
        taken = self._log.take_up(lambda done: not reader.why_unusable(done))
        if taken:
            self._applier.more()
        return taken

    def streams(self) -> dict[str, StreamStanding]:
        """How far each stream was followed, by whoever used the log."""
        return self._log.streams()

    def counts(self) -> EventCounts:
        """What became of the events."""
        given, applied = self._counts, self._applier.applied
        return EventCounts(
            given["accepted"],
            given["repeated"],
            given["set aside"],
            given["refused"],
            self._log.set_aside(),
            self._commit.waiting,
            self._log.last_offset,
            applied,
            self._log.age_after(applied),
            self._applier.dangling,
            self._applier.failure,
        )

    def _count(self, answers: Sequence[Receipt | RecordError], refused: int = 0) -> None:
        with self._counting:
            self._counts["refused"] += refused
            for answer in answers:
                self._counts["refused" if isinstance(answer, RecordError) else answer.status] += 1


def _event_of(message: Message, stream: str, reader: EventReader) -> Event:
    """The event of a message.

    Raises:
        RecordError: it is none.
    """
    if message.report is None:
        error = RecordError("the message is no event.", where=message.place, found=message.fault)
        error.reason = message.fault
        raise error
    report = message.report
    if report.get("id") in (None, ""):
        place = f"{stream}\0{message.place}".encode()
        report = {**report, "id": hashlib.blake2b(place, digest_size=16).hexdigest()}
    return reader.read(report, message.sent)
