"""Worker processes on this machine.

A worker computes with one thread: as many workers as processors are busy with calls of their own. It ends with the
process that started it, also where that one is killed. Where one dies, Python's pool of processes ends them all: new
ones begin with what was under way, and what is done stays done.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self

from threadpoolctl import threadpool_limits

from kgrec.parallel.board import Board, FolderBoard
from kgrec.parallel.executor import Call, Pending, Result, Shared
from kgrec.parallel.shared_values import SharedFile
from kgrec.progress import Event, Progress

_SECONDS_BETWEEN_LOOKS = 0.1
_TRIES = 3
"""How often a call is handed to new workers because one has died; then it is done here."""
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
        self._context: BaseContext = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            self._context.set_forkserver_preload([__name__, *preload])
        self._events = self._context.SimpleQueue()
        self._lifeline, self._workers_end = self._context.Pipe()
        self._n = n
        self._pool = self._new_pool()
        self._under_way: dict[int, _Remote[Any]] = {}
        self._submitted = 0
        self._boards: list[FolderBoard] = []
        # The first worker waits for the modules: whoever made this has other work meanwhile.
        threading.Thread(target=self._pool.submit, args=(_ready,), daemon=True).start()

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._n, self._context, _start_worker, (self._events, self._workers_end))

    def submit(self, call: Call[Result]) -> Pending[Result]:
        """The call, which begins as soon as a worker is free."""
        self._submitted += 1
        pending = _Remote(self._submitted, call, self)
        self._under_way[pending.number] = pending
        try:
            self.hand_over(pending)
        except BrokenProcessPool:
            self.renew(self._pool)
        return pending

    def free(self) -> int:
        """Workers that have nothing to do, less the calls that wait for one."""
        return self._n - sum(not pending.future.done() for pending in self._under_way.values())

    @contextmanager
    def share(self, value: Result) -> Iterator[Shared[Result]]:
        """A value in a file of the folder for temporary ones, from which workers map its arrays."""
        with tempfile.TemporaryDirectory(prefix="kgrec-", ignore_cleanup_errors=True) as folder:
            yield SharedFile.written(value, Path(folder) / "value")

    def board(self) -> Board:
        """One in a folder for temporary files, which goes with the workers at the latest."""
        self._boards.append(FolderBoard.new())
        return self._boards[-1]

    def hand_over(self, pending: _Remote[Any]) -> None:
        """Give a call to the workers there are."""
        pending.pool, pending.future = self._pool, self._pool.submit(_run, pending.number, pending.call)

    def renew(self, broken: ProcessPoolExecutor | None) -> None:
        """New workers in the place of those of a pool of which one has died; they begin with all that was under way."""
        if broken is self._pool:
            self._pool = self._new_pool()
            for pending in self._under_way.values():
                if pending.is_lost:
                    self.hand_over(pending)

    def told(self, number: int) -> Iterator[Event]:
        """What a call has told; what others told meanwhile is past."""
        while not self._events.empty():
            teller, event = self._events.get()
            if teller == number:
                yield event

    def forget(self, pending: _Remote[Any]) -> None:
        """A call whose result has been taken is not under way any more."""
        self._under_way.pop(pending.number, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._pool.shutdown()
        self._lifeline.close()  # whatever still runs ends now
        self._pool.shutdown(wait=False, cancel_futures=True)
        for board in self._boards:
            board.clear()


@dataclass(eq=False)
class _Remote(Generic[Result]):
    """A call in a worker; ``pool`` and ``future`` are those that have it now."""

    number: int
    call: Call[Result]
    owner: Processes
    pool: ProcessPoolExecutor | None = None
    future: Future[Result] = field(default_factory=Future)

    @property
    def is_lost(self) -> bool:
        """Whether the pool broke before it was done; one that is broken says so of all calls at once."""
        return self.pool is None or isinstance(self.future.exception(), BrokenProcessPool)

    def result(self, progress: Progress) -> Result:
        try:
            for _ in range(_TRIES + 1):
                while not wait([self.future], _SECONDS_BETWEEN_LOOKS).done:
                    self._tell(progress)
                self._tell(progress)
                try:
                    return self.future.result()
                except BrokenProcessPool:
                    progress("a worker process has ended: its work is done again", 0)
                    self.owner.renew(self.pool)
            progress(f"workers have ended {_TRIES + 1} times over it: its work is done here", 0)
            return self.call(progress)
        finally:
            self.owner.forget(self)

    def _tell(self, progress: Progress) -> None:
        for event in self.owner.told(self.number):
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
