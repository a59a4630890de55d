"""Worker processes on this machine.

A worker computes with one thread: as many workers as processors are busy with calls of their own. It ends with the
process that started it, also where that one is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any, Generic, Self

from threadpoolctl import threadpool_limits

from kgrec.parallel.executor import Call, Pending, Result
from kgrec.progress import Event, Progress

_SECONDS_BETWEEN_LOOKS = 0.1
_events: Any = None
"""In a worker: the queue that takes what its calls tell."""


class Processes:
    """Runs calls in worker processes that live as long as the ``with`` block.

    The modules that workers import start anew there, so a script that uses this must guard its own main part with
    ``if __name__ == "__main__"``, as for everything in :mod:`multiprocessing`.

    Args:
        n: number of workers, which start when there is work for them.
        preload: modules that calls need; they are imported once, before the workers part.
    """

    threads_of_call = 1

    def __init__(self, n: int, preload: Sequence[str] = ()) -> None:
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        context: BaseContext = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            context.set_forkserver_preload([__name__, *preload])
        self._events = context.SimpleQueue()
        self._lifeline, workers_end = context.Pipe()
        self._pool = ProcessPoolExecutor(n, context, _start_worker, (self._events, workers_end))
        self._submitted = 0
        # The first worker waits for the modules: whoever made this has other work meanwhile.
        threading.Thread(target=self._pool.submit, args=(_ready,), daemon=True).start()

    def submit(self, call: Call[Result]) -> Pending[Result]:
        """The call, which begins as soon as a worker is free."""
        self._submitted += 1
        future = self._pool.submit(_run, self._submitted, call)
        return _Remote(self._submitted, call, future, self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._pool.shutdown()
        self._lifeline.close()  # whatever still runs ends now
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Remote(Generic[Result]):
    """A call in a worker."""

    number: int
    call: Call[Result]
    future: Future[Result]
    events: Any

    def result(self, progress: Progress) -> Result:
        while not wait([self.future], _SECONDS_BETWEEN_LOOKS).done:
            self._tell(progress)
        self._tell(progress)
        try:
            return self.future.result()
        except BrokenProcessPool:
            progress("a worker process has ended: its work is done here", 0)
            return self.call(progress)

    def _tell(self, progress: Progress) -> None:
        """Pass on what this call has told; what others told meanwhile is past."""
        while not self.events.empty():
            number, event = self.events.get()
            if number == self.number:
                progress(event.step, event.done, event.total, event.note, unit=event.unit)


def _start_worker(events: Any, lifeline: Connection) -> None:
    """Make this process a worker, which ends when the other end of the lifeline is closed."""
    global _events
    _events = events
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    try:
        lifeline.recv()
    except (EOFError, OSError):
        os._exit(1)


def _ready() -> None:
    """What a worker does so that it is there."""


def _run(number: int, call: Call[Result]) -> Result:
    """What a worker does with a call."""

    def tell(event: Event) -> None:
        _events.put((number, event))

    with threadpool_limits(1):  # the call has come with the modules that it needs, and they with their libraries
        return call(Progress(tell))
