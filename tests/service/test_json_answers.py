"""Answers are JSON in UTF-8, also for numbers that JSON does not have."""

from __future__ import annotations

import json

from kgrec.service.json_answers import document, encoded


def test_a_document_is_json_in_utf_8() -> None:
    answer = document({"name": "异形 é <b>", "score": float("nan"), "most": float("inf"), "none": None}, 207)
    assert (answer.status_code, answer.headers["content-type"]) == (207, "application/json")
    assert "异形 é <b>" in bytes(answer.body).decode("utf-8")
    assert json.loads(bytes(answer.body)) == {"name": "异形 é <b>", "score": None, "most": None, "none": None}
    assert encoded([1, 2.5, "a"]) == b'[1,2.5,"a"]'
