"""`/v1/score`: scores of many items for somebody."""

from __future__ import annotations

from fastapi import APIRouter, Response

from kgrec.service.access import Asking, Scope, needs
from kgrec.service.answer_models import ScoreAnswer
from kgrec.service.answers import Answering
from kgrec.service.json_answers import document
from kgrec.service.requests import ScoreBody

router = APIRouter(prefix="/v1/score", tags=["answers"], dependencies=[needs(Scope.READ)])


@router.post("", response_model=ScoreAnswer, summary="Scores of some items for somebody")
def score(recommender: Answering, caller: Asking, asked: ScoreBody) -> Response:
    """Scores in the order of the items; only their differences for the same person mean something."""
    caller.may_ask(asked.user, reasons=False)
    person = asked.person(recommender.bundle)
    scores = recommender.score(person.user, asked.items, history=person.history, context=person.context)
    told = [{"item": item, "score": one} for item, one in zip(asked.items, scores, strict=True)]
    return document({"user": person.user, "ignored": person.ignored, "scores": told})
