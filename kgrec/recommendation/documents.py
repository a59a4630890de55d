"""Answers as plain data: the same document on the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kgrec.recommendation import Explanation, Recommendation, sentence
from kgrec.schema.model import LANGUAGES


def listing(user: str | None, history: Sequence[str] | None, found: Sequence[Recommendation]) -> dict[str, Any]:
    """A list for somebody, with the sentences of each explanation where there is one."""
    listed = [{**each.as_dict(), "sentence": each.explanation and sentences(each.explanation)} for each in found]
    return {"user": user, "history": list(history) if history else None, "recommendations": listed}


def explained(explanation: Explanation) -> dict[str, Any]:
    """An explanation with its sentences."""
    return {**explanation.as_dict(), "sentence": sentences(explanation)}


def sentences(explanation: Explanation) -> dict[str, str]:
    """The reason in every language, by its code."""
    return {language: sentence(explanation, language) for language in LANGUAGES}
