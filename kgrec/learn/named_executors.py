"""Which executor a name means: ``here``, ``processes:N``, ``ray`` or ``ray://HOST:PORT``; each is an entry point."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError, did_you_mean, shorten
from kgrec.parallel.executor import Executor, here
from kgrec.parallel.processes import Processes

EXECUTOR_GROUP = "kgrec.executors"
"""Entry points of this group are called with what stands for an executor, and return a context manager that gives it; a
package that declares one adds an engine to kgrec. It is imported when it is asked for, and no sooner."""


def open_executor(name: str) -> AbstractContextManager[Executor]:
    """The executor that a name means, for as long as the ``with`` block.

    Args:
        name: ``here``; ``processes``, one for each processor, or ``processes:N``; ``ray``, a cluster of its own on this
            machine, or ``ray://HOST:PORT``, one that runs. A package may add names of its own.

    Raises:
        ConfigError: nothing has that name, or what follows it cannot be.
        MissingExtraError: its package is not installed.
        ExecutorError: it cannot be reached.
    """
    points = {point.name: point for point in entry_points(group=EXECUTOR_GROUP)}
    kind = name.partition(":")[0]
    if kind not in points:
        raise ConfigError(
            "there is no such executor.",
            where="--executor",
            found=repr(name) + did_you_mean(kind, points, before=", "),
            expected=f"one of {', '.join(sorted(points))}",
            next="correct the name, such as processes:2 or ray://HOST:PORT, or install the package that has it",
        )
    opened: AbstractContextManager[Executor] = points[kind].load()(name)
    return opened


def in_this_process(name: str) -> AbstractContextManager[Executor]:
    """Calls run here, one after another."""
    if name != "here":
        raise _odd(name, "here")
    return nullcontext(here)


def in_processes(name: str) -> Processes:
    """Worker processes, as many as are said after the colon, else one for each processor."""
    _, colon, number = name.partition(":")
    if colon and not (number.isascii() and number.isdigit() and int(number)):
        raise _odd(name, "processes or processes:N, N from 1 on")
    return Processes(int(number) if colon else len(os.sched_getaffinity(0)))


def _odd(name: str, expected: str) -> ConfigError:
    return ConfigError("this executor cannot be.", where="--executor", found=shorten(name), expected=expected)
