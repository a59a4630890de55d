"""`/v1/operation`: what operators see, each figure with the time that it is about."""

from __future__ import annotations

import time
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
from kgrec.service.answers import Answering
from kgrec.service.events import followed
from kgrec.service.health import why_degraded
from kgrec.service.json_answers import document
from kgrec.service.model_versions import standing_of

router = APIRouter(prefix="/v1/operation", tags=["operation"], dependencies=[needs(Scope.READ)])


@router.get("", summary="What operators see")
def operation(request: Request, recommender: Answering) -> Response:
    """Rates, times, errors, kept answers, events and their age, the model, and drift; without an id of anybody."""
    state = request.app.state
    intake: Intake | None = getattr(state, "intake", None)
    now = time.time()
    return document(
        {
            "at": now,
            "up_s": time.monotonic() - state.measured.began,
            "degraded": why_degraded(recommender),
            "requests": state.measured.recent.figures(),
            "cache": _cache(state),
            "events": None if intake is None else asdict(intake.counts()) | {"streams": followed(state)},
            "model": _model(state, recommender, now),
            "drift": {name: asdict(one) for name, one in state.drift.figures(recommender.bundle).items()},
            "drift_alarm_above": SHIFTED,
            "updates": _updates(state),
        }
    )


def _cache(state: State) -> dict[str, Any]:
    cache = state.cache.figures()
    asked = cache.hits + cache.misses + cache.passed
    return asdict(cache) | {"limit_bytes": state.cache.limit_bytes, "hit_rate": cache.hits / asked if asked else None}


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
