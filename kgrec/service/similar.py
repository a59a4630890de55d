"""`/similar`: the items that are like one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kgrec.recommendation.documents import similar_document
from kgrec.service.answers import Answering, document
from kgrec.service.requests import SimilarParameters

router = APIRouter()


@router.get("/similar")
def similar(recommender: Answering, asked: Annotated[SimilarParameters, Query()]) -> Response:
    """The items that having taken one speaks most for."""
    return document(similar_document(asked.item, recommender.similar_items(asked.item, asked.k)))
