"""Intake: events from report to effect. Each is checked, written down and acknowledged, then counts at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from kgrec.data.records import Interaction
from kgrec.errors import GraphError, RecordError
from kgrec.extract.repeats import RepeatRules
from kgrec.graph.store import GraphStore, schema_of
from kgrec.live.applying import Applier, put_together
from kgrec.live.event import Event, Receipt
from kgrec.live.event_log import EventLog
from kgrec.live.event_reading import EventReader
from kgrec.live.group_commit import MOST_WAITING, GroupCommit
from kgrec.recommendation import Recommender


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


class Intake:
    """Takes in events beside a recommender that answers with them; it is the recommender's ``RecentEvents``.

    Args:
        log: stays the caller's to close.
        recommender: gives the one that answers now.
        store: the graph where it is open for writing; None for events that stay in the log.
    """

    def __init__(
        self,
        log: EventLog,
        recommender: Callable[[], Recommender],
        store: Callable[[], GraphStore | None] = lambda: None,
        *,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._log = log
        self._recommender = recommender
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

    # taking in

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
        with self._counting:
            for answer in answers:
                self._counts["refused" if isinstance(answer, RecordError) else answer.status] += 1
        return answers

    def take_up(self) -> int:
        """Number of events that were set aside and can be used by now, as after a swap of models."""
        reader = self._reader()
        taken = self._log.take_up(lambda done: not reader.why_unusable(done))
        if taken:
            self._applier.more()
        return taken

    def forget(self, user: str) -> int | None:
        """Number of interactions and events of a user that are gone; None where they are gone from the log alone.

        Raises:
            UnknownUserError: neither knows the user.
            GraphError: the graph refused; nothing was removed then.
        """
        return self._applier.forget(user)

    def _reader(self) -> EventReader:
        recommender = self._recommender()

        def has_item(item: str) -> bool:
            store = recommender.store
            try:
                return store is not None and store.node(schema_of(store).item_type, item) is not None
            except GraphError:
                return False  # it is set aside, and looked at again at the next start

        return EventReader(recommender.bundle, has_item)

    # answering with them

    def of_user(self, user: str, *, in_graph: int = 0) -> list[Interaction]:
        """What a user did after an offset, as the graph will hold it."""
        recent = self._log.of_user(user, in_graph)
        schema = self._recommender().bundle.manifest.schema
        return put_together(recent, RepeatRules(schema), self._log) if schema and recent else recent

    def since(self, offset: int, moment: float) -> tuple[int, list[Interaction]]:
        """The last offset, and what everybody did later than a moment and was reported after an offset."""
        return self._log.since(offset, moment)

    def in_graph(self) -> int:
        """An offset up to which the graph holds everything."""
        return self._applier.applied

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
