"""A stream that says what it is told to, for what real ones do too seldom."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from kgrec.data.messages import Message, MessageBatch, message_of
from kgrec.errors import SourceError


class TestedStream:
    """Messages of a list; an offset is how many were read. While ``fails`` is set, it is raised.

    Attributes:
        reads: offsets that were asked for.
    """

    __test__ = False  # no class of tests

    def __init__(self, *reports: Any, name: str = "tested:stream") -> None:
        self.name = name
        self.fails: Exception | None = None
        self.missed = 0
        self.reads: list[str] = []
        self.closed = False
        self.messages: list[Message] = []
        self.add(*reports)

    def add(self, *reports: Any, sent: float | None = None) -> None:
        """Messages more: bytes as they are, others as JSON."""
        for report in reports:
            content = report if isinstance(report, bytes) else json.dumps(report).encode()
            self.messages.append(message_of(content, f"place {len(self.messages)}", sent))

    def read(self, after: str, most: int, wait_s: float) -> MessageBatch:
        self.reads.append(after)
        if self.fails is not None:
            raise self.fails
        start = int(after or 0)
        found = self.messages[start : start + most]
        if not found:
            time.sleep(min(wait_s, 0.005))
            return MessageBatch((), after)
        missed, self.missed = self.missed, 0
        return MessageBatch(found, str(start + len(found)), missed)

    def close(self) -> None:
        self.closed = True


def away() -> SourceError:
    """What a stream says that cannot be reached."""
    return SourceError("the stream is away.", where="tested:stream", found="no answer")


def eventually(true: Callable[[], object], within_s: float = 10.0) -> None:
    """Return when something holds."""
    until = time.monotonic() + within_s
    while not true():
        if time.monotonic() > until:
            raise AssertionError("it does not come true")
        time.sleep(0.005)


def without_times(events: Sequence[Any]) -> list[tuple[str, str]]:
    """Users and items of interactions."""
    return [(one.user, one.item) for one in events]
