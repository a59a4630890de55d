"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

_AT_MOST_S = 20.0


def waited_for(true: Callable[[], bool]) -> None:
    """Return as soon as something is true; it is asked for again and again, and has to be so in time."""
    until = time.monotonic() + _AT_MOST_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
