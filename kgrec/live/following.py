"""Following: what a stream brings is taken in as it comes, from where the event log says that it was read up to.

A stream that cannot be read is tried again, at growing pauses. What stops for good is said and shown, never passed
over: a message that nobody can read is noted with its place and the next one is read.
"""

from __future__ import annotations

import threading
import time
from _thread import interrupt_main
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from kgrec.data.messages import EventStream, MessageBatch
from kgrec.errors import KgrecError, TooManyEventsError
from kgrec.live.entrance import Entrance

MOST_MESSAGES = 1_000
"""Messages that are taken in at once."""
SILENT_AFTER_S = 600.0
"""Seconds without a message after which it is said that a stream is silent."""
_WAIT_S = 0.25
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0


@dataclass(frozen=True)
class StreamFigures:
    """How the following of a stream stands.

    Attributes:
        name: of the stream.
        offset: where it goes on; empty before its first message.
        messages: taken in, those that are no events included, by whoever used the log.
        unread: those that are no events, by reason.
        places: where the last of them stand, with the reason, the newest first.
        missed: thrown away by the stream before they could be read.
        age_s: seconds since the last message was written down, or since it is followed where there is none.
        platform_age_s: the same by platform that was heard of.
        behind_s: seconds that the last message was on its way, by the stream's clock; None where it says none.
        failure: why it cannot be followed now; None where it can.
    """

    name: str
    offset: str
    messages: int
    unread: Mapping[str, int]
    places: Sequence[tuple[str, str]]
    missed: int
    age_s: float
    platform_age_s: Mapping[str, float]
    behind_s: float | None
    failure: str | None


class Follower:
    """Takes in the messages of a stream, in a thread of its own.

    Args:
        stream: is closed at the end.
        entrance: takes them in; stays the caller's to close, after this.
        said: is told, in a sentence, what whoever runs this should know.
        taken: is told whose events came.
        silent_after_s: after how many seconds without a message it is said that the stream is silent.

    Attributes:
        failure: why the stream cannot be followed now, None where it can.
        fault: what ended it that should not; None where nothing did.
    """

    def __init__(
        self,
        stream: EventStream,
        entrance: Entrance,
        said: Callable[[str], None],
        taken: Callable[[Collection[str]], None] = lambda users: None,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        self._stream, self._entrance = stream, entrance
        self._said, self._taken, self._silent_after_s = said, taken, silent_after_s
        self._pause_s = _FIRST_PAUSE_S
        self._behind_s: float | None = None
        self._since = self._heard = time.time()
        self._silent = self._useful = False
        self._closed = threading.Event()
        self.failure: str | None = None
        self.fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"kgrec follows {stream.name}", daemon=True)

    @property
    def name(self) -> str:
        """The stream's."""
        return self._stream.name

    def start(self) -> None:
        """Begin where the log says that the stream was read up to."""
        self._thread.start()

    def close(self) -> None:
        """Take in no more, and end; it can be called twice."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        self._stream.close()

    def figures(self) -> StreamFigures:
        """How it stands."""
        now, standing = time.time(), self._entrance.streams().get(self.name)
        if standing is None:
            return StreamFigures(self.name, "", 0, {}, (), 0, max(0.0, now - self._since), {}, None, self.failure)
        return StreamFigures(
            self.name,
            standing.offset,
            standing.messages,
            standing.unread,
            standing.places,
            standing.missed,
            max(0.0, now - (standing.arrived or self._since)),
            {platform: max(0.0, now - arrived) for platform, arrived in standing.heard.items()},
            self._behind_s,
            self.failure,
        )

    def _run(self) -> None:
        try:
            offset: str | None = None
            while not self._closed.is_set():
                try:
                    offset = self._step(offset)
                except KeyboardInterrupt:  # the embedded graph hears ctrl-c in whatever thread asks it, alone
                    interrupt_main()
                    offset = None
        except Exception as error:  # a fault of ours: who watches has to learn that nothing is taken in any more
            self.fault = error
            self.failure = f"kgrec stopped at an unexpected {type(error).__name__}: {error}"
            self._said(f"{self.name} is followed no longer: {self.failure}")

    def _step(self, offset: str | None) -> str | None:
        """Where to go on, one batch further; the same where none came."""
        try:
            if offset is None:
                standing = self._entrance.streams().get(self.name)
                offset = "" if standing is None else standing.offset
            batch = self._stream.read(offset, MOST_MESSAGES, _WAIT_S)
        except KgrecError as error:
            self._failed(error)
            return offset
        if (batch.offset != offset or batch.missed) and not self._take(batch):
            return None  # what is written down is known by the log alone
        self._works(batch)
        return batch.offset

    def _take(self, batch: MessageBatch) -> bool:
        """Whether a batch is on disk; where it is not, it is read again."""
        try:
            events = self._entrance.follow(self.name, batch)
        except TooManyEventsError as error:  # those who send events come first; the stream keeps its own
            self._closed.wait(error.retry_after_s)
            return False
        except KgrecError as error:
            self._failed(error)
            return False
        self._taken({event.interaction.user for event in events})
        if not events and not self._useful and batch.messages:
            reasons = ", ".join(self._entrance.streams()[self.name].unread)
            self._said(f"{self.name}: none of {len(batch.messages):,} messages was an event: {reasons}")
        self._useful = True  # or it was said
        if batch.missed:
            self._said(f"{self.name} has thrown away {batch.missed:,} messages before they were read")
        return True

    def _works(self, batch: MessageBatch) -> None:
        now = time.time()
        if self.failure is not None:
            self._said(f"{self.name} is followed again")
            self.failure, self._pause_s = None, _FIRST_PAUSE_S
        if batch.messages:
            if self._silent:
                self._said(f"{self.name} is silent no longer")
            self._heard, self._silent = now, False
            sent = batch.messages[-1].sent
            self._behind_s = None if sent is None else max(0.0, now - sent)
        elif now - self._heard > self._silent_after_s and not self._silent:
            self._silent = True
            self._said(f"{self.name} has been silent for {round(now - self._heard):,} seconds")

    def _failed(self, error: KgrecError) -> None:
        """Say once that the stream cannot be followed, and wait longer each time."""
        failure = error.summary if error.found is None else f"{error.summary.rstrip('.')}: {error.found}"
        if self.failure is None:
            self._said(f"{self.name} cannot be followed now and is tried again: {failure}")
        self.failure = failure
        self._closed.wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
