"""Worker processes: forked from one process, replaced where it has changed or they died, gone when it is gone.

What a process has opened and used before it forks, its workers have in common with it, page by page, until one of them
changes it: the model, what was worked out of it, Python and its packages. The collector of cycles would write into all
of it, so what is there before the fork is left out of its walks (``gc.freeze``).

A worker has a place. Whatever a place lacks, be it at the start, after a death or because the process is another one by
now, a new worker is begun for it; who is there stays until the new one says that it answers.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from kgrec.errors import KgrecError
from kgrec.service.processes.forking import ENDING, at_once, forked, later, raise_if_told

_log = logging.getLogger("kgrec.workers")
_LOOK_EVERY_S, _AT_FIRST_S = 1.0, 0.02
"""Seconds between looks at the workers, and while one is to begin."""
_BEGINS_WITHIN_S = 120.0
"""Seconds after which one that has not answered is given up."""
_ENDS_WITHIN_S = 20.0
"""Seconds after which those are killed at the end that were told to end and have not."""
_LATEST_AGAIN_S = 60.0
"""Seconds between trials at most: what cannot begin must not take the whole machine."""

Answers = Callable[[Any], None]
Work = Callable[[int, Answers], None]
"""What a worker does, by its number from 0: says once what it answers with, and comes back when it is told to end."""


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
        stand_in: process that answers while nobody can begin there; 0 for none.
        failures: how often nobody began since somebody did; ``why`` the last time, and when it is tried again.
    """

    number: int
    at_work: _Worker | None = None
    beginning: _Worker | None = None
    said: Any = None
    stand_in: int = 0
    failures: int = 0
    why: KgrecError | None = None
    again_at: float = 0.0


class Workers:
    """Worker processes of this one, which has a single thread while it forks.

    Args:
        n: how many.
        work: what each does.
        stand_in: what is done in the place of one that cannot begin, by its number, until another one can.
    """

    def __init__(self, n: int, work: Work, stand_in: Callable[[int], None]) -> None:
        self._work = work
        self._stand_in = stand_in
        self._places = [_Place(number) for number in range(n)]
        self._leaving: set[int] = set()
        self._state = 0
        self._all_answered = False

    def run(self, all_answer: Callable[[Sequence[Any]], None], changed: Callable[[], bool]) -> NoReturn:
        """Keep the workers working until a signal raises here.

        Args:
            all_answer: called once with what they say, by their number.
            changed: asked again and again whether this process is another one by now; then others take their place.

        Raises:
            KgrecError: a worker cannot answer from the start, and why.
        """
        with later(ENDING):
            try:
                _leave_out_of_walks()
                while not all(place.at_work for place in self._places):
                    self._attend()
                    for place in self._places:
                        if place.why is not None:
                            raise place.why
                    raise_if_told(_AT_FIRST_S)
                all_answer([place.said for place in self._places])
                self._all_answered = True
                while True:
                    begins = any(place.beginning for place in self._places)
                    raise_if_told(_AT_FIRST_S if begins else _LOOK_EVERY_S)
                    self._attend()
                    if not any(place.beginning for place in self._places) and _answer(changed):
                        self._state += 1
                        _leave_out_of_walks()
            finally:
                self._stop()

    def _attend(self) -> None:
        """Look after every place, without waiting for anybody."""
        self._see_who_is_gone()
        for place in self._places:
            self._hear(place)
            due = place.at_work is None or place.at_work.state != self._state
            if due and place.beginning is None and time.monotonic() >= place.again_at:
                self._begin(place)
            late = place.beginning is not None and time.monotonic() > place.beginning.began + _LOOK_EVERY_S
            if self._all_answered and place.at_work is None and late:
                self._let_stand_in(place)

    def _see_who_is_gone(self) -> None:
        with suppress(ChildProcessError):  # there is none
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self._leaving.discard(pid)
                for place in self._places:
                    if place.stand_in == pid:
                        place.stand_in = 0
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
                    self._leave(place.at_work.pid)
                if place.stand_in:
                    self._leave(place.stand_in)
                new.pipe.close()
                place.stand_in = 0
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
        if place.at_work is None:
            self._let_stand_in(place)

    def _let_stand_in(self, place: _Place) -> None:
        if not place.stand_in:
            with suppress(OSError):
                place.stand_in = forked(lambda: self._stand_in(place.number))

    def _leave(self, pid: int) -> None:
        self._leaving.add(pid)
        os.kill(pid, signal.SIGTERM)

    def _worked(self, number: int, pipe: Connection) -> None:
        try:
            self._work(number, lambda said: _send(pipe, _Answers(said)))
        except KgrecError as error:
            _send(pipe, error)
            raise SystemExit(error.exit_code) from None

    def _stop(self) -> None:
        for place in self._places:
            self._hear(place)
            if place.beginning:  # it has answered nobody
                os.kill(place.beginning.pid, signal.SIGKILL)
                self._leaving.add(place.beginning.pid)
            if place.at_work:
                self._leave(place.at_work.pid)
            if place.stand_in:
                self._leave(place.stand_in)
        until = time.monotonic() + _ENDS_WITHIN_S
        while self._leaving:
            late = time.monotonic() > until
            for pid in list(self._leaving):
                if late:  # also one that is stopped
                    os.kill(pid, signal.SIGKILL)
                if os.waitpid(pid, 0 if late else os.WNOHANG)[0]:
                    self._leaving.discard(pid)
            time.sleep(_AT_FIRST_S)


def _leave_out_of_walks() -> None:
    """Take all that is there now out of the collector's walks, but what is not needed any more."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _answer(changed: Callable[[], bool]) -> bool:
    """What a question is answered with; no where it fails, which must not end those who work."""
    try:
        with at_once(ENDING):  # it may take long
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
