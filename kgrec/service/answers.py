"""What every answer of the service is: JSON in UTF-8, from one recommender."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request, Response

from kgrec.explanation.wording.languages import wording_of
from kgrec.recommendation import Recommender

ANSWERED_BY = "kgrec.model"
"""Entry of a request's scope: the version of the model that answers it."""

_ENCODER = msgspec.json.Encoder()


async def _recommender_of(request: Request) -> Recommender:
    recommender: Recommender = request.app.state.recommender
    request.scope[ANSWERED_BY] = recommender.bundle.version
    return recommender


Answering = Annotated[Recommender, Depends(_recommender_of)]
"""The application's recommender, as a parameter of a resource."""


def document(content: Any, status: int = 200) -> Response:
    """A JSON document; numbers that JSON does not have are null."""
    return encoded_document(encoded(content), status)


def encoded_document(body: bytes, status: int = 200) -> Response:
    """A JSON document that is bytes already."""
    return Response(body, status, media_type="application/json")


def encoded(content: Any) -> bytes:
    """Plain data as JSON in UTF-8, nothing escaped that need not be."""
    return _ENCODER.encode(content)


def installed(language: str) -> str:
    """A language that there are sentences in.

    Raises:
        ConfigError: it is not installed.
    """
    wording_of(language)
    return language
