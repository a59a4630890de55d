"""`/explain`: why an item has its score for somebody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kgrec.recommendation.documents import explanation_document
from kgrec.service.answers import Answering, document
from kgrec.service.requests import ExplanationParameters

router = APIRouter()


@router.get("/explain")
def explain(recommender: Answering, asked: Annotated[ExplanationParameters, Query()]) -> Response:
    """Why an item has its score, as ``kgrec explain --json`` gives it."""
    user, history = asked.person()
    explanation = recommender.explain(user, asked.item, history=history, context=asked.context())
    return document(explanation_document(explanation, asked.length))
