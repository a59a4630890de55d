"""`/health`: whether the process lives, and whether it answers with everything it has."""

from __future__ import annotations

from fastapi import APIRouter, Response

from kgrec.errors import GraphError
from kgrec.recommendation import Recommender
from kgrec.service.answer_models import LiveAnswer, ReadyAnswer
from kgrec.service.answers import Answering
from kgrec.service.json_answers import document

router = APIRouter(prefix="/health", tags=["operation"])


@router.get("/live", response_model=LiveAnswer, summary="The process answers")
async def live() -> Response:
    """Always 200: whoever reads this need not start the process again."""
    return document({"status": "ok"})


@router.get("/ready", response_model=ReadyAnswer, summary="Requests can be answered")
def ready(recommender: Answering) -> Response:
    """``ok``, or ``degraded`` and why. Both are 200: lists and reasons go on from the bundle."""
    reason = why_degraded(recommender)
    return document({"status": "degraded" if reason else "ok", "reason": reason})


def why_degraded(recommender: Recommender) -> str | None:
    """Why answers are made without the graph; None where they are made with it."""
    try:
        return recommender.degraded
    except GraphError as error:
        return error.summary
