"""What past items say by one kind of evidence, as numbers: sentences need a few of hundreds of past items by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array
from kgrec.explanation.deferred import Deferred
from kgrec.explanation.reasons import EdgeReason, EntityReason, PastItem, PastItemReason, Reason
from kgrec.parallel.cached_attribute import cached_property


@dataclass(frozen=True)
class SaidByPast:
    """What each past item says by one kind of evidence, the largest absolute value first.

    Attributes:
        evidence: as in :class:`~kgrec.explanation.reasons.PastItemReason`.
        values: ``(n,)``; none is 0.
        whole: the positive score of the item, of which values are shares.
        totals: what each past item says by all evidence, ``(n,)``.
        against, lukewarm: what was done with it speaks against it; it was given stars, but not many, ``(n,)``.
        past_item: makes the past item of a place.
    """

    evidence: str
    values: Array
    whole: float
    totals: Array
    against: npt.NDArray[np.bool_]
    lukewarm: npt.NDArray[np.bool_]
    past_item: Callable[[int], PastItem]

    @property
    def shares(self) -> Array:
        """Of the positive score, ``(n,)``."""
        shares: Array = self.values / self.whole
        return shares

    @property
    def speaks(self) -> npt.NDArray[np.bool_]:
        """Whether a past item speaks for the item, here and on the whole, ``(n,)``."""
        speaks: npt.NDArray[np.bool_] = (self.values > 0) & (self.totals > 0) & ~self.against
        return speaks

    @cached_property
    def positive(self) -> float:
        """Sum of the values above 0."""
        return float(np.maximum(self.values, 0.0).sum())

    @cached_property
    def negative(self) -> float:
        """Sum of the values below 0."""
        return float(self.values.sum()) - self.positive

    def without_against(self) -> SaidByPast:
        """The same of those past items that what was done with them does not speak against."""
        if not self.against.any():
            return self
        kept = np.flatnonzero(~self.against)
        parts = (self.values[kept], self.whole, self.totals[kept], self.against[kept], self.lukewarm[kept])
        return SaidByPast(self.evidence, *parts, lambda n: self.past_item(int(kept[n])))


@dataclass(frozen=True)
class BesidePast:
    """A reason that is no :class:`~kgrec.explanation.reasons.PastItemReason`: its numbers, and what makes it.

    Attributes:
        kind, value, share: of the reason.
        has_paths: the store has confirmed paths of it.
    """

    kind: str
    value: float
    share: float
    has_paths: bool
    make: Callable[[], Reason]

    @classmethod
    def of(cls, reason: Reason) -> Self:
        """A reason that is there."""
        paths = reason.paths if isinstance(reason, EntityReason | EdgeReason) else ()
        return cls(reason.kind, reason.value, reason.share, bool(paths), lambda: reason)

    @cached_property
    def reason(self) -> Reason:
        """The reason."""
        return self.make()


@dataclass(frozen=True)
class PastTotals:
    """What each past item says by all evidence, the strongest first.

    Attributes:
        items: ids of the past items.
        values: ``(n,)``.
        against: what was done with it speaks against it, ``(n,)``.
        past_item: makes the past item of a place.
    """

    items: Sequence[str]
    values: Array
    against: npt.NDArray[np.bool_]
    past_item: Callable[[int], PastItem]

    @classmethod
    def of(cls, past: Sequence[PastItem]) -> Self:
        """Those of past items with their totals."""
        against = np.array([one.against for one in past], np.bool_)
        return cls([one.item for one in past], np.array([one.value for one in past]), against, past.__getitem__)

    @cached_property
    def by_item(self) -> Mapping[str, float]:
        """The value of each past item."""
        return dict(zip(self.items, self.values.tolist(), strict=True))


@dataclass(frozen=True)
class ReasonParts:
    """The reasons of an explanation, those of past items as numbers.

    Attributes:
        beside: the reasons that are no :class:`~kgrec.explanation.reasons.PastItemReason`, the largest first.
        said_by_past: all others, a part for each kind of evidence.
        past: what past items say by all of it.
    """

    beside: Sequence[BesidePast]
    said_by_past: Sequence[SaidByPast]
    past: PastTotals

    @classmethod
    def of(cls, reasons: Iterable[Reason], past: Sequence[PastItem]) -> ReasonParts:
        """The parts of reasons that are there already.

        Args:
            past: totals by past item.
        """
        totals, beside = PastTotals.of(past), []
        found: dict[str, list[PastItemReason]] = {}
        for reason in reasons:
            if isinstance(reason, PastItemReason):
                found.setdefault(reason.evidence, []).append(reason)
            else:
                beside.append(BesidePast.of(reason))
        said = [_said(evidence, each, totals.by_item) for evidence, each in found.items()]
        return cls(beside, said, totals)


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
        ordered[0].value / ordered[0].share if ordered[0].share else 1.0,
        np.array([totals.get(one.item, one.value) for one in past]),
        np.array([one.against for one in past], np.bool_),
        np.array([one.lukewarm for one in past], np.bool_),
        past.__getitem__,
    )
