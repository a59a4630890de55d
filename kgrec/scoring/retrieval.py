"""Retrieval: what is worked out of a large catalogue once, and of a history, so that few items need be looked at.

Mean and spread of each channel over the catalogue, by which its scores are scaled, follow from the sums over the items
that the history reaches, and, of low rank, from mean and covariance of the targets: exactly, and without the others.
How the best are found by that is in :mod:`kgrec.scoring.retrieved`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.scoring.bounded_parts import BoundedPart, LowRankPart, RemainingPart, TrendPart, Weighted
from kgrec.scoring.context_bias import ContextBias
from kgrec.scoring.histories import Histories
from kgrec.scoring.item_blocks import Balls, ItemBlocks
from kgrec.scoring.low_rank_bounds import LowRankBounds
from kgrec.scoring.matrices import FactoredMatrix, ItemMatrix, Table, without_own
from kgrec.scoring.reach import ReachedScores, ReachedTerms, ReachingMatrix
from kgrec.scoring.retrieved import GroupScores, Mask, Retrieved
from kgrec.scoring.scaling import COLD, KNOWN, Scaling
from kgrec.scoring.trend import TrendAt

if TYPE_CHECKING:
    from kgrec.scoring.mixing import Mixing

RETRIEVED_FROM = 200_000
"""Items from which on the best are retrieved: scoring all of fewer takes some milliseconds."""

_MOST_TERMS = 1.0
"""Terms of a history, by item of the catalogue, that take as long to add up as it takes to score all items."""


def can_be_bounded(matrix: ItemMatrix) -> bool:
    """Whether a matrix says something of few items, or is of low rank."""
    return isinstance(matrix, ReachingMatrix | FactoredMatrix)


class CatalogueIndex:
    """Blocks of the known items and of the cold ones that are alike, and what is largest in each.

    Args:
        items: of both groups.
        prior: of all items.
        targets: of the channels of low rank, by which items are alike.
    """

    def __init__(self, items: tuple[IntArray, IntArray], prior: Array, targets: Sequence[Table]) -> None:
        self.items = items
        self.prior = prior
        self.blocks = tuple(ItemBlocks.of(one, prior[one], _unit_vectors(one, targets)) for one in items)
        self.largest_prior = tuple(blocks.largest(prior) for blocks in self.blocks)
        self._balls: dict[int, tuple[LowRankBounds, Balls]] = {}
        self._in_contexts: dict[tuple[int, int], tuple[ContextBias, Array]] = {}

    def with_prior(self, prior: Array) -> CatalogueIndex:
        """The same blocks of items that have another prior."""
        if prior is self.prior:
            return self
        other = copy(self)
        other.prior = prior
        other.largest_prior = tuple(blocks.largest(prior) for blocks in self.blocks)
        return other

    def balls(self, bounds: LowRankBounds, group: int) -> Balls:
        """Those around the targets of each block of a group, beside the mean."""
        if id(bounds) not in self._balls:
            self._balls[id(bounds)] = bounds, self.blocks[group].balls(bounds.matrix.target, bounds.mean)
        return self._balls[id(bounds)][1]

    def largest_in(self, bias: ContextBias, code: int) -> Array:
        """The largest bias of a circumstance in each block of known items."""
        if (id(bias), code) not in self._in_contexts:
            self._in_contexts[id(bias), code] = bias, self.blocks[KNOWN].largest(bias.table[code])
        return self._in_contexts[id(bias), code][1]


def _unit_vectors(items: IntArray, targets: Sequence[Table]) -> Array:
    """The targets of some items side by side, of each channel in unit spread."""
    vectors: list[Array] = [np.zeros((len(items), 0), np.float32)]
    for target in targets:
        of_items = target[items]
        spread = np.sqrt(float(of_items.var(axis=0).sum())) if len(items) else 0.0
        vectors.append(of_items / np.float32(spread or 1.0))
    return np.hstack(vectors)


class Retriever:
    """Retrieves from the catalogue of a mixing."""

    def __init__(self, mixing: Mixing, index: CatalogueIndex) -> None:
        self._mixing = mixing
        self._index = index
        self._reaching = [one if isinstance(one, ReachingMatrix) else None for one in mixing.matrices]
        self._trend: tuple[float, TrendPart] | None = None
        self._counted: tuple[Array, tuple[Array, Array]] | None = None

    def prepare(self) -> None:
        """Work out of the matrices what everybody's lists need."""
        nobody = sparse.csr_matrix((1, len(self._mixing.prior)))
        for c, reaching in enumerate(self._reaching):
            if reaching is not None:
                reaching.reach(nobody)
                continue
            for group in (KNOWN, COLD):
                if len(self._index.items[group]):
                    self._index.balls(self._mixing.bounds(c, group), group)

    def retrieved(self, histories: Histories) -> Retrieved | None:
        """One person's scores; None where a history reaches so much that all items have to be scored."""
        mixing, scaling = self._mixing, Scaling.of(self._mixing.gates, histories)
        if (scaling.prior < 0).any() or (scaling.trend < 0).any() or any(one.weight < 0 for one in mixing.contexts):
            return None  # the largest would be the least
        reaches = self._reaches(scaling, histories)
        if reaches is None or sum(len(one.items) for one in reaches.values()) > _MOST_TERMS * len(mixing.prior):
            return None
        sums = _Sums.of(histories, reaches, mixing.is_cold)
        trend, contexts = self._trend_at(scaling, histories), self._in_contexts(histories)
        for group, weight in enumerate(scaling.prior[:, 0].tolist()):
            sums.parts[group].append(Weighted(weight, mixing.prior, self._index.largest_prior[group]))
        sums.parts[KNOWN].extend(one for one in (trend, *contexts) if one is not None)
        if not all(self._add(c, scaling, histories, reaches.get(c), sums) for c in self._open(scaling)):
            return None
        known, cold = (
            GroupScores(self._index.blocks[group], constant, *sums.scores(group, constant))
            for group, constant in enumerate(scaling.constant[:, 0].tolist())
        )
        parts = scaling, mixing.is_cold, (known, cold), sums.is_reached, trend, contexts
        return Retrieved(*parts, lambda: mixing.mix(histories, np.float64).total)

    def _open(self, scaling: Scaling) -> list[int]:
        return [c for c in range(len(self._mixing.matrices)) if any(self._mixing.opens(scaling, c))]

    def _reaches(self, scaling: Scaling, histories: Histories) -> dict[int, ReachedTerms] | None:
        """What sparse channels say; None where one that has no unit says more than is added up."""
        reaches = {}
        for c in self._open(scaling):
            reaching = self._reaching[c]
            if reaching is not None:
                reaches[c] = reaching.reach(histories.matrices[c])
                if reaches[c].remainder is not None and not self._mixing.units[c]:
                    return None  # mean and spread are not known
        return reaches

    def _add(
        self, channel: int, scaling: Scaling, histories: Histories, reach: ReachedTerms | None, sums: _Sums
    ) -> bool:
        """Add what a channel says; False where bounds cannot tell it."""
        mixing, opens = self._mixing, self._mixing.opens(scaling, channel)
        asked = bool(len(self._index.items[KNOWN])), opens[COLD]
        unit = mixing.unit_or_none(histories, channel)
        if reach is not None:
            values = sums.of_channel(reach, histories.matrices[channel].indices)
            reached = [
                ReachedScores(values[own], len(items)) if wanted else None
                for own, items, wanted in zip(sums.of_group, self._index.items, asked, strict=True)
            ]
            scaling.bring(channel, reached, unit, np.float64)
            for group, scale in enumerate(scaling.scale[channel, :, 0].tolist()):
                sums.add(group, scale, values[sums.of_group[group]])
                if scale and reach.remainder is not None:
                    sums.parts[group].append(RemainingPart(reach.remainder, scale))
            return True
        said = [
            mixing.bounds(channel, group).said(histories.matrices[channel]) if wanted else None
            for group, wanted in enumerate(asked)
        ]
        if any(wanted and one is None for wanted, one in zip(asked, said, strict=True)):
            return False
        scaling.bring(channel, said, unit, np.float64)
        for group, (one, scale) in enumerate(zip(said, scaling.scale[channel, :, 0].tolist(), strict=True)):
            if one is not None and scale:
                sums.early[sums.place[one.bounds.items[one.changed]]] += scale * one.change
                sums.parts[group].append(LowRankPart(one, scale, self._index.balls(one.bounds, group)))
        return True

    def _trend_at(self, scaling: Scaling, histories: Histories) -> TrendPart | None:
        """What the trend adds at the moment of asking; that of the last moment is kept."""
        trend = self._mixing.trend
        if trend is None or not scaling.trend.any() or not len(self._index.items[KNOWN]):
            return None
        moment, kept = float(histories.at[0]), self._trend
        if kept is None or not np.array_equal(kept[0], moment, equal_nan=True):
            counts, left = trend.counted(moment)
            of_known, most = self._of_counts(counts)
            kept = self._trend = moment, TrendPart(1.0, TrendAt.among(of_known, counts, left), most)
        return replace(kept[1], weight=float(scaling.trend[0]))

    def _of_counts(self, counts: Array) -> tuple[Array, Array]:
        """Those of known items, and the largest in each block; these of the last counts are kept."""
        kept = self._counted
        if kept is None or kept[0] is not counts:
            found = counts[self._index.items[KNOWN]], self._index.blocks[KNOWN].largest(counts)
            kept = self._counted = counts, found
        return kept[1]

    def _in_contexts(self, histories: Histories) -> list[Weighted | None]:
        """What each context column adds; None where the circumstance is unknown."""
        found: list[Weighted | None] = []
        for bias in self._mixing.contexts:
            (code,) = histories.contexts.codes(bias.column, bias.values).tolist()
            of_items = (bias.table[code], self._index.largest_in(bias, code)) if code >= 0 else None
            found.append(of_items and Weighted(bias.weight, *of_items))
        return found


@dataclass(frozen=True)
class _Sums:
    """What is added up of the items that a history reaches, or that are in it: of known ones first, then of cold ones.

    Attributes:
        is_reached: whether each item is, bool ``(items,)``.
        rows: of those, of each group ascending.
        place: of each item among them; of an item that is none of them anything.
        of_group: the known ones, and the cold ones.
        early: their scores but for the constants and the parts.
        parts: of both groups.
    """

    is_reached: Mask
    rows: IntArray
    place: npt.NDArray[np.int32]
    of_group: tuple[slice, slice]
    early: Array
    parts: tuple[list[BoundedPart], list[BoundedPart]] = field(default_factory=lambda: ([], []))

    @classmethod
    def of(cls, histories: Histories, reaches: dict[int, ReachedTerms], is_cold: Mask) -> _Sums:
        """Nothing yet of all that are reached."""
        is_reached = np.zeros(len(is_cold), np.bool_)
        for reach in reaches.values():
            is_reached[reach.items] = True
        for history in {id(history): history for history in histories.matrices}.values():
            is_reached[history.indices] = True
        rows = np.flatnonzero(is_reached)
        cold = is_cold[rows]
        known = rows[~cold]
        rows = np.concatenate([known, rows[cold]])
        place = np.empty(len(is_cold), np.int32)
        place[rows] = np.arange(len(rows))
        groups = slice(0, len(known)), slice(len(known), len(rows))
        return cls(is_reached, rows, place, groups, np.zeros(len(rows)))

    def of_channel(self, reach: ReachedTerms, past: IntArray) -> Array:
        """What a channel says of each, but for the remainder, and not of past items for themselves."""
        values: Array = np.bincount(self.place[reach.items], reach.values, len(self.rows))
        if reach.own is not None:
            later = 0.0 if reach.remainder is None else reach.remainder.products(past)
            values[self.place[past]] = without_own(values[self.place[past]] + later, reach.own) - later
        return values

    def add(self, group: int, weight: float, values: Array) -> None:
        """Add weighted values of a group's items."""
        if weight:
            self.early[self.of_group[group]] += weight * values

    def scores(self, group: int, constant: float) -> tuple[IntArray, Array, Sequence[BoundedPart]]:
        """Rows, scores and parts of a group."""
        own = self.of_group[group]
        return self.rows[own], self.early[own] + constant, self.parts[group]
