"""Worker processes: forked from one process, replaced where it has changed or they died, gone when it is gone.

What a process has opened and used before it forks, its workers have in common with it, page by page, until one of them
changes it: the model, what was worked out of it, Python and its packages. The collector of cycles would write into all
of it, so what is there before the fork is left out of its walks (``gc.freeze``).
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
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from kgrec.errors import KgrecError

_log = logging.getLogger("kgrec.workers")
_LOOK_EVERY_S = 1.0
"""Seconds after which one that died is started again at the latest, and at the earliest after another one."""

_PR_SET_PDEATHSIG = 1
"""Of Linux: which signal a process gets when the one that it was forked from is gone."""

Answers = Callable[[Any], None]
Work = Callable[[int, Answers], None]
"""What a worker does, by its number from 0: says once what it answers with, and comes back or raises at SIGTERM."""


class Workers:
    """Worker processes of this one, which has a single thread while it forks.

    Args:
        n: how many.
        work: what each does.
    """

    def __init__(self, n: int, work: Work) -> None:
        self._n = n
        self._work = work
        self._numbers: dict[int, int] = {}  # of those that work, by their process
        self._leaving: set[int] = set()

    def run(self, all_answer: Callable[[Sequence[Any]], None], changed: Callable[[], bool]) -> NoReturn:
        """Keep the workers working until a signal raises here.

        Args:
            all_answer: called once with what they say, by their number.
            changed: asked again and again whether this process is another one by now; then others take their place.

        Raises:
            KgrecError: a worker cannot answer from the start, and why.
        """
        try:
            all_answer(self._all_started())
            while True:
                time.sleep(_LOOK_EVERY_S)
                self._start_again()
                if changed():
                    self._replace()
        finally:
            self._stop()

    def _all_started(self) -> list[Any]:
        """What new workers say first."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        return [_said(pipe) for pipe in [self._started(number) for number in range(self._n)]]

    def _replace(self) -> None:
        """New workers in the place of all; where one of them cannot answer, the old ones go on."""
        before = dict(self._numbers)
        try:
            self._all_started()
            left = before
        except KgrecError as error:
            _log.error("no worker is replaced: %s", error)
            left = {pid: number for pid, number in self._numbers.items() if pid not in before}
        for pid in left:
            del self._numbers[pid]
            self._leaving.add(pid)
            os.kill(pid, signal.SIGTERM)

    def _started(self, number: int) -> Connection:
        """A new worker, and the end of a pipe at which it says that it answers, or why it cannot."""
        here, there = Pipe(duplex=False)
        pid = forked(lambda: self._worked(number, there))
        there.close()
        self._numbers[pid] = number
        return here

    def _worked(self, number: int, pipe: Connection) -> None:
        try:
            self._work(number, lambda said: _send(pipe, said))
        except KgrecError as error:
            _log.error("worker %d: %s", number, error)
            _send(pipe, error)
            raise SystemExit(error.exit_code) from None

    def _start_again(self) -> None:
        """Start others in the place of those that are gone."""
        while self._numbers or self._leaving:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._leaving.discard(pid)
            number = self._numbers.pop(pid, None)
            if number is not None:
                _log.warning("worker %d ended (%s) and is started again", number, _in_words(status))
                self._started(number).close()

    def _stop(self) -> None:
        for pid in self._numbers:
            os.kill(pid, signal.SIGTERM)  # who is gone has its number until it was waited for
        for pid in (*self._numbers, *self._leaving):
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
    pid = forked(work)
    try:
        yield
    finally:
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
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # What a new process is sent in its first moment would be lost: Python forgets what came before it was there.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    parent, pid = os.getpid(), os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if os.getppid() == parent:
            work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what the other process has open is not this one's to close


def _send(pipe: Connection, said: Any) -> None:
    with suppress(OSError):  # nobody asks one that was started again
        pipe.send(said)
    pipe.close()


def _said(pipe: Connection) -> Any:
    """What a worker says first.

    Raises:
        KgrecError: it cannot answer.
    """
    try:
        said = pipe.recv()
    except EOFError:
        raise KgrecError("a worker ended before it answered.", where="kgrec serve --workers") from None
    if isinstance(said, KgrecError):
        raise said
    return said


def _in_words(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"by signal {-code}" if code < 0 else f"exit code {code}"
