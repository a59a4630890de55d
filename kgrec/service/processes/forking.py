"""Forking: processes that are copies of this one, and what copies have to take care of.

Of a process that is forked only the thread that does it goes on, what it is sent in its first moment is forgotten by
Python, and it stays when this one is gone: all of that is seen to here. Signals are waited for, in copies and in who
makes them: what a handler raises is lost where Python happens to be in a callback. It is for Linux.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

ENDING = signal.SIGINT, signal.SIGTERM
_LOOK_EVERY_S, _ENDED_WITHIN_S = 0.02, 1.0
"""Seconds between looks at threads, and for which one that has ended is seen yet."""
_ASK_EVERY_S = 0.1
_PR_SET_PDEATHSIG = 1
"""Of Linux: which signal a process gets when the one that it was forked from is gone."""


class Turns:
    """What processes do one after the other; one that dies inside holds up nobody."""

    def __init__(self) -> None:
        self._file = os.memfd_create("kgrec turns")  # locked by process, though all have it from the same one

    def __enter__(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """A process of its own does something while this one does what is inside; SIGTERM ends it."""
    pid = 0
    try:
        with later(ENDING), suppress(OSError):  # where there can be no further one, it is done without
            pid = forked(work)
        yield
    finally:
        if pid:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


@contextmanager
def no_thread_left() -> Iterator[None]:
    """Waits for the threads that began inside: of a process that is forked only the one that does it goes on."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join()


def native_threads() -> int:
    """How many threads the process has, those of libraries among them."""
    return len(os.listdir("/proc/self/task"))


def no_more_threads_than(n: int) -> bool:
    """Whether the process has so many threads at most, once those that have ended are gone."""
    until = time.monotonic() + _ENDED_WITHIN_S
    while (more := native_threads() > n) and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
    return not more


def forked(work: Callable[[], None]) -> int:
    """The id of a new process, a copy of this one, that works and ends.

    It is told to end by SIGTERM, and when this one is gone, for which it has to ask: :func:`told_to_end`. Ctrl-c is for
    this one alone.

    Raises:
        OSError: the system allows no further one.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    with later(ENDING):  # what a new process is sent in its first moment would be lost: Python forgets it
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            if os.getppid() == parent:
                work()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)  # what the other process has open is not this one's to close


def told_to_end(within_s: float) -> bool:
    """Whether a process that was forked is told to end; if not yet, it is waited for so many seconds."""
    return _told((signal.SIGTERM,), within_s) is not None


def raise_if_told(within_s: float) -> None:
    """Do what the signal says that comes within so many seconds, where signals come :func:`later`.

    Raises:
        BaseException: what its handler raises; SystemExit where it has none.
    """
    told = _told(ENDING, within_s)
    if told is not None:
        _handle(told, signal.getsignal(told))


@contextmanager
def at_once(signals: Sequence[signal.Signals]) -> Iterator[None]:
    """What comes meanwhile is raised there, where signals come :func:`later`; and at the end, where it was lost."""
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in signals}

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        _handle(number, handlers[signal.Signals(number)])

    for number in signals:
        signal.signal(number, note)
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if came:
        _handle(came[0], handlers[signal.Signals(came[0])])


def _handle(number: int, handler: Any) -> NoReturn:
    """Raise what a handler raises; SystemExit where there is none."""
    if callable(handler):
        handler(number, None)
    raise SystemExit(128 + number)


def _told(signals: Sequence[signal.Signals], within_s: float) -> int | None:
    """The signal that comes within so many seconds.

    It is asked for again and again: given a time to wait, Python answers at random where the process was stopped and
    goes on later than that.
    """
    until = time.monotonic() + within_s
    while (told := signal.sigtimedwait(signals, 0)) is None:
        left = until - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(left, _ASK_EVERY_S))
    return told.si_signo


@contextmanager
def later(signals: Sequence[signal.Signals]) -> Iterator[None]:
    """What comes meanwhile comes at the end: nothing inside is left half done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
