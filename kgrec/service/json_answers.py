"""Answers as JSON in UTF-8, made without anything of a model: a service that starts has none yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import msgspec
from fastapi import Response

ANSWERED_BY = "kgrec.model"
"""Entry of a request's scope: the version of the model that answers it."""


def _plain(value: Any) -> Any:
    """Sequences, mappings and numbers of other kinds than Python's own, such as those made when they are looked at."""
    if isinstance(value, Real):  # of numpy, which registers its numbers so
        return int(value) if isinstance(value, Integral) else float(value)
    if isinstance(value, Sequence):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"JSON has no {type(value).__name__}")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def document(content: Any, status: int = 200) -> Response:
    """A JSON document; numbers that JSON does not have are null."""
    return encoded_document(encoded(content), status)


def encoded_document(body: bytes, status: int = 200) -> Response:
    """A JSON document that is bytes already."""
    return Response(body, status, media_type="application/json")


def encoded(content: Any) -> bytes:
    """Data as JSON in UTF-8, nothing escaped that need not be; a dataclass is an object of its fields."""
    return _ENCODER.encode(content)
