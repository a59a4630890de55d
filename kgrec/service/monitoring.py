"""`/metrics`: counts and times of requests for Prometheus, without an id of anybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from kgrec.recommendation import Recommender
from kgrec.service.access import Scope, needs
from kgrec.service.answers import Answering
from kgrec.service.health import why_degraded
from kgrec.service.live_figures import LiveFigures
from kgrec.service.processes.worker_figures import Family, Figures, WorkerFigures
from kgrec.service.recent_requests import RecentRequests

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

router = APIRouter(tags=["operation"])


class Measured:
    """What one application counts.

    Args:
        state: of the application, with what changes while it answers.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._looks = threading.Lock()
        self.began = time.monotonic()
        self.recent = RecentRequests()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(LiveFigures(state))
        self.requests = Counter(
            "kgrec_requests", "Requests by resource and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "kgrec_request_seconds", "Time of requests.", ["route"], registry=self.registry, buckets=_SECONDS
        )
        self.under_way = Gauge("kgrec_requests_under_way", "Requests being answered.", registry=self.registry)
        self.degraded = Gauge("kgrec_degraded", "1 while the graph is away.", registry=self.registry)
        self.items = Gauge("kgrec_items", "Items of the bundle.", registry=self.registry)
        self.forgotten = Counter("kgrec_users_forgotten", "Users forgotten since the start.", registry=self.registry)

    def begin(self) -> None:
        """Count from now on: what was before is of the process that this one was forked from."""
        self.began, self.recent = time.monotonic(), RecentRequests()

    def figures(self) -> Figures:
        """What this process has counted; of its graph what was seen when it was looked at last, which is done again."""
        recommender: Recommender = self._state.recommender
        if self._looks.acquire(blocking=False):
            threading.Thread(target=self._look, args=(recommender,), daemon=True).start()
        self.items.set(len(recommender.bundle.items))
        version = recommender.bundle.version
        answered = self._state.drift.seen(version)
        families = [Family.of(metric) for metric in self.registry.collect()]
        return Figures(families, self.recent.last(), self._state.cache.figures(), version, answered)

    def _look(self, recommender: Recommender) -> None:
        """Whether the graph is there, which may take as long as it takes to reach it."""
        try:
            self.degraded.set(why_degraded(recommender) is not None)
        finally:
            self._looks.release()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)
        self.recent.note(route, status, seconds)


@router.get(
    "/metrics",
    response_class=Response,
    summary="Figures for Prometheus",
    responses={200: {"description": "Text of Prometheus.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    dependencies=[needs(Scope.READ)],
)
def metrics(request: Request, recommender: Answering) -> Response:
    """Requests and their times, events and how far the graph is behind, models, memory; whether the graph is there.

    Of several workers each figure has its ``worker``.
    """
    workers: WorkerFigures | None = getattr(request.app.state, "workers", None)
    measured: Measured = request.app.state.measured
    measured.degraded.set(why_degraded(recommender) is not None)
    measured.items.set(len(recommender.bundle.items))
    told = measured.registry if workers is None else _Told(workers.metrics())
    return Response(generate_latest(told), media_type=CONTENT_TYPE_LATEST)


class _Told(Collector):
    """Metrics that were collected already."""

    def __init__(self, metrics: Collection[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Collection[Metric]:
        """These."""
        return self._metrics
