"""`/v1/similar`: the items that are like one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from kgrec.recommendation.documents import told_list
from kgrec.service.access import Scope, needs
from kgrec.service.answer_cache import kept_answer
from kgrec.service.answer_models import SimilarAnswer
from kgrec.service.answers import Answering, installed
from kgrec.service.requests import SimilarParameters

router = APIRouter(prefix="/v1/similar", tags=["answers"], dependencies=[needs(Scope.READ)])


@router.get("", response_model=SimilarAnswer, summary="Items that are like one")
def similar(request: Request, recommender: Answering, asked: Annotated[SimilarParameters, Query()]) -> Response:
    """The items that having taken one speaks most for."""
    language = installed(asked.language)

    def made() -> dict[str, Any]:
        found = recommender.similar_items(asked.item, asked.k)
        return {"item": asked.item, "similar": told_list(found, "none", language)}

    return kept_answer(request, recommender, asked, made, facts=False)
