"""`/v1/explain`: why an item has its score for somebody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from kgrec.recommendation import Recommender
from kgrec.recommendation.answer_types import HistoryState
from kgrec.recommendation.documents import told_explanation
from kgrec.service.access import Asking, Caller, Scope, needs
from kgrec.service.answer_cache import kept_answer
from kgrec.service.answer_models import ExplanationAnswer
from kgrec.service.answers import Answering, installed
from kgrec.service.requests import AskedPerson, ReasonBody, ReasonParameters

router = APIRouter(prefix="/v1/explain", tags=["answers"], dependencies=[needs(Scope.READ)])


@router.get("", response_model=ExplanationAnswer, summary="Why an item has its score")
def explain(
    request: Request, recommender: Answering, caller: Asking, asked: Annotated[ReasonParameters, Query()]
) -> Response:
    """The reasons that add up to a score, and a sentence that says them."""
    return explained(request, recommender, caller, asked)


@router.post("", response_model=ExplanationAnswer, summary="Why an item has its score")
def explain_for(request: Request, recommender: Answering, caller: Asking, asked: ReasonBody) -> Response:
    """Likewise, with a history of interactions that have kinds, times and weights."""
    return explained(request, recommender, caller, asked)


def explained(
    request: Request, recommender: Recommender, caller: Caller, asked: ReasonParameters | ReasonBody
) -> Response:
    """The answer to either."""
    caller.may_ask(asked.user, reasons=True)
    language = installed(asked.language)
    person = asked.person(recommender.bundle)
    state = None if person.user is None else recommender.state_of(person.user)
    return kept_answer(
        request,
        recommender,
        asked,
        lambda: _reasons(recommender, asked, person, state, language),
        state=state,
        facts=True,
    )


def _reasons(
    recommender: Recommender,
    asked: ReasonParameters | ReasonBody,
    person: AskedPerson,
    state: HistoryState | None,
    language: str,
) -> dict[str, Any]:
    explanation = recommender.explain(
        state,
        asked.item,
        history=person.history,
        context=person.context,
        counterfactuals=asked.explain != "short",
    )
    return {
        "user": person.user,
        "ignored": person.ignored,
        "item": explanation.item,
        "name": explanation.item_name_in(language, explanation.item, explanation.name),
        "score": explanation.score,
        "new": explanation.new,
        "explanation": told_explanation(explanation, asked.explain, language),
    }
