"""Parts of a score by kind: what speaks for the item is not set off against what speaks against it."""

from __future__ import annotations

from kgrec.explanation.reasons import OtherFactsReason, PastItem, PastItemReason, PopularityReason, Reason, TrendReason
from kgrec.explanation.said_by_past import ReasonParts
from kgrec.explanation.score_parts import ScorePart, parts_by_kind


def said(evidence: str, value: float) -> PastItemReason:
    return PastItemReason(value, 0.0, evidence, PastItem("i", "I", value, {}))


def test_for_and_against_are_apart() -> None:
    reasons: list[Reason] = [
        PopularityReason(-0.5, 0.0, expected=False),
        TrendReason(-0.125, 0.0, 7.0),
        OtherFactsReason(1.0, 0.0, entities=2),
        said("taken_together", 2.0),
        said("taken_together", -0.25),
        said("taken_together", 0.5),
        said("of_a_plugin", -1.0),
    ]
    assert parts_by_kind(ReasonParts.of(reasons, [])) == [
        ScorePart("taken_together", 2.5, -0.25),
        ScorePart("other_facts", 1.0, 0.0),
        ScorePart("of_a_plugin", 0.0, -1.0),
        ScorePart("popularity", 0.0, -0.5),
        ScorePart("trend", 0.0, -0.125),
    ]


def test_a_score_without_reasons_has_no_parts() -> None:
    assert parts_by_kind(ReasonParts.of([], [])) == []
