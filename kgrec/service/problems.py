"""Errors over HTTP: problem documents (RFC 9457) with what every error of kgrec says, and no id of other people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from kgrec import plain_text
from kgrec.errors import (
    BundleError,
    ConfigError,
    EventLogError,
    KgrecError,
    QueryTimeoutError,
    SchemaMismatchError,
    StoreUnavailableError,
    TooManyEventsError,
    UnknownIdError,
    UnknownUserError,
    shorten,
)
from kgrec.service.access import NotAllowedError
from kgrec.service.answer_models import Problem
from kgrec.service.audit import note_fault
from kgrec.service.json_answers import encoded
from kgrec.service.json_body import NotJsonError

PROBLEM = "application/problem+json"
_MOST_NAMED = 5
_OBJECT = "Input should be an object"

_STATUS: Mapping[type[KgrecError], HTTPStatus] = {
    NotAllowedError: HTTPStatus.FORBIDDEN,
    UnknownIdError: HTTPStatus.NOT_FOUND,
    NotJsonError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    SchemaMismatchError: HTTPStatus.CONFLICT,
    ConfigError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    QueryTimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
    TooManyEventsError: HTTPStatus.TOO_MANY_REQUESTS,
    EventLogError: HTTPStatus.SERVICE_UNAVAILABLE,
    BundleError: HTTPStatus.CONFLICT,
}
_WHEN = {
    400: "The body cannot be read: it is no JSON.",
    401: "A key is needed, or not given as Bearer, or not known.",
    403: "The key does not allow this.",
    404: "No such user, item, node or address.",
    405: "The address does not take this method.",
    408: "The body took too long to arrive.",
    409: "The store holds another graph than the bundle's, or a model cannot be used.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
    421: "The service is not asked under this name.",
    422: "Parameters that do not fit; all of them are named.",
    429: "Too many requests of the key, or too many events that wait; Retry-After says when to come again.",
    500: "A fault of kgrec; its text goes to the log only.",
    503: (
        "The service starts; too many requests, too slow an answer, the store is needed and away, or the event log "
        "cannot be written. Retry-After says when to come again."
    ),
}


def described_errors() -> dict[int | str, dict[str, Any]]:
    """Every status of an error as OpenAPI describes it."""
    content = {PROBLEM: {"schema": Problem.model_json_schema()}}
    return {status: {"description": text, "content": content} for status, text in _WHEN.items()}


def described_version() -> dict[int | str, dict[str, Any]]:
    """The header that says which model answered, as OpenAPI describes it."""
    text = "Version of the model that the whole answer comes from, as /v1/model/versions lists them."
    header = {"description": text, "schema": {"type": "string"}}
    return {200: {"headers": {"X-Kgrec-Model": header}}}


def refusal(
    request: Request,
    status: int,
    summary: str,
    expected: str,
    retry_after: float | None = None,
    *,
    found: str | None = None,
) -> Response:
    """The answer to a request that is not handed on.

    Args:
        retry_after: seconds after which it may be made again.
    """
    headers = {} if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return _problem(request, KgrecError(summary, found=found, expected=expected), status, headers)


def fault(request: Request) -> Response:
    """The answer where kgrec has a fault."""
    error = KgrecError("kgrec has a fault.", next="please report it, with the lines of the log of this request")
    return _problem(request, error)


def answer_errors(app: FastAPI) -> None:
    """Make an application answer every error with a problem document."""

    @app.exception_handler(KgrecError)
    def of_kgrec(request: Request, error: KgrecError) -> Response:
        if isinstance(error, UnknownUserError):  # what it was compared with are ids of others
            error.next = "give a history instead"
            error.expected = "the id of a user of the graph"
        answer = _problem(request, error)
        if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            note_fault(request.scope["kgrec.request_id"], error)
        return answer

    @app.exception_handler(RequestValidationError)
    def of_parameters(request: Request, error: RequestValidationError) -> Response:
        unread = next((one for one in error.errors() if one["type"] == "json_invalid"), None)
        if unread is None:
            return _problem(request, _unfit(error))
        found = f"{unread['ctx']['error']}, at character {unread['loc'][1]}"
        return _problem(request, _unread(found), HTTPStatus.BAD_REQUEST)

    @app.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.BAD_REQUEST:
            return _problem(request, _unread("no text in UTF-8, or one that is nested too deep"), error.status_code)
        unknown = KgrecError(
            "the service does not answer this.",
            where=shorten(f"{request.method} {request.url.path}"),
            expected="an address and a method of /openapi.json",
        )
        return _problem(request, unknown, error.status_code, error.headers)


def _problem(
    request: Request, error: KgrecError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem document: RFC 9457's own members, and those of every error of kgrec beside them."""
    if status is None:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    own = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": error.summary,
        "instance": request.scope["kgrec.request_id"],
    }
    if isinstance(error, TooManyEventsError):
        headers = {"Retry-After": str(error.retry_after_s)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE and not headers:
        headers = {"Retry-After": "5"}
    return Response(encoded(own | error.as_dict()), status, headers, media_type=PROBLEM)


def _unfit(error: RequestValidationError) -> ConfigError:
    """What FastAPI says of the parameters, all of them at once, in the form of every other error."""
    found: dict[str, str] = {}
    expected: dict[str, list[str]] = {}
    for problem in error.errors():
        name = plain_text.short(_name(problem, error.body))
        if name not in found and len(found) == _MOST_NAMED:
            break
        missing = problem["type"] == "missing"
        found.setdefault(name, f"no {name}" if missing else f"{name} = {shorten(problem['input'])}")
        said = _OBJECT if problem["type"] in ("model_type", "model_attributes_type") else problem["msg"]
        if said not in expected.setdefault(name, []):
            expected[name].append(said)
    return ConfigError(
        "the request's parameters do not fit.",
        where=str(error.errors()[0]["loc"][0]),
        found="; ".join(found.values()),
        expected="; ".join(f"{name}: {', or: '.join(said)}" for name, said in expected.items()),
        next="see /openapi.json for what each address takes",
    )


def _name(problem: Mapping[str, Any], body: Any) -> str:
    """Where something does not fit, as whoever sent it wrote it: pydantic also names the classes that it tried."""
    where, *path = problem["loc"]
    if where != "body":
        return ".".join(map(str, path))
    names, inside = [], body
    for n, part in enumerate(path):
        within = range(len(inside)) if isinstance(inside, list) else inside if isinstance(inside, dict) else ()
        if part in within:
            inside = inside[part]
        elif problem["type"] != "missing" or n < len(path) - 1:
            continue
        names.append(str(part))
    return ".".join(names) or "body"


def _unread(found: str) -> KgrecError:
    return KgrecError(
        "the request's body cannot be read.",
        where="body",
        found=found,
        expected="JSON in UTF-8",
        next="see /openapi.json for what each address takes",
    )
