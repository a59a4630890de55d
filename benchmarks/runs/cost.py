"""What a system costs while it works: seconds by the clock, and memory as the operating system sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

_SAMPLE_S = 0.02
_MB = 2**20


class Watch:
    """Seconds by stage, and the resident memory of the process, sampled every 20 ms from a thread beside the work.

    The process is one, so the peak contains what was there before (the data, libraries); ``growth`` is the peak above
    the start, and is too low where the work reuses memory that an earlier system gave back to the allocator only.

    Attributes:
        seconds: stage to seconds.
        start_mb, peak_mb: resident memory at the start, and the highest that was seen.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._process = psutil.Process()
        self.start_mb = self.peak_mb = self._resident()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a part of the work and watch its memory; parts of the same name add up."""
        done = threading.Event()

        def sample() -> None:
            while not done.wait(_SAMPLE_S):
                self.peak_mb = max(self.peak_mb, self._resident())

        thread = threading.Thread(target=sample, daemon=True)
        thread.start()
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
            done.set()
            thread.join()
            self.peak_mb = max(self.peak_mb, self._resident())

    @property
    def growth_mb(self) -> float:
        """Peak above the start."""
        return self.peak_mb - self.start_mb

    def _resident(self) -> float:
        return float(self._process.memory_info().rss) / _MB
