"""Answers as plain data: the same documents on the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import Reason
from kgrec.explanation.score_parts import ScorePart, parts_by_kind
from kgrec.explanation.wording.languages import installed_wordings, wording_of
from kgrec.explanation.wording.reason_labels import ReasonLabels
from kgrec.explanation.wording.sentence import Length, sentence
from kgrec.recommendation.answer_types import Recommendation

ToldAs = Literal["none", "short", "standard", "full"]
"""How much of the reasons is told."""
_TOLD = "reasons", "counterfactual", "path_share"
"""Parts of an explanation that are told beside its sentence."""


def list_document(
    user: str | None, history: Sequence[str] | None, best: Sequence[Recommendation], length: Length = "short"
) -> dict[str, Any]:
    """A list for somebody, with the reason of each item where it has an explanation."""
    listed = [
        {
            **one.as_dict(),
            "explanation": one.explanation and _labelled(one.explanation),
            "sentence": one.explanation and in_every_language(one.explanation, length),
        }
        for one in best
    ]
    return {"user": user, "history": list(history) if history else None, "recommendations": listed}


def explanation_document(explanation: Explanation, length: Length = "standard") -> dict[str, Any]:
    """An explanation with its sentences, and a label of each reason in every language."""
    return {**_labelled(explanation), "sentence": in_every_language(explanation, length)}


def _labelled(explanation: Explanation) -> dict[str, Any]:
    document = explanation.as_dict()
    labels = {code: ReasonLabels(explanation, wording) for code, wording in installed_wordings().items()}
    for reason, plain in zip(explanation.reasons, document["reasons"], strict=True):
        plain["label"] = {code: of_language.of(reason) for code, of_language in labels.items()}
    return document


def told_list(best: Sequence[Recommendation], explain: ToldAs, language: str) -> list[dict[str, Any]]:
    """A list in one language, with as much of its reasons as is asked for; see :func:`told_explanation`."""
    return [
        {
            "rank": one.rank,
            "item": one.item,
            "name": one.name_in(language),
            "score": one.score,
            "new": one.new,
            "explanation": told_explanation(one.explanation, explain, language) if one.explanation else None,
        }
        for one in best
    ]


def told_explanation(explanation: Explanation, explain: ToldAs, language: str) -> dict[str, Any] | None:
    """The reasons in one language: none, a sentence, the reasons beside it, or everything.

    Within it are dataclasses and sequences, for an encoder of JSON that takes them: plain data would take half of the
    time, as there are hundreds of reasons.
    """
    if explain == "none":
        return None
    told: dict[str, Any] = {
        "sentence": sentence(explanation, language, explain),
        "degraded": explanation.degraded,
        "parts": [_part(part) for part in parts_by_kind(explanation.reason_parts)],
        "constant": explanation.constant,
    }
    if explain == "short":
        return told
    labels = ReasonLabels(explanation, wording_of(language))
    everything = explanation.by_name(_TOLD if explain == "standard" else None)
    everything["reasons"] = [_by_name(reason) | {"label": labels.of(reason)} for reason in explanation.reasons]
    if explain == "standard":
        return everything | told
    lengths: tuple[Length, ...] = ("short", "standard", "full")
    return everything | told | {"sentences": {length: sentence(explanation, language, length) for length in lengths}}


def _by_name(reason: Reason) -> dict[str, Any]:
    return {name: getattr(reason, name) for name in reason.__dataclass_fields__}


def _part(part: ScorePart) -> dict[str, Any]:
    return {"kind": part.kind, "positive": part.positive, "negative": part.negative}


def similar_document(item: str, similar: Sequence[Recommendation]) -> dict[str, Any]:
    """The items that are like one."""
    return {"item": item, "similar": [one.as_dict() for one in similar]}


def in_every_language(explanation: Explanation, length: Length) -> dict[str, str]:
    """The reasons in every installed language, by its code."""
    return {language: sentence(explanation, language, length) for language in installed_wordings()}
