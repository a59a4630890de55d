"""Event streams: where events go on arriving, such as a folder of logs or the topic of a broker.

A stream only reads. How far it was read is an offset, a text that it makes and that others keep for it: whoever reads
on from the offset that was kept with the last events misses none and has none twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

LONGEST_MESSAGE = 2**20
"""Bytes that a message may have."""

NO_JSON = "no JSON"
NO_OBJECT = "no JSON object"
NO_TEXT = "no text in UTF-8"
TOO_LONG = "longer than 1 MiB"
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Message:
    """What a stream holds at one place.

    Attributes:
        place: where, in words: the same whenever it is read, and of no other message of the stream.
        report: an event by the names of its fields; None where there is none.
        fault: why there is none, in words that can be counted; they quote nothing of the message.
        sent: unix seconds at which the stream took it in, where it says so.
    """

    place: str
    report: Mapping[str, Any] | None
    fault: str = ""
    sent: float | None = None


@dataclass(frozen=True, slots=True)
class MessageBatch:
    """Some messages in their order.

    Attributes:
        offset: reading on from it gives what comes after them.
        missed: how many messages before them the stream has thrown away before they were read.
    """

    messages: Sequence[Message]
    offset: str
    missed: int = 0


class EventStream(Protocol):
    """Events that arrive while they are read; its contract is :mod:`kgrec.testing.event_stream`.

    Attributes:
        name: its address without a login. Offsets are kept under it: another name is another stream.
    """

    name: str

    def read(self, after: str, most: int, wait_s: float) -> MessageBatch:
        """The next messages after an offset, as soon as there is one; none where none comes in time.

        Args:
            after: the offset of an earlier batch; empty for the first message that there is.
            most: messages at once.
            wait_s: seconds to wait for the first.

        Raises:
            SourceError: the stream cannot be read now; the same may be tried again.
        """
        ...

    def close(self) -> None:
        """Release what is open; it can be called twice."""
        ...


def message_of(content: bytes, place: str, sent: float | None = None) -> Message:
    """A message that is one JSON object, or what else it is."""
    if len(content) > LONGEST_MESSAGE:
        return Message(place, None, TOO_LONG, sent)
    if not content.strip():
        return Message(place, None, EMPTY, sent)
    try:
        report = json.loads(content)
    except (ValueError, RecursionError):  # also bytes that are no text, and numbers of thousands of digits
        return Message(place, None, NO_JSON, sent)
    return Message(place, report, sent=sent) if isinstance(report, dict) else Message(place, None, NO_OBJECT, sent)
