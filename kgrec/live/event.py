"""Event: something a user just did, as an application reports it, and what becomes of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from kgrec.data.records import Interaction

Status = Literal["accepted", "repeated", "set aside"]


@dataclass(frozen=True, slots=True)
class Event:
    """An interaction under a name of its own, so that it counts once however often it is reported.

    Attributes:
        id: unique among all events; whoever is not sure that an event arrived sends it again under the same id.
        interaction: what was done; where ``time`` is None, the moment at which the event is written down counts.
        aside: why nobody can use it yet: an item that nobody knows, say; empty where it can be used.
    """

    id: str
    interaction: Interaction
    aside: str = ""

    @property
    def digest(self) -> bytes:
        """16 bytes that stand for the id: what is kept of it for ever must not name anybody."""
        return hashlib.blake2b(self.id.encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an event; it is on disk now.

    Attributes:
        status: ``accepted``, or ``repeated`` where its id was known, or ``set aside`` where nobody can use it yet.
        offset: its place in the order of all events; None where it is set aside.
        reason: why it is set aside, in the words of the log's counts; None where it is not.
    """

    status: Status
    offset: int | None
    reason: str | None = None
