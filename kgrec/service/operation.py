"""`/v1/operation`: what operators see, each figure with the time that it is about."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import State

from kgrec.live.automatic_updates import Updates
from kgrec.live.intake import Intake
from kgrec.live.swapping import ModelSwap
from kgrec.metrics.drift import SHIFTED
from kgrec.recommendation import Recommender
from kgrec.service.access import Scope, needs
from kgrec.service.answer_cache import CacheFigures
from kgrec.service.answers import Answering
from kgrec.service.events import followed
from kgrec.service.health import why_degraded
from kgrec.service.json_answers import document
from kgrec.service.model_versions import standing_of
from kgrec.service.processes.worker_figures import WorkerFigures

router = APIRouter(prefix="/v1/operation", tags=["operation"], dependencies=[needs(Scope.READ)])


@router.get("", summary="What operators see")
def operation(request: Request, recommender: Answering) -> Response:
    """Rates, times, errors, kept answers, events and their age, the model, and drift; without an id of anybody.

    Of several workers these are the figures of all, but for the changes of the model, which each makes for itself.
    """
    state = request.app.state
    intake: Intake | None = getattr(state, "intake", None)
    workers: WorkerFigures | None = getattr(state, "workers", None)
    others = [] if workers is None else list(workers.of_others().values())
    version = recommender.bundle.version
    drift = state.drift.figures(recommender.bundle, [one.answered for one in others if one.version == version])
    now = time.time()
    return document(
        {
            "at": now,
            "up_s": time.monotonic() - state.measured.began,
            "degraded": why_degraded(recommender),
            "workers": 1 + len(others),
            "requests": state.measured.recent.figures([one.recent for one in others]),
            "cache": _cache(state, [one.cache for one in others]),
            "events": None if intake is None else asdict(intake.counts()) | {"streams": followed(state)},
            "model": _model(state, recommender, now),
            "drift": {name: asdict(one) for name, one in drift.items()},
            "drift_alarm_above": SHIFTED,
            "updates": _updates(state),
        }
    )


def _cache(state: State, others: Sequence[CacheFigures]) -> dict[str, Any]:
    parts = [asdict(one) for one in (state.cache.figures(), *others)]
    cache = {name: sum(part[name] for part in parts) for name in parts[0]}
    asked = cache["hits"] + cache["misses"] + cache["passed"]
    limit = state.cache.limit_bytes * len(parts)
    return cache | {"limit_bytes": limit, "hit_rate": cache["hits"] / asked if asked else None}


def _updates(state: State) -> dict[str, Any] | None:
    updates: Updates | None = getattr(state, "updates", None)
    return None if updates is None else asdict(updates.figures())


def _model(state: State, recommender: Recommender, now: float) -> dict[str, Any]:
    manifest = recommender.bundle.manifest
    about = {"created": manifest.created, "data_cutoff": manifest.data_cutoff}
    swap: ModelSwap | None = getattr(state, "swap", None)
    if swap is None:
        return about | {"live": recommender.bundle.version or None, "answers_for_s": None}
    return about | standing_of(swap) | {"answers_for_s": max(0.0, now - swap.since)}
