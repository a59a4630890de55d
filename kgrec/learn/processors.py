"""How many processors learning may use, and threads that leave them to others while they wait.

Threads of OpenMP spin for a while when their part of a step is done. Where another process wants the processor as well,
the ones that spin hold up the one that all wait for, and a step takes several times as long. Waiting threads that
sleep cost next to nothing where the machine is free.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain
from math import ceil
from pathlib import Path

from threadpoolctl import threadpool_info, threadpool_limits

_WAIT_SETTINGS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
"""Environment variables that say how threads of OpenMP wait: of all its libraries, of GNU's, of LLVM's and Intel's."""
_QUOTA_FILES = (
    ("", "sys/fs/cgroup", "cpu.max", ""),
    ("cpu", "sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us"),
    ("cpu", "sys/fs/cgroup/cpu,cpuacct", "cpu.cfs_quota_us", "cpu.cfs_period_us"),
)
"""Controller, folder and files of a quota: cgroup v2 has one file ``quota period``, v1 has two."""

_THREADS = "OMP_NUM_THREADS"
_limit = ContextVar("thread_limit", default=0)


def set_up_threads(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set how threads of OpenMP wait and, where a quota grants fewer processors than there are, how many there are.

    What the environment says already stays. It counts for libraries that are loaded afterwards: they read the
    environment once, and have no other way to be told how to wait.
    """
    if not any(name in environment for name in _WAIT_SETTINGS):
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
    if _THREADS not in environment and (usable := usable_processors()) < _may_run_on():
        environment[_THREADS] = str(usable)


def usable_processors(root: Path = Path("/")) -> int:
    """Number of processors that this process may use, at least 1.

    That is how many it may run on, or fewer where a control group (of a container) grants it only a share of their
    time; a part of a processor counts as one.

    Args:
        root: of the file system.
    """
    return max(1, ceil(min([_may_run_on(), *_quotas(root)])))


def thread_limit() -> int:
    """Number of threads that work may be shared among: that of :func:`threads_limited_to`, or a thread a processor."""
    return _limit.get() or usable_processors()


@contextmanager
def threads_limited_to(n: int, in_linear_algebra: int | None = None) -> Iterator[None]:
    """Work is shared among at most ``n`` threads, or one a processor where that is 0.

    Args:
        in_linear_algebra: threads of the BLAS, where they are to be fewer; where they were set to fewer still, it
            stays there.
    """
    before = _limit.set(n)
    try:
        set_before = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
        most = thread_limit() if in_linear_algebra is None else min(in_linear_algebra, thread_limit())
        with threadpool_limits(min([most, *set_before]), user_api="blas"):
            yield
    finally:
        _limit.reset(before)


def _may_run_on() -> int:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """Processors' worth of time that the process's groups grant, those around them too; nothing where none does."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _, controllers, group = line.split(":", 2)
        for controller, mounted, quota_file, period_file in _QUOTA_FILES:
            if controller not in controllers.split(","):
                continue
            top = root / mounted
            # In a container the group may be named as its host sees it, where only the top is there.
            inner = top / group.lstrip("/")
            for folder in chain([inner], (part for part in inner.parents if part.is_relative_to(top))):
                yield from _quota(folder / quota_file, folder / period_file if period_file else None)


def _quota(quota_file: Path, period_file: Path | None) -> Iterator[float]:
    """Quota over period, where the files are there and set one."""
    try:
        numbers = quota_file.read_text(encoding="utf-8").split()
        numbers += [] if period_file is None else period_file.read_text(encoding="utf-8").split()
        quota, period = map(int, numbers)
    except (OSError, ValueError):
        return  # no such file, or `max`
    if quota > 0 and period > 0:
        yield quota / period
