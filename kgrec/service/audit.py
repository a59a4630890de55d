"""Lines of log: what administrators did, and faults; no id of a user is in one."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

from fastapi import Request

from kgrec.service.access import Caller
from kgrec.service.api_keys import KeyRing

AUDIT = logging.getLogger("kgrec.audit")
FAULTS = logging.getLogger("kgrec.faults")


class Audit:
    """Says an act of an administrator as one line of JSON.

    Args:
        ring: makes pseudonyms.
    """

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def __call__(self, request: Request, caller: Caller, act: str, user: str | None, outcome: str) -> None:
        """One line.

        Args:
            act: what was done.
            user: to whom; the line has their pseudonym.
            outcome: what came of it, without ids.
        """
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request": request.scope["kgrec.request_id"],
            "key": caller.name,
            "act": act,
            "user": None if user is None else self._ring.pseudonym(user),
            "outcome": outcome,
        }
        AUDIT.info(json.dumps(line, ensure_ascii=False))


def note_fault(request_id: str, error: BaseException) -> None:
    """Log where an error came from. Its text is left out: it may name anybody."""
    places = "".join(traceback.format_tb(error.__traceback__))
    FAULTS.error("request %s: %s at\n%s", request_id, type(error).__name__, places)
