"""Worker processes: forked from one process, replaced where it has changed or they died, gone when it is gone.

What a process has opened and used before it forks, its workers have in common with it, page by page, until one of them
changes it: the model, what was worked out of it, Python and its packages. The collector of cycles would write into all
of it, so what is there before the fork is left out of its walks (``gc.freeze``).

A worker has a place. Whatever a place lacks, be it at the start, after a death or because the process is another one by
now, a new worker is begun for it; who is there stays until the new one says that it answers.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from kgrec.errors import KgrecError

_log = logging.getLogger("kgrec.workers")
_LOOK_EVERY_S, _AT_FIRST_S = 1.0, 0.02
"""Seconds between looks at the workers, and while none has answered yet."""
_BEGINS_WITHIN_S = 120.0
"""Seconds after which one that has not answered is given up."""
_LATEST_AGAIN_S = 60.0
"""Seconds between trials at most: what cannot begin must not take the whole machine."""
_ENDING = signal.SIGINT, signal.SIGTERM
_PR_SET_PDEATHSIG = 1
"""Of Linux: which signal a process gets when the one that it was forked from is gone."""

Answers = Callable[[Any], None]
Work = Callable[[int, Answers], None]
"""What a worker does, by its number from 0: says once what it answers with, and comes back or raises at SIGTERM."""


@dataclass(frozen=True)
class _Answers:
    """That a worker answers, and with what."""

    what: Any


@dataclass(frozen=True)
class _Worker:
    """A process, the pipe at which it says that it answers or why it cannot, and which state of its parent it has."""

    pid: int
    pipe: Connection
    state: int
    began: float


@dataclass
class _Place:
    """Who works at a number, and who is about to.

    Attributes:
        said: by who works there.
        failures: how often nobody began since somebody did; ``why`` the last time, and when it is tried again.
    """

    number: int
    at_work: _Worker | None = None
    beginning: _Worker | None = None
    said: Any = None
    failures: int = 0
    why: KgrecError | None = None
    again_at: float = 0.0


class Workers:
    """Worker processes of this one, which has a single thread while it forks.

    Args:
        n: how many.
        work: what each does.
    """

    def __init__(self, n: int, work: Work) -> None:
        self._work = work
        self._places = [_Place(number) for number in range(n)]
        self._leaving: set[int] = set()
        self._state = 0

    def run(self, all_answer: Callable[[Sequence[Any]], None], changed: Callable[[], bool]) -> NoReturn:
        """Keep the workers working until a signal raises here.

        Args:
            all_answer: called once with what they say, by their number.
            changed: asked again and again whether this process is another one by now; then others take their place.

        Raises:
            KgrecError: a worker cannot answer from the start, and why.
        """
        try:
            _leave_out_of_walks()
            while not all(place.at_work for place in self._places):
                self._attend()
                for place in self._places:
                    if place.why is not None:
                        raise place.why
                time.sleep(_AT_FIRST_S)
            all_answer([place.said for place in self._places])
            while True:
                time.sleep(_LOOK_EVERY_S)
                self._attend()
                if not any(place.beginning for place in self._places) and _answer(changed):
                    self._state += 1
                    _leave_out_of_walks()
        finally:
            self._stop()

    def _attend(self) -> None:
        """Look after every place, without waiting for anybody."""
        with _later(_ENDING):
            self._see_who_is_gone()
            for place in self._places:
                self._hear(place)
                due = place.at_work is None or place.at_work.state != self._state
                if due and place.beginning is None and time.monotonic() >= place.again_at:
                    self._begin(place)

    def _see_who_is_gone(self) -> None:
        with suppress(ChildProcessError):  # there is none
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self._leaving.discard(pid)
                for place in self._places:
                    if place.at_work and place.at_work.pid == pid:
                        place.at_work = None
                        _log.warning("worker %d ended (%s) and is started again", place.number, _in_words(status))
                    elif place.beginning and place.beginning.pid == pid:
                        said = _first_said(place.beginning.pipe)
                        early = KgrecError("a worker ended before it answered.", found=_in_words(status))
                        self._not_begun(place, said if isinstance(said, KgrecError) else early)

    def _hear(self, place: _Place) -> None:
        """Let who was about to work in a place work there, once they answer; give up who takes too long."""
        new = place.beginning
        if new is None:
            return
        if new.pipe.poll():
            said = _first_said(new.pipe)
            if isinstance(said, _Answers):
                if place.at_work:
                    self._leave(place.at_work)
                new.pipe.close()
                place.at_work, place.beginning, place.said, place.failures = new, None, said.what, 0
            elif place.why is None:
                place.why = said  # it ends by itself
        elif time.monotonic() > new.began + _BEGINS_WITHIN_S:
            os.kill(new.pid, signal.SIGKILL)

    def _begin(self, place: _Place) -> None:
        here, there = Pipe(duplex=False)
        place.why = None
        try:
            pid = forked(lambda: self._worked(place.number, there))
        except OSError as error:  # too many processes, or too little memory
            self._not_begun(place, KgrecError("a worker cannot be started.", found=str(error)))
        else:
            place.beginning = _Worker(pid, here, self._state, time.monotonic())
        finally:
            there.close()

    def _not_begun(self, place: _Place, why: KgrecError) -> None:
        place.beginning, place.why = None, place.why or why
        place.failures += 1
        pause = min(2.0**place.failures, _LATEST_AGAIN_S)
        place.again_at = time.monotonic() + pause
        _log.error("worker %d did not begin and is tried again in %g s: %s", place.number, pause, place.why)

    def _leave(self, worker: _Worker) -> None:
        self._leaving.add(worker.pid)
        os.kill(worker.pid, signal.SIGTERM)

    def _worked(self, number: int, pipe: Connection) -> None:
        try:
            self._work(number, lambda said: _send(pipe, _Answers(said)))
        except KgrecError as error:
            _send(pipe, error)
            raise SystemExit(error.exit_code) from None

    def _stop(self) -> None:
        with _later(_ENDING):
            for place in self._places:
                for worker in filter(None, (place.at_work, place.beginning)):
                    self._leave(worker)
            for pid in self._leaving:
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)


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
        with _later(_ENDING):
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


def forked(work: Callable[[], None]) -> int:
    """The id of a new process, a copy of this one, that works and ends: by SIGTERM, and when this one is gone.

    Ctrl-c is for this one alone.

    Raises:
        OSError: the system allows no further one.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    with _later(_ENDING):  # what a new process is sent in its first moment would be lost: Python forgets it
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
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


@contextmanager
def _later(signals: Sequence[signal.Signals]) -> Iterator[None]:
    """What comes meanwhile comes at the end: nothing inside is left half done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_out_of_walks() -> None:
    """Take all that is there now out of the collector's walks, but what is not needed any more."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _answer(changed: Callable[[], bool]) -> bool:
    """What a question is answered with; no where it fails, which must not end those who work."""
    try:
        return changed()
    except Exception:
        _log.exception("whether the model is another one could not be told")
        return False


def _send(pipe: Connection, said: Any) -> None:
    with suppress(OSError):  # this process's parent is gone
        pipe.send(said)
    pipe.close()


def _first_said(pipe: Connection) -> _Answers | KgrecError | None:
    """What a worker says first; None where it has ended without a word."""
    try:
        said: _Answers | KgrecError = pipe.recv()
    except EOFError:
        return None
    return said


def _in_words(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"by signal {-code}" if code < 0 else f"exit code {code}"
