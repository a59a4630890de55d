"""Group commit: many senders' events written down together, for a disk is asked to keep them once for all.

One commit an event is 250 events a second on an ordinary disk, a hundred a commit 15,000.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from kgrec.errors import EventLogError, TooManyEventsError
from kgrec.live.event import Event, Receipt
from kgrec.live.event_log import EventLog
from kgrec.live.stream_steps import StreamStep

WINDOW_S = 0.005
"""Seconds that the first of a group waits for others."""
GROUP = 256
"""Events that are written without waiting for more."""
MOST_WAITING = 10_000
"""Events that may wait at once; more are refused, because memory is no place for events."""

_Sent = tuple[Sequence[Event], StreamStep | None, "Future[list[Receipt]]"]


class GroupCommit:
    """Writes events from many threads into a log, those of one call all or none.

    Args:
        log: stays the caller's to close.
        written: called in the writing thread after each group.
        most_waiting: events that may wait to be written.
    """

    def __init__(
        self, log: EventLog, written: Callable[[], None] | None = None, *, most_waiting: int = MOST_WAITING
    ) -> None:
        self._log = log
        self._written = written
        self._most_waiting = most_waiting
        self._sent: deque[_Sent] = deque()
        self._waiting = 0
        self._per_s = float(GROUP)
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="kgrec events", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def waiting(self) -> int:
        """How many events are not written down yet."""
        return self._waiting

    def append(self, events: Sequence[Event], step: StreamStep | None = None) -> list[Receipt]:
        """What became of each event; they are on disk when it returns.

        Args:
            step: along the stream that they come from, which is on disk with them.

        Raises:
            TooManyEventsError: too many wait already; none of these was taken in.
            EventLogError: they could not be written, or the log was closed.
        """
        return self.send(events, step).result()

    def send(self, events: Sequence[Event], step: StreamStep | None = None) -> Future[list[Receipt]]:
        """What will become of each event; errors as in :meth:`append`, those of writing by the future."""
        future: Future[list[Receipt]] = Future()
        with self._changed:
            if self._closed:
                raise EventLogError("the event log is closed.", next="send the events to the service that runs now")
            # A single call may be as large as it likes where nobody waits, or it could never be taken in.
            if self._waiting and self._waiting + len(events) > self._most_waiting:
                raise self._too_many()
            self._waiting += len(events)
            self._sent.append((events, step, future))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Write what was taken in, and end; it can be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _too_many(self) -> TooManyEventsError:
        error = TooManyEventsError(
            "more events wait to be written down than may.",
            found=f"{self._waiting:,} are waiting",
            expected=f"at most {self._most_waiting:,}",
            next="send them again later, under the same ids",
        )
        error.retry_after_s = max(1, round(self._waiting / self._per_s))
        return error

    def _run(self) -> None:
        while group := self._next_group():
            events = [event for some, _, _ in group for event in some]
            steps = [step for _, step, _ in group if step is not None]
            began = time.monotonic()
            try:
                receipts = iter(self._log.append(events, steps))
            except Exception as error:
                for *_, future in group:
                    future.set_exception(error)
            else:
                self._per_s = max(1.0, len(events) / max(time.monotonic() - began, 1e-6))
                for some, _, future in group:
                    future.set_result([next(receipts) for _ in some])
                if self._written is not None:
                    self._written()
            finally:
                with self._changed:
                    self._waiting -= len(events)

    def _next_group(self) -> list[_Sent]:
        """What is to be written together; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._sent or self._closed)
            until = time.monotonic() + WINDOW_S
            while not self._closed and self._waiting < GROUP and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            group: list[_Sent] = []
            size = 0
            while self._sent and size < GROUP:
                group.append(self._sent.popleft())
                size += len(group[-1][0])
            return group
