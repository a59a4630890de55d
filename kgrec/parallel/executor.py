"""What runs calls that do not depend on each other, and the plainest of them: here, one after another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from kgrec.parallel.board import Board, FolderBoard
from kgrec.progress import Progress

Result = TypeVar("Result")
Returned = TypeVar("Returned", covariant=True)
Call = Callable[[Progress], Result]
"""Work that tells its progress. To run elsewhere, it must be picklable, and so must its result."""


class Pending(Protocol[Returned]):
    """A call that was handed over."""

    def result(self, progress: Progress) -> Returned:
        """What the call returns, once it is done; what it raises is raised. To be asked for once.

        Args:
            progress: told what the call tells while this waits.
        """


class Shared(Protocol[Returned]):
    """A value that many calls read. It is small on the way to them, and picklable."""

    def value(self) -> Returned:
        """The value, which nobody may write to; for a worker the same object until it asks for another."""


class Executor(Protocol):
    """Runs calls that do not depend on each other; ``kgrec.testing.executed_calls`` has what each must do.

    Attributes:
        threads_of_call: threads that a call should compute with; 0 where it may have all.
    """

    threads_of_call: int

    def free(self) -> int:
        """How many more calls would begin at once; below 1 where calls wait for others."""

    def submit(self, call: Call[Result]) -> Pending[Result]:
        """The call, handed over: it runs now or when its result is asked for, and the result is the same."""

    def share(self, value: Result) -> AbstractContextManager[Shared[Result]]:
        """A value for calls, picklable, kept once for the workers of a machine; gone after the ``with`` block."""

    def board(self) -> Board:
        """An empty board for calls that run at the same time; whoever asks for it clears it."""


@dataclass(frozen=True)
class _Deferred(Generic[Result]):
    """A call that runs when its result is asked for."""

    call: Call[Result]

    def result(self, progress: Progress) -> Result:
        return self.call(progress)


@dataclass(frozen=True)
class _Held(Generic[Result]):
    """A value of this process."""

    held: Result

    def value(self) -> Result:
        return self.held


class Here:
    """Runs each call in this process, when its result is asked for."""

    threads_of_call = 0

    def free(self) -> int:
        """One: it runs when its result is asked for."""
        return 1

    def submit(self, call: Call[Result]) -> Pending[Result]:
        """The call, which has not begun."""
        return _Deferred(call)

    def share(self, value: Result) -> AbstractContextManager[Shared[Result]]:
        """The value itself."""
        return nullcontext(_Held(value))

    def board(self) -> Board:
        """One of this machine."""
        return FolderBoard.new()


here = Here()
"""The executor where nothing else is said."""
