"""`/v1/recommend`: the best items for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from kgrec.recommendation import Recommendation, Recommender
from kgrec.recommendation.answer_types import HistoryState
from kgrec.recommendation.documents import told_list
from kgrec.service.access import Asking, Caller, Scope, needs
from kgrec.service.answer_cache import kept_answer
from kgrec.service.answer_models import ListAnswer
from kgrec.service.answers import Answering, installed
from kgrec.service.requests import AskedPerson, ListBody, ListParameters

router = APIRouter(prefix="/v1/recommend", tags=["answers"], dependencies=[needs(Scope.READ)])


@router.get("", response_model=ListAnswer, summary="The best items for somebody")
def recommend(
    request: Request, recommender: Answering, caller: Asking, asked: Annotated[ListParameters, Query()]
) -> Response:
    """The best items, best first, each with its reasons where they are asked for."""
    return listed(request, recommender, caller, asked)


@router.post("", response_model=ListAnswer, summary="The best items for somebody")
def recommend_for(request: Request, recommender: Answering, caller: Asking, asked: ListBody) -> Response:
    """Likewise, with a history of interactions that have kinds, times and weights."""
    return listed(request, recommender, caller, asked)


def listed(request: Request, recommender: Recommender, caller: Caller, asked: ListParameters | ListBody) -> Response:
    """The answer to either."""
    caller.may_ask(asked.user, reasons=asked.explain != "none")
    language = installed(asked.language)
    person = asked.person(recommender.bundle)
    state = None if person.user is None else recommender.state_of(person.user)
    facts = asked.explain != "none" or bool(asked.where)

    def made() -> dict[str, Any]:
        best = _best(recommender, asked, person, state)
        length = state.length if state is not None else len(person.history or ())
        score = best[0].score if best and not asked.is_filtered else None
        request.app.state.drift.note(recommender.bundle, length, score)
        told = told_list(best, asked.explain, language)
        return {"user": person.user, "ignored": person.ignored, "recommendations": told}

    return kept_answer(request, recommender, asked, made, state=state, facts=facts)


def _best(
    recommender: Recommender, asked: ListParameters | ListBody, person: AskedPerson, state: HistoryState | None
) -> Sequence[Recommendation]:
    return recommender.recommend(
        state,
        history=person.history,
        k=asked.k,
        filters=asked.filters(recommender.bundle.manifest.schema),
        context=person.context,
        explain=asked.explain != "none",
        counterfactuals=asked.explain != "short",
    )
