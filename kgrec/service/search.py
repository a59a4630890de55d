"""`/v1/search`: items and users by name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kgrec.service.access import Asking, Scope, needs
from kgrec.service.answer_models import SearchAnswer
from kgrec.service.answers import Answering, installed
from kgrec.service.json_answers import document
from kgrec.service.requests import SearchParameters

router = APIRouter(prefix="/v1/search", tags=["answers"], dependencies=[needs(Scope.READ)])


@router.get("", response_model=SearchAnswer, summary="Items or users by name")
def search(recommender: Answering, caller: Asking, asked: Annotated[SearchParameters, Query()]) -> Response:
    """What has a name or an id with these words, the best match first; users need the scope explain-anybody."""
    language = installed(asked.language)
    if asked.kind == "user":
        caller.must_have(Scope.EXPLAIN_ANYBODY)
    matches = recommender.search(asked.text, asked.k, kind=asked.kind)
    found = [{"kind": one.kind, "id": one.id, "name": one.name_in(language)} for one in matches]
    return document({"text": asked.text, "matches": found})
