"""Answers as JSON in UTF-8, made without anything of a model: a service that starts has none yet."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Response

ANSWERED_BY = "kgrec.model"
"""Entry of a request's scope: the version of the model that answers it."""

_ENCODER = msgspec.json.Encoder()


def document(content: Any, status: int = 200) -> Response:
    """A JSON document; numbers that JSON does not have are null."""
    return encoded_document(encoded(content), status)


def encoded_document(body: bytes, status: int = 200) -> Response:
    """A JSON document that is bytes already."""
    return Response(body, status, media_type="application/json")


def encoded(content: Any) -> bytes:
    """Plain data as JSON in UTF-8, nothing escaped that need not be."""
    return _ENCODER.encode(content)
