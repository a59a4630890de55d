"""Errors over HTTP: problem documents (RFC 9457) with what every error of kgrec says."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from kgrec import plain_text
from kgrec.errors import (
    ConfigError,
    KgrecError,
    QueryTimeoutError,
    SchemaMismatchError,
    StoreUnavailableError,
    UnknownIdError,
    shorten,
)
from kgrec.service.answers import encoded

_STATUS: Mapping[type[KgrecError], HTTPStatus] = {
    UnknownIdError: HTTPStatus.NOT_FOUND,
    SchemaMismatchError: HTTPStatus.CONFLICT,
    ConfigError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    QueryTimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def answer_errors(app: FastAPI) -> None:
    """Make an application answer every error with a problem document."""

    @app.exception_handler(KgrecError)
    def of_kgrec(request: Request, error: KgrecError) -> Response:
        return _problem(error)

    @app.exception_handler(RequestValidationError)
    def of_parameters(request: Request, error: RequestValidationError) -> Response:
        return _problem(_unfit(error))

    @app.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> Response:
        known = ", ".join(sorted(path for path in app.openapi()["paths"]))
        unknown = KgrecError(
            "the service does not answer this.",
            where=shorten(f"{request.method} {request.url.path}"),
            expected=f"GET and one of {known}",
        )
        return _problem(unknown, error.status_code, error.headers)

    @app.exception_handler(Exception)
    def of_fault(request: Request, error: Exception) -> Response:
        # Its text may hold anything, so it goes to the log only.
        return _problem(KgrecError("kgrec has a fault.", next="please report it, with the traceback of the log"))


def _problem(error: KgrecError, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document: RFC 9457's own members, and those of every error of kgrec beside them."""
    if status is None:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    own = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": error.summary}
    content = encoded(own | error.as_dict())
    return Response(content, status, headers, media_type="application/problem+json")


def _unfit(error: RequestValidationError) -> ConfigError:
    """What FastAPI says of the parameters, all of them at once, in the form of every other error."""
    found, expected = [], []
    for problem in error.errors():
        name = plain_text.short(".".join(map(str, problem["loc"][1:])))
        missing = problem["type"] == "missing"
        found.append(f"no {name}" if missing else f"{name} = {shorten(problem['input'])}")
        expected.append(f"{name}: {problem['msg']}")
    return ConfigError(
        "the request's parameters do not fit.",
        where="query",
        found="; ".join(found),
        expected="; ".join(expected),
        next="see /openapi.json for what each address takes",
    )
