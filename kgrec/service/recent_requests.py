"""The last requests, for rates and percentiles of now; `/metrics` has those since the start."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

WINDOW_S = 300.0
MOST = 20_000
_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99, "max": 100}


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """When a request was answered, and how; monotonic seconds.

    Attributes:
        seconds: that it took.
    """

    at: float
    route: str
    status: int
    seconds: float


@dataclass(frozen=True)
class Recent:
    """The last requests of one process, all of them since a moment; monotonic seconds are those of the machine."""

    since: float
    requests: list[AnsweredRequest]


class RecentRequests:
    """The requests of the last five minutes, the newest of them where they are very many.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._last: deque[AnsweredRequest] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def note(self, route: str, status: int, seconds: float) -> None:
        """One request that was answered now."""
        with self._lock:
            self._last.append(AnsweredRequest(self._clock(), route, status, seconds))

    def last(self) -> Recent:
        """They."""
        now = self._clock()
        with self._lock:
            whole = len(self._last) < MOST
            last = [one for one in self._last if one.at >= now - WINDOW_S]
        return Recent(max(now - WINDOW_S, self._began) if whole or not last else last[0].at, last)

    def figures(self, others: Sequence[Recent] = ()) -> dict[str, Any]:
        """Rates, shares of errors and milliseconds, of all and by resource, with the seconds that they are about.

        Args:
            others: of further processes of the same service, whose requests count, too.
        """
        parts = self.last(), *others
        since = max(part.since for part in parts)
        last = [one for part in parts for one in part.requests if one.at >= since]
        span = max(self._clock() - since, 1e-3)
        by_route: defaultdict[str, list[AnsweredRequest]] = defaultdict(list)
        for one in last:
            by_route[one.route].append(one)
        routes = [{"route": route, **_figures(some, span)} for route, some in sorted(by_route.items())]
        return {"of_last_s": span, **_figures(last, span), "routes": routes}


def _figures(some: Sequence[AnsweredRequest], span: float) -> dict[str, Any]:
    ms = [1e3 * one.seconds for one in some]
    times = {name: float(np.percentile(ms, at)) for name, at in _PERCENTILES.items()} if ms else None
    refused = sum(400 <= one.status < 500 for one in some)
    failed = sum(one.status >= 500 or not one.status for one in some)
    return {"requests": len(some), "per_s": len(some) / span, "refused": refused, "failed": failed, "ms": times}
