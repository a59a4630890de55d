"""Mixing: what channels say of all items is scaled, weighed by their gates and added up.

Known and cold items are two groups, each scaled to mean 0 and unit spread of its own (see :mod:`kgrec.scoring.model`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring import retrieval
from kgrec.scoring.context_bias import ContextBias
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.low_rank_bounds import BoundedScores, LowRankBounds
from kgrec.scoring.matrices import FactoredMatrix, ItemMatrix, Scorer, SelectiveMatrix, span_of
from kgrec.scoring.retrieval import CatalogueIndex, Retriever
from kgrec.scoring.retrieved import Retrieved
from kgrec.scoring.scaling import COLD, KNOWN, Scaling
from kgrec.scoring.top_k import top_k
from kgrec.scoring.trend import Trend

_LARGE = 4096
"""Items from which on half of the memory that is read is half of the time."""
_FIRST = 128
"""Items beyond the length of a list whose scores say what it takes to be in it."""
_MOST_LATE = 4096
"""Items that are looked at one by one; of more, all are."""


@dataclass(frozen=True)
class Late:
    """What a channel says of a group of items, not added up yet: its products times the scale."""

    said: BoundedScores
    scale: float


@dataclass(frozen=True)
class Mix:
    """Scores ``(users, items)`` and the numbers that explain them.

    ``place`` is that of each item in its group. ``certain``: float32 would be precise enough for what matrices say.
    ``early`` are the scores but for what is ``late``, which there is for one user alone. ``trend`` is what the trend
    adds to each known item, likewise for one, ``(users, known)``, and ``contexts`` what each of the context columns
    does, ``(columns, known)``; None where that is nothing.
    """

    early: Array
    scaling: Scaling
    place: npt.NDArray[np.int32]
    certain: bool
    late: Sequence[Late] = ()
    trend: Array | None = None
    contexts: Array | None = None

    @cached_property
    def total(self) -> Array:
        """All scores."""
        total = self.early.copy() if self.late else self.early
        for one in self.late:
            total[0, one.said.bounds.span] += one.scale * one.said.products()
        return total

    def of_items(self, rows: IntArray) -> Array:
        """The scores of some items for one user, ``(n,)``."""
        if not self.late or "total" in vars(self):
            scores: Array = self.total[0, rows]
            return scores
        scores = self.early[0, rows]
        for one in self.late:
            place = one.said.bounds.place[rows]
            there = np.flatnonzero(place >= 0)
            scores[there] += one.scale * one.said.products(place[there])
        return scores

    def whoever_asks(self, rows: IntArray) -> tuple[Array, Array]:
        """What the trend adds to some known items for one user, ``(n,)``, and each context column, ``(columns, n)``."""
        places = self.place[rows]
        trend = np.zeros(len(rows)) if self.trend is None else self.trend[0, places]
        return trend, np.zeros((0, len(rows))) if self.contexts is None else self.contexts[:, places]

    def best(self, among: npt.NDArray[np.bool_], k: int) -> IntArray:
        """The ``k`` best of some items for one user, best first, as :func:`top_k` has them.

        What is late is added up for those alone that can be among them by their bounds.

        Args:
            among: whether each item is a candidate, ``(items,)``.
        """
        candidates = np.flatnonzero(among)
        if not self.late or "total" in vars(self):
            return top_k(self.total[0], candidates, k)
        at_most = self.early[0].copy()
        for one in self.late:
            at_most[one.said.bounds.span] += one.scale * one.said.middle + abs(one.scale) * one.said.within
        at_most = at_most[candidates]
        first = k + _FIRST
        if first < len(candidates):
            promising = candidates[np.argpartition(at_most, len(at_most) - first)[-first:]]
            least = np.partition(self.of_items(promising), first - k)[first - k]  # k items have that at least
            candidates = candidates[at_most >= least]
        if len(candidates) > _MOST_LATE:
            return top_k(self.total[0], candidates, k)
        order = top_k(self.of_items(candidates), np.arange(len(candidates)), k)
        return candidates[order]


@dataclass(frozen=True)
class Mixing:
    """Mixes channels; what does not depend on a history is worked out once.

    Attributes:
        matrices: of the channels.
        units: of each channel that has a unit of its own, 0 of the others.
        leaders: position of the channel whose sum of weights each one's unit is times.
        gates: of all channels.
        prior: float32 ``(items,)``.
        is_cold: bool ``(items,)``.
        trend: of all items; None where there is none.
        contexts: of all items, one for each context column.
    """

    matrices: Sequence[ItemMatrix]
    units: Sequence[float]
    leaders: Sequence[int]
    gates: Gates
    prior: Array
    is_cold: npt.NDArray[np.bool_]
    trend: Trend | None = None
    contexts: Sequence[ContextBias] = ()

    def mix(self, histories: Histories, dtype: npt.DTypeLike) -> Mix:
        """Scores in a type; what matrices say of a large catalogue is in float32 where that is precise enough."""
        rough = self._mix(histories, dtype, np.float32 if len(self.prior) >= _LARGE else dtype)
        return rough if rough.certain else self._mix(histories, dtype, dtype)

    @cached_property
    def retriever(self) -> Retriever | None:
        """Finds the best of a large catalogue without the scores of all; of other catalogues there is none."""
        if len(self.prior) < retrieval.RETRIEVED_FROM or not all(map(retrieval.can_be_bounded, self.matrices)):
            return None
        return Retriever(self, self._index)

    def of_one(self, histories: Histories) -> Mix | Retrieved:
        """One user's scores; those of a large catalogue as far as somebody asks for them."""
        retrieved = self.retriever and self.retriever.retrieved(histories)
        return retrieved or self.mix(histories, np.float64)

    def opens(self, scaling: Scaling, channel: int) -> tuple[bool, bool]:
        """Whether a channel counts for any known item, and for any cold one."""
        known, cold = scaling.opens(channel)
        return known and len(self._items[KNOWN]) > 0, cold and len(self._items[COLD]) > 0

    def bounds(self, channel: int, group: int) -> LowRankBounds:
        """The bounds of a group of items in a channel of low rank."""
        return self._of_channel(channel).bounds(group)

    def unit_or_none(self, histories: Histories, channel: int) -> Array | None:
        """The same as :meth:`unit`; None of a channel that has none."""
        return self.unit(histories, channel) if self.units[channel] else None

    def unit(self, histories: Histories, channel: int) -> Array:
        """What the scores of a channel that has a unit are divided by, ``(users,)``; infinite without a history."""
        total = histories.totals[self.leaders[channel]]
        result: Array = np.where(total > 0, self.units[channel] * np.sqrt(total), np.inf)
        return result

    @cached_property
    def _items(self) -> tuple[IntArray, IntArray]:
        """The known items, and the cold ones."""
        return np.flatnonzero(~self.is_cold), np.flatnonzero(self.is_cold)

    @cached_property
    def _place(self) -> npt.NDArray[np.int32]:
        """Of each item in its group."""
        place = np.empty(len(self.prior), np.int32)
        for items in self._items:
            place[items] = np.arange(len(items))
        return place

    @cached_property
    def _index(self) -> CatalogueIndex:
        low_rank = {id(one): one.target for one in self.matrices if isinstance(one, FactoredMatrix)}
        return CatalogueIndex(self._items, self.prior, list(low_rank.values()))

    @cached_property
    def _spans(self) -> tuple[IntArray | slice, IntArray | slice]:
        return span_of(self._items[KNOWN]), span_of(self._items[COLD])

    @cached_property
    def _priors(self) -> list[Array]:
        return [self.prior[items].astype(np.float64) for items in self._items]

    def with_matrices(self, matrices: Sequence[ItemMatrix]) -> Mixing:
        """The same with other matrices; what is worked out of those that stay is kept."""
        other = self._with_index(replace(self, matrices=tuple(matrices)))
        for c, (old, new) in enumerate(zip(self.matrices, other.matrices, strict=True)):
            if old is new:
                other._ready[c] = self._of_channel(c)
        return other

    def without_prior(self) -> Mixing:
        """The same without the popularity prior, the trend and the contexts."""
        return self._with(prior=np.zeros_like(self.prior), trend=None, contexts=())

    def with_trend(self, trend: Trend | None) -> Mixing:
        """The same with another trend."""
        return self._with(trend=trend)

    def _with(self, **changes: Any) -> Mixing:
        other = self._with_index(replace(self, **changes))
        other._ready.update({c: self._of_channel(c) for c in range(len(self.matrices))})
        return other

    def _with_index(self, other: Mixing) -> Mixing:
        if "_index" in vars(self):
            vars(other)["_index"] = self._index.with_prior(other.prior)
        return other

    @cached_property
    def _ready(self) -> dict[int, _OfChannel]:
        return {}

    def _of_channel(self, channel: int) -> _OfChannel:
        if channel not in self._ready:
            self._ready[channel] = _OfChannel.of(self.matrices[channel], self._items)
        return self._ready[channel]

    def _said(
        self, channel: int, history: sparse.csr_matrix, asked: Sequence[bool], bounded: bool
    ) -> list[Array | BoundedScores | None]:
        """What a channel says of each group that is asked for.

        Args:
            bounded: bounds will do where there are such.
        """
        ready = self._of_channel(channel)
        said: list[Array | BoundedScores | None] = [
            ready.bounds(group).said(history) if wanted and bounded and ready.has_bounds[group] else None
            for group, wanted in enumerate(asked)
        ]
        left = [wanted and one is None for wanted, one in zip(asked, said, strict=True)]
        everything = None if ready.scorers or not any(left) else self.matrices[channel].scores(history)
        for group, span in enumerate(self._spans):
            if left[group]:
                said[group] = ready.scorers[group](history) if everything is None else everything[:, span]
        return said

    def _mix(self, histories: Histories, dtype: npt.DTypeLike, products: npt.DTypeLike) -> Mix:
        """Scale every channel to unit spread within each group of items, weigh it by its gate and add up.

        Args:
            dtype: of the scores.
            products: of what matrices say, before it is scaled and added up.
        """
        users, scaling = len(histories), Scaling.of(self.gates, histories)
        there_are = [len(items) > 0 for items in self._items]
        trend = self._weighted_trend(scaling.trend, histories.at)
        mixed = [
            (of[:, None] * own).astype(dtype, copy=False) for of, own in zip(scaling.prior, self._priors, strict=True)
        ]
        if trend is not None:
            mixed[KNOWN] += trend.astype(dtype, copy=False)
        contexts = [self._in_context(one, histories) for one in self.contexts]
        for of_column in contexts:
            mixed[KNOWN] += of_column.astype(dtype, copy=False)
        bounded, late, certain = users == 1 and products != dtype, [], True
        for c, history in enumerate(histories.in_type(products)):
            opens = self.opens(scaling, c)
            if not any(opens):
                continue
            said_by_group = self._said(c, history, (there_are[KNOWN], opens[COLD]), bounded)
            certain = scaling.bring(c, said_by_group, self.unit_or_none(histories, c), dtype) and certain
            for group, said in enumerate(said_by_group):
                if said is None or not opens[group]:
                    continue
                if isinstance(said, np.ndarray):
                    mixed[group] += said * scaling.scale[c, group].astype(dtype)[:, None]
                else:
                    late.append(Late(said, float(scaling.scale[c, group, 0])))
                    mixed[group][0, said.changed] += late[-1].scale * said.change
        for group in (KNOWN, COLD):
            mixed[group] += scaling.constant[group].astype(dtype)[:, None]
        early = mixed[KNOWN]
        if there_are[COLD]:
            early = np.empty((users, len(self.prior)), dtype)
            for span, of_group in zip(self._spans, mixed, strict=True):
                early[:, span] = of_group
        for_one = (trend, np.concatenate(contexts) if contexts else None) if users == 1 else (None, None)
        return Mix(early, scaling, self._place, certain, late, *for_one)

    def _in_context(self, bias: ContextBias, histories: Histories) -> Array:
        """What a context column adds to each known item, ``(users, known)``; nothing to cold items, as the trend."""
        return bias.of(histories.contexts)[:, self._spans[KNOWN]]

    def _weighted_trend(self, gate: Array, moments: Array) -> Array | None:
        """What the trend adds to each known item, ``(users, known)``; None where it adds nothing.

        To cold items it adds nothing: nobody had taken them when they were weighed.
        """
        if self.trend is None or not (gate.any() and len(self._items[KNOWN])):
            return None
        weighted: Array = gate[:, None] * self.trend.at(moments, self._spans[KNOWN])
        return weighted


@dataclass(frozen=True)
class _OfChannel:
    """What is worked out of a channel's matrix once.

    Attributes:
        scorers: of each group, so that none is scored for the other; empty where all items are scored together.
        has_bounds: there are bounds of each group.
    """

    matrix: ItemMatrix
    items: tuple[IntArray, IntArray]
    scorers: tuple[Scorer, ...]
    has_bounds: tuple[bool, bool]

    @classmethod
    def of(cls, matrix: ItemMatrix, items: tuple[IntArray, IntArray]) -> _OfChannel:
        apart = all(map(len, items))
        scorers = tuple(map(matrix.scorer_of, items)) if apart and isinstance(matrix, SelectiveMatrix) else ()
        known, cold = (isinstance(matrix, FactoredMatrix) and len(of_group) >= _LARGE for of_group in items)
        return cls(matrix, items, scorers, (known, cold))

    def bounds(self, group: int) -> LowRankBounds:
        """The bounds of a group that has such."""
        return self._known if group == KNOWN else self._cold

    @cached_property
    def _known(self) -> LowRankBounds:
        return self._of_group(KNOWN)

    @cached_property
    def _cold(self) -> LowRankBounds:
        return self._of_group(COLD)

    def _of_group(self, group: int) -> LowRankBounds:
        assert isinstance(self.matrix, FactoredMatrix)
        return LowRankBounds.of(self.matrix, self.items[group])
