"""Answers are JSON in UTF-8, also for numbers that JSON does not have."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from kgrec.explanation.deferred import Deferred
from kgrec.service.json_answers import document, encoded


def test_a_document_is_json_in_utf_8() -> None:
    answer = document({"name": "异形 é <b>", "score": float("nan"), "most": float("inf"), "none": None}, 207)
    assert (answer.status_code, answer.headers["content-type"]) == (207, "application/json")
    assert "异形 é <b>" in bytes(answer.body).decode("utf-8")
    assert json.loads(bytes(answer.body)) == {"name": "异形 é <b>", "score": None, "most": None, "none": None}
    assert encoded([1, 2.5, "a"]) == b'[1,2.5,"a"]'


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer."""

    value: Any
    kind: str = field(default="part", init=False)


def test_dataclasses_and_sequences_that_are_made_when_they_are_looked_at_are_plain() -> None:
    parts = Piece(Deferred(lambda: (Piece(1), Piece(MappingProxyType({"en": "é"})))))
    assert json.loads(encoded(parts)) == {
        "value": [{"value": 1, "kind": "part"}, {"value": {"en": "é"}, "kind": "part"}],
        "kind": "part",
    }
    with pytest.raises(TypeError, match="JSON has no object"):
        encoded(object())


def test_numbers_of_numpy_are_numbers() -> None:
    found = encoded([np.float64(0.25), np.float32(0.5), np.int64(3), np.float64("nan")])
    assert json.loads(found) == [0.25, 0.5, 3, None]
