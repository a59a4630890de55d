"""What runs calls that do not depend on each other, and the plainest of them: here, one after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

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


class Executor(Protocol):
    """Runs calls that do not depend on each other; ``tests/parallel`` has what each must do.

    Attributes:
        threads_of_call: threads that a call should compute with; 0 where it may have all.
    """

    threads_of_call: int

    def submit(self, call: Call[Result]) -> Pending[Result]:
        """The call, handed over: it runs now or when its result is asked for, and the result is the same."""


@dataclass(frozen=True)
class _Deferred(Generic[Result]):
    """A call that runs when its result is asked for."""

    call: Call[Result]

    def result(self, progress: Progress) -> Result:
        return self.call(progress)


class Here:
    """Runs each call in this process, when its result is asked for."""

    threads_of_call = 0

    def submit(self, call: Call[Result]) -> Pending[Result]:
        """The call, which has not begun."""
        return _Deferred(call)


here = Here()
"""The executor where nothing else is said."""
