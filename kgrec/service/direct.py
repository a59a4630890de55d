"""Addresses that are answered past FastAPI where nothing is amiss: its reading of them costs as much as a kept answer.

Whatever is not plainly right goes on to FastAPI, which says what is wrong; so every answer is one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Asked

from kgrec.errors import KgrecError
from kgrec.recommendation import Recommender
from kgrec.service.access import Caller, Scope
from kgrec.service.json_answers import ANSWERED_BY
from kgrec.service.requests import Parameters
from kgrec.service.single_values import LISTS

Answered = Callable[[Request, Recommender, Caller, Any], Response]
"""What a resource answers to parameters, in a thread of its own."""


@dataclass(frozen=True)
class DirectAddress:
    """An address whose GET takes parameters and needs the scope ``read``.

    Attributes:
        route: FastAPI's, which describes it.
        parameters: the model that reads them.
    """

    route: BaseRoute
    parameters: type[Parameters]
    answer: Answered


class Direct:
    """The application behind what answers some addresses directly.

    Args:
        app: what answers everything else.
        addresses: by their paths.
    """

    def __init__(self, app: ASGIApp, addresses: Mapping[str, DirectAddress]) -> None:
        self._app = app
        self._addresses = addresses

    async def __call__(self, scope: Asked, receive: Receive, send: Send) -> None:
        """Answer, or let the application do so."""
        address = self._addresses.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        answer = None if address is None else await self._answer(address, scope)
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, address: DirectAddress, scope: Asked) -> Response | None:
        request = Request(scope)
        caller: Caller = scope["kgrec.caller"]
        try:
            caller.must_have(Scope.READ)
            asked = address.parameters.model_validate(_once_each(request))
            recommender: Recommender = request.app.state.recommender
            scope["route"], scope[ANSWERED_BY] = address.route, recommender.bundle.version
            return await run_in_threadpool(address.answer, request, recommender, caller, asked)
        except (ValidationError, KgrecError):
            return None


def _once_each(request: Request) -> dict[str, Any]:
    """The parameters of an address; those that are no list keep all values where there are several, and do not fit."""
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    return {name: values if name in LISTS or len(values) > 1 else values[0] for name, values in given.items()}
