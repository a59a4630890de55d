"""`/recommend`: the best items for somebody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kgrec.recommendation.documents import list_document
from kgrec.service.answers import Answering, document
from kgrec.service.requests import ListParameters

router = APIRouter()


@router.get("/recommend")
def recommend(recommender: Answering, asked: Annotated[ListParameters, Query()]) -> Response:
    """The best items for somebody, as ``kgrec recommend --json`` gives them."""
    user, history = asked.person()
    best = recommender.recommend(
        user,
        history=history,
        k=asked.k,
        filters=asked.filters(recommender.bundle.manifest.schema),
        context=asked.context(),
        explain=asked.explain,
    )
    return document(list_document(user, history, best, asked.length))
