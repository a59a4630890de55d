"""Memory that one step of long work gives back is kept for the next.

By default glibc takes every large block from the system, gives it back when it is freed, and shrinks its heap as well.
A step makes and drops such blocks by the dozen, and the system clears each of their pages anew.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
"""Parameters of mallopt(3), as malloc.h numbers them."""
_KEEPING = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1}
_USUAL = {_MMAP_MAX: 65_536, _MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 64 << 20}
"""Where glibc's own thresholds end up once a block of 32 MiB was freed (mallopt(3), M_MMAP_THRESHOLD)."""

_lock = threading.Lock()
_held = 0
"""How many ask for it now: within one another, or in threads."""


@contextmanager
def memory_kept() -> Iterator[None]:
    """Freed memory stays with the process; what is free at the end, the outermost one's, goes back to the system.

    Holds for the whole process, and thresholds that somebody set otherwise are glibc's own afterwards. It changes
    nothing where the C library is another than glibc.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt"):
        yield
        return
    _hold(libc, 1)
    try:
        yield
    finally:
        _hold(libc, -1)


def _hold(libc: ctypes.CDLL, more: int) -> None:
    """Begin with the first who asks, and end with the last."""
    global _held
    with _lock:
        _held += more
        if more > 0 and _held == 1:
            _set(libc, _KEEPING)
        elif not _held:
            _set(libc, _USUAL)
            libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, parameters: dict[int, int]) -> None:
    for parameter, value in parameters.items():
        libc.mallopt(parameter, value)
