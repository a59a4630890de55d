"""A score by kind of reason: what of it speaks for an item, what against it."""

from __future__ import annotations

from dataclasses import dataclass

from kgrec.explanation.said_by_past import ReasonParts


@dataclass(frozen=True, slots=True)
class ScorePart:
    """The reasons of one kind, summed.

    Attributes:
        kind: ``entity``, ``edge``, ``other_facts`` or ``popularity``; of past items the kind of their evidence, as in
            :class:`~kgrec.explanation.reasons.PastItemReason`.
        positive, negative: sums of the values above and below 0.
    """

    kind: str
    positive: float
    negative: float


def parts_by_kind(reasons: ReasonParts) -> list[ScorePart]:
    """The parts of a score, the largest positive one first; with the constant they add up to it."""
    values: dict[str, list[float]] = {}
    for reason in reasons.beside_past:
        values.setdefault(reason.kind, []).append(reason.value)
    for said in reasons.said_by_past:
        values.setdefault(said.evidence, []).extend(said.values.tolist())
    parts = [
        ScorePart(kind, sum(value for value in of if value > 0), sum(value for value in of if value < 0))
        for kind, of in values.items()
    ]
    return sorted(parts, key=lambda part: (-part.positive, part.negative))
