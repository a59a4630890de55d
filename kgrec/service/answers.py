"""What every answer of the service is: JSON in UTF-8, from one recommender."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from kgrec import plain_text
from kgrec.recommendation import Recommender


async def _recommender_of(request: Request) -> Recommender:
    recommender: Recommender = request.app.state.recommender
    return recommender


Answering = Annotated[Recommender, Depends(_recommender_of)]
"""The application's recommender, as a parameter of a resource."""


def document(content: Any) -> Response:
    """A JSON document; numbers that JSON does not have are null."""
    return Response(encoded(content), media_type="application/json")


def encoded(content: Any) -> bytes:
    """Plain data as JSON in UTF-8, nothing escaped that need not be."""
    return json.dumps(plain_text.plain(content), ensure_ascii=False, allow_nan=False).encode()
