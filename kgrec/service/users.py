"""`/v1/users`: what somebody did, and forgetting them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response

from kgrec.explanation.actions import each_action
from kgrec.explanation.wording.languages import in_language
from kgrec.recommendation.fold_in import past_interactions
from kgrec.schema.naming import name_in_language
from kgrec.service.access import Asking, Scope, needs
from kgrec.service.answer_models import ForgottenAnswer, HistoryAnswer
from kgrec.service.answers import Answering, installed
from kgrec.service.json_answers import document
from kgrec.service.requests import HistoryParameters, Id

router = APIRouter(prefix="/v1/users", tags=["users"])
UserId = Annotated[Id, Path(description="Id of the user; a slash in it is written as it is.", examples=["ada"])]


@router.get("/{user:path}", response_model=HistoryAnswer, summary="What a user did", dependencies=[needs(Scope.READ)])
def history(
    recommender: Answering, caller: Asking, user: UserId, asked: Annotated[HistoryParameters, Query()]
) -> Response:
    """The history that answers are made from, the oldest interaction first."""
    caller.may_ask(user, reasons=True)
    bundle, language = recommender.bundle, installed(asked.language)

    def name(row: int) -> str:
        names = {code: of_language[row] for code, of_language in bundle.names_by_language.items()}
        return name_in_language(names, language, bundle.names[row])

    past = recommender.state_of(user).person.interactions
    past = past.select(np.argsort(past.time, kind="stable"))
    done = zip(past_interactions(past, bundle), past.item.tolist(), each_action(past, bundle), strict=True)
    told = [
        {
            "item": one.item,
            "name": name(row),
            "kind": one.kind,
            "verb": in_language(action.verb, language),
            "stars": action.stars,
            "time": one.time,
            "weight": one.weight,
        }
        for one, row, action in done
    ]
    return document({"user": user, "history": told})


@router.delete(
    "/{user:path}", response_model=ForgottenAnswer, summary="Forget a user", dependencies=[needs(Scope.ADMIN)]
)
def forget(request: Request, recommender: Answering, caller: Asking, user: UserId) -> Response:
    """Remove a user with all accounts and what they did from the graph; the bundle does not answer for them either."""
    accounts = recommender.accounts(user)
    removed = recommender.forget(user)
    request.app.state.measured.forgotten.inc()
    for account in dict.fromkeys((user, *accounts)):  # by which they were asked about, be it no id of the graph
        request.app.state.cache.drop(account, forgotten=True)
    # No line leads from an id to a pseudonym that was drawn.
    stored = accounts[0] if accounts and user not in accounts else user
    request.app.state.audit(request, caller, "forget a user", stored, f"{removed} interactions")
    return document({"user": user, "interactions": removed})
