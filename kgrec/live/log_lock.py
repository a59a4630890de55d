"""The lock of an event log: one process takes in events with it, and whoever else would is told which one does."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from kgrec.errors import EventLogError


def locked(log: Path) -> int:
    """The descriptor of a file beside a log that is locked until it is closed or its process is gone.

    Raises:
        EventLogError: another process has it, or the file cannot be made.
    """
    beside = log.resolve()
    beside = beside.with_name(f"{beside.name}.lock")
    try:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise EventLogError(
            "the event log cannot be locked.",
            where=str(beside),
            found=error.strerror,
            expected="a file that can be made and written",
            next="let this process write there, or name another file",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 20).decode(errors="replace").strip()
        os.close(lock)
        raise EventLogError(
            "another process takes in events with this log.",
            where=str(log),
            found=f"process {holder or 'of an unknown number'} holds {beside.name}",
            expected="one process that takes in events",
            next="stop that one, or start this one without --events",
        ) from error
    with suppress(OSError):  # a full disk; the lock holds all the same
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
    return lock
