"""`/v1/what-if`: a list as it is, and as it would be with a changed history."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from kgrec.recommendation import Recommender
from kgrec.recommendation.answer_types import HistoryState
from kgrec.recommendation.documents import told_explanation, told_list
from kgrec.service.access import Asking, Scope, needs
from kgrec.service.answer_cache import kept_answer
from kgrec.service.answer_models import WhatIfAnswer
from kgrec.service.answers import Answering, installed
from kgrec.service.requests import AskedPerson, WhatIfBody, known_part

router = APIRouter(prefix="/v1/what-if", tags=["answers"], dependencies=[needs(Scope.READ)])


@router.post("", response_model=WhatIfAnswer, summary="The list with a changed history")
def what_if(request: Request, recommender: Answering, caller: Asking, asked: WhatIfBody) -> Response:
    """Both lists, and where the items of either stand in both; nothing is written."""
    caller.may_ask(asked.user, reasons=True)
    language = installed(asked.language)
    person = asked.person(recommender.bundle)
    state = None if person.user is None else recommender.state_of(person.user)
    facts = asked.explain != "none" or asked.item is not None or bool(asked.where)
    return kept_answer(
        request,
        recommender,
        asked,
        lambda: _what_if(recommender, asked, person, state, language),
        state=state,
        facts=facts,
    )


def _what_if(
    recommender: Recommender, asked: WhatIfBody, person: AskedPerson, state: HistoryState | None, language: str
) -> dict[str, Any]:
    bundle = recommender.bundle
    add, unknown = known_part(bundle, asked.add)
    found = recommender.what_if(
        state,
        history=person.history,
        without=asked.without,
        without_entities=asked.without_entities,
        add=add,
        k=asked.k,
        filters=asked.filters(bundle.manifest.schema),
        context=person.context,
        explain=asked.explain != "none",
        counterfactuals=asked.explain != "short",
        item=asked.item,
    )
    names = {one.item: one.name_in(language) for one in (*found.before, *found.after)}
    names |= {one.item: one.item_name_in(language, one.item, one.name) for one in found.explained or ()}
    told = [told_explanation(one, "full", language) for one in found.explained or ()]
    return {
        "user": person.user,
        "ignored": list(dict.fromkeys([*person.ignored, *unknown])),
        "before": told_list(found.before, asked.explain, language),
        "after": told_list(found.after, asked.explain, language),
        "changes": [{**asdict(change), "name": names[change.item]} for change in found.changes],
        "explained": {"before": told[0], "after": told[1]} if told else None,
    }
