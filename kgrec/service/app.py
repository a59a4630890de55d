"""The HTTP service: health, lists, explanations and similar items as JSON, errors as problem documents (RFC 9457).

Every answer comes from one :class:`~kgrec.recommendation.Recommender` that the worker threads share: a bundle is never
changed, and a store takes reads from several threads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kgrec import plain_text
from kgrec.errors import (
    ConfigError,
    GraphError,
    KgrecError,
    QueryTimeoutError,
    SchemaMismatchError,
    StoreUnavailableError,
    UnknownIdError,
    missing_extra,
    shorten,
)
from kgrec.recommendation import Context, Filters, Recommender
from kgrec.recommendation import documents as answers
from kgrec.recommendation.filters import ColdItems
from kgrec.schema.model import GraphSchema

try:
    from fastapi import FastAPI, Query, Request, Response
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException
except ImportError as error:
    raise missing_extra("serve", "fastapi", "uvicorn", where="kgrec.service.app", found=str(error)) from error

LONGEST_LIST = 100
"""Items that one request may ask for: each that is explained costs look-ups in the graph."""

_STATUS: Mapping[type[KgrecError], HTTPStatus] = {
    UnknownIdError: HTTPStatus.NOT_FOUND,
    SchemaMismatchError: HTTPStatus.CONFLICT,
    ConfigError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    QueryTimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class _Asked(BaseModel):
    """Parameters of a request; a name that nobody knows is refused, because it would be a mistyped one."""

    model_config = ConfigDict(extra="forbid")


class _Somebody(_Asked):
    user: str | None = Field(None, description="Id of a user.")
    history: list[str] = Field([], description="Instead of a user: an item that somebody has chosen. Can be repeated.")
    at: float | None = Field(
        None, allow_inf_nan=False, description="When they ask, unix seconds: how long they were away counts."
    )

    def checked(self) -> tuple[str | None, list[str] | None]:
        """User or history, one of them None."""
        if (self.user is None) == (not self.history):
            raise ConfigError(
                "a person is named by user or by history.",
                where="query",
                found="neither" if self.user is None else "both",
                expected="one of them",
                next="write ?user=ID, or ?history=ITEM&history=ITEM",
            )
        return self.user, self.history or None


class _ListFor(_Somebody):
    k: int = Field(10, ge=1, le=LONGEST_LIST, description="Length of the list.")
    where: list[str] = Field(
        [], description="A condition such as year>=1990, asked of the graph. Can be repeated: all must hold."
    )
    allow: list[str] = Field([], description="Only these items. Can be repeated.")
    deny: list[str] = Field([], description="None of these items. Can be repeated.")
    cold_items: ColdItems = Field("include", description="Items that nobody had chosen when the model was learned.")
    include_seen: bool = Field(False, description="Items of the history may come back.")
    explain: bool = Field(True, description="Give each item its explanation; without, the answer comes faster.")

    def filters(self, schema: GraphSchema | None) -> Filters:
        """Which items may come back."""
        return Filters.parse(
            schema,
            allow=self.allow,
            deny=self.deny,
            where=self.where,
            cold_items=self.cold_items,
            include_seen=self.include_seen,
        )


class _ItemFor(_Somebody):
    item: str = Field(description="The item to explain.")


class _Similar(_Asked):
    item: str = Field(description="The item that the others are like.")
    k: int = Field(10, ge=1, le=LONGEST_LIST, description="Length of the list.")


def service(recommender: Recommender) -> FastAPI:
    """An application that answers from one recommender, which stays the caller's to close."""
    app = FastAPI(title="kgrec", docs_url=None, redoc_url=None)  # those pages would load scripts from elsewhere
    bundle = recommender.bundle

    @app.get("/health")
    def health() -> Response:
        """``ok``, or ``degraded`` and why. Always 200: to start again would bring no store back."""
        try:
            reason = recommender.degraded
        except GraphError as error:
            reason = error.summary
        facts = {
            "created": bundle.manifest.created,
            "graph_id": bundle.manifest.graph_id,
            "users": len(bundle.users),
            "items": len(bundle.items),
        }
        return _document({"status": "degraded" if reason else "ok", "reason": reason, "bundle": facts})

    @app.get("/recommend")
    def recommend(asked: Annotated[_ListFor, Query()]) -> Response:
        """The best items for somebody, as ``kgrec recommend --json`` gives them."""
        user, history = asked.checked()
        found = recommender.recommend(
            user,
            history=history,
            k=asked.k,
            filters=asked.filters(bundle.manifest.schema),
            context=Context(asked.at),
            explain=asked.explain,
        )
        return _document(answers.list_document(user, history, found))

    @app.get("/explain")
    def explain(asked: Annotated[_ItemFor, Query()]) -> Response:
        """Why an item has its score, as ``kgrec explain --json`` gives it."""
        user, history = asked.checked()
        found = recommender.explain(user, asked.item, history=history, context=Context(asked.at))
        return _document(answers.explanation_document(found))

    @app.get("/similar")
    def similar(asked: Annotated[_Similar, Query()]) -> Response:
        """The items that having taken one speaks most for."""
        found = recommender.similar_items(asked.item, asked.k)
        return _document(answers.similar_document(asked.item, found))

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

    return app


def _document(content: Any) -> Response:
    return Response(_encoded(content), media_type="application/json")


def _problem(error: KgrecError, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document: RFC 9457's own members, and those of every error of kgrec beside them."""
    if status is None:
        status = next((each for kind, each in _STATUS.items() if isinstance(error, kind)), 500)
    own = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": error.summary}
    content = _encoded(own | error.as_dict())
    return Response(content, status, headers, media_type="application/problem+json")


def _encoded(content: Any) -> bytes:
    return json.dumps(plain_text.plain(content), ensure_ascii=False, allow_nan=False).encode()


def _unfit(error: RequestValidationError) -> ConfigError:
    """What FastAPI says of the parameters, all of them at once, in the form of every other error."""
    found, expected = [], []
    for each in error.errors():
        name = plain_text.short(".".join(map(str, each["loc"][1:])))
        missing = each["type"] == "missing"
        found.append(f"no {name}" if missing else f"{name} = {shorten(each['input'])}")
        expected.append(f"{name}: {each['msg']}")
    return ConfigError(
        "the request's parameters do not fit.",
        where="query",
        found="; ".join(found),
        expected="; ".join(expected),
        next="see /openapi.json for what each address takes",
    )
