"""What past items say by one kind of evidence, as numbers: sentences need a few of hundreds of past items by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array
from kgrec.explanation.deferred import Deferred
from kgrec.explanation.reasons import PastItem, PastItemReason, Reason


@dataclass(frozen=True)
class SaidByPast:
    """What each past item says by one kind of evidence, the largest absolute value first.

    Attributes:
        evidence: as in :class:`~kgrec.explanation.reasons.PastItemReason`.
        values, shares: ``(n,)``; no value is 0.
        totals: what each past item says by all evidence, ``(n,)``.
        against, lukewarm: what was done with it speaks against it; it was given stars, but not many, ``(n,)``.
        past_item: makes the past item of a place.
    """

    evidence: str
    values: Array
    shares: Array
    totals: Array
    against: npt.NDArray[np.bool_]
    lukewarm: npt.NDArray[np.bool_]
    past_item: Callable[[int], PastItem]

    @property
    def speaks(self) -> npt.NDArray[np.bool_]:
        """Whether a past item speaks for the item, here and on the whole, ``(n,)``."""
        speaks: npt.NDArray[np.bool_] = (self.values > 0) & (self.totals > 0) & ~self.against
        return speaks


@dataclass(frozen=True)
class ReasonParts:
    """The reasons of an explanation, those of past items as numbers.

    Attributes:
        beside_past: the reasons that are no :class:`~kgrec.explanation.reasons.PastItemReason`, the largest first.
        said_by_past: all others, a part for each kind of evidence.
    """

    beside_past: Sequence[Reason]
    said_by_past: Sequence[SaidByPast]

    @classmethod
    def of(cls, reasons: Sequence[Reason], past: Iterable[PastItem]) -> ReasonParts:
        """The parts of reasons that are there already.

        Args:
            past: totals by past item.
        """
        totals = {one.item: one.value for one in past}
        found: dict[str, list[PastItemReason]] = {}
        for reason in reasons:
            if isinstance(reason, PastItemReason):
                found.setdefault(reason.evidence, []).append(reason)
        beside = [reason for reason in reasons if not isinstance(reason, PastItemReason)]
        return cls(beside, [_said(evidence, each, totals) for evidence, each in found.items()])


class DeferredReasons(Deferred[Reason]):
    """All reasons of an explanation, made when somebody looks at them; their parts are there at once.

    Args:
        make: what makes them.
        parts: of the same reasons.
    """

    def __init__(self, make: Callable[[], tuple[Reason, ...]], parts: ReasonParts) -> None:
        super().__init__(make)
        self.parts = parts


def _said(evidence: str, reasons: list[PastItemReason], totals: Mapping[str, float]) -> SaidByPast:
    ordered = sorted(reasons, key=lambda reason: -abs(reason.value))
    past = [reason.past for reason in ordered]
    return SaidByPast(
        evidence,
        np.array([reason.value for reason in ordered]),
        np.array([reason.share for reason in ordered]),
        np.array([totals.get(one.item, one.value) for one in past]),
        np.array([one.against for one in past], np.bool_),
        np.array([one.lukewarm for one in past], np.bool_),
        past.__getitem__,
    )
