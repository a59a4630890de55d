"""A score by kind of reason: what of it speaks for an item, what against it."""

from __future__ import annotations

from dataclasses import dataclass

from kgrec.explanation.said_by_past import ReasonParts


@dataclass(frozen=True, slots=True)
class ScorePart:
    """The reasons of one kind, summed.

    Attributes:
        kind: ``entity``, ``edge``, ``other_facts``, ``refind``, ``popularity`` or ``trend``; of past items the kind of
            their evidence, as in :class:`~kgrec.explanation.reasons.PastItemReason`.
        positive, negative: sums of the values above and below 0.
    """

    kind: str
    positive: float
    negative: float


def parts_by_kind(reasons: ReasonParts) -> list[ScorePart]:
    """The parts of a score, the largest positive one first; with the constant they add up to it."""
    sums: dict[str, tuple[float, float]] = {}
    for reason in reasons.beside:
        positive, negative = sums.get(reason.kind, (0.0, 0.0))
        sums[reason.kind] = positive + max(reason.value, 0.0), negative + min(reason.value, 0.0)
    for said in reasons.said_by_past:
        positive, negative = sums.get(said.evidence, (0.0, 0.0))
        sums[said.evidence] = positive + said.positive, negative + said.negative
    parts = [ScorePart(kind, *of_kind) for kind, of_kind in sums.items()]
    return sorted(parts, key=lambda part: (-part.positive, part.negative))
