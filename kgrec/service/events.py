"""`/v1/events`: what users do, taken in while answers are given."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import State

from kgrec.errors import RecordError
from kgrec.live.intake import Intake
from kgrec.plain_text import composed
from kgrec.service.access import Asking, Scope, needs
from kgrec.service.answer_models import Problem
from kgrec.service.json_answers import document
from kgrec.service.problems import PROBLEM

router = APIRouter(prefix="/v1/events", tags=["events"])

MOST_EVENTS = 1_000
"""Events of one request."""


class EventReport(BaseModel):
    """Something that a user did. What does not fit is refused by itself, not with the events beside it."""

    model_config = ConfigDict(extra="allow")

    id: Any = Field(None, description="Needed: unique among all events; send it again where in doubt.")
    user: Any = Field(None, description="Needed: id of the user, who may be new.")
    item: Any = Field(None, description="Needed: id of the item.")
    kind: Any = Field(None, description="As in the data, such as buy; the most frequent one where not given.")
    time: Any = Field(None, description="Unix time in any unit or an ISO date; the moment of arrival where not given.")
    weight: Any = Field(None, description="Strength: stars, play count; needed where it decides what the kind says.")
    platform: Any = Field(None, description="As in the data; the most frequent one where not given.")
    type: Any = Field(None, description="Interaction type of the graph schema; the one that has the kind.")
    context: Any = Field(None, description="Circumstances by context column of the schema, such as device.")


class EventAnswer(BaseModel):
    """What became of an event."""

    status: Literal["accepted", "repeated", "set aside", "refused"]
    offset: int | None = Field(None, description="Its place in the order of all events, where it has one.")
    reason: str | None = Field(None, description="Why it is set aside: unknown item, kind, type or platform.")
    error: dict[str, str | None] | None = Field(None, description="Why it was refused.")


class EventsAnswer(BaseModel):
    """What became of each event, in their order."""

    events: list[EventAnswer]


_ALL_REFUSED = {
    "description": "All events were refused; or what was sent is no event.",
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/EventsAnswer"}},
        PROBLEM: {"schema": Problem.model_json_schema()},
    },
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    207: {"model": EventsAnswer, "description": "Some events were refused."},
    422: _ALL_REFUSED,
}
_EXAMPLE = {"id": "order-17-1", "user": "ada", "item": "tent-4", "kind": "buy", "time": "2026-11-29T01:20:00Z"}


@router.post(
    "",
    response_model=EventsAnswer,
    summary="Report what users did",
    dependencies=[needs(Scope.WRITE)],
    responses=_ANSWERS,
)
async def report(
    request: Request,
    caller: Asking,
    events: Annotated[
        EventReport | Annotated[list[EventReport], Field(max_length=MOST_EVENTS)], Body(examples=[_EXAMPLE, [_EXAMPLE]])
    ],
) -> Response:
    """What became of each event, in their order: on disk and counting in the next answer, or refused and why.

    200 where none was refused, 207 where some were, 422 where all were; 403 and none where one is of somebody else than
    the person whose key it is.
    """
    given = events if isinstance(events, list) else [events]
    reports = [one.model_dump(exclude_unset=True) for one in given]
    for user in filter(None, map(_user_of, reports)):
        caller.may_report(user)
    results = await asyncio.to_thread(_intake_of(request).report, reports)
    answers = [
        {"status": "refused", "error": one.as_dict()}
        if isinstance(one, RecordError)
        else {"status": one.status, "offset": one.offset} | ({"reason": one.reason} if one.reason else {})
        for one in results
    ]
    for one, result in zip(reports, results, strict=True):
        if not isinstance(result, RecordError):
            request.app.state.cache.drop(_user_of(one))
    refused = sum(isinstance(one, RecordError) for one in results)
    status = 200 if not refused else 422 if refused == len(results) else 207
    return document({"events": answers}, status)


@router.get("", summary="Where events stand", dependencies=[needs(Scope.ADMIN)])
def standing(request: Request) -> Response:
    """How many events came, were set aside and why, how far the graph has got, and how streams are followed."""
    return document(vars(_intake_of(request).counts()) | {"streams": followed(request.app.state)})


def followed(state: State) -> list[dict[str, Any]]:
    """How the streams of an application stand."""
    return [asdict(follower.figures()) for follower in getattr(state, "followers", ())]


def _user_of(report: Mapping[str, Any]) -> str:
    """The user of a report as it is read; empty where it is refused for having none."""
    user = report.get("user")
    return composed(str(user).strip()) if isinstance(user, str | int) else ""


def _intake_of(request: Request) -> Intake:
    intake: Intake | None = getattr(request.app.state, "intake", None)
    if intake is None:
        raise HTTPException(404)  # a service without an event log
    return intake
