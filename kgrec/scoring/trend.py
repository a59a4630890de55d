"""The trend: how much each item was taken lately, as of a moment, from what was done before it and nothing later.

    x(t, i)     = SUM over hours that are over at t of  n(hour, i) * 2^-((t - end of the hour) / half-life)
    trend(t, i) = (log(1 + x(t, i)) - mean) / spread, both over the known items

What was taken since the hours were counted is counted one by one, from its own time. Example, half-life one day: item a
was taken twelve times in an hour that ended two days before t, item b three times in the hour that ended at t:

    item   x(t)           log(1 + x)   trend
    a      12 * 2^-2 = 3  1.386         0.707
    b      3 * 2^0   = 3  1.386         0.707
    c      0              0            -1.414

There are no users in it: what somebody did is one of many in a number. Where less is left of everything than one item
taken once, what is left fades: the spread that counts is at least that, log(2) over the root of the number of items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.matrices import place_of
from kgrec.scoring.spread import unit_spread

HOUR_S, DAY_S = 3600.0, 86_400.0


@dataclass(frozen=True)
class TrendAt:
    """The trend as of a moment.

    Attributes:
        counts: how often each item was taken, ``(items,)``.
        left: what is left of one of these.
        mean, unit: of the logarithms over the known items.
    """

    counts: Array
    left: float
    mean: float
    unit: float

    @classmethod
    def among(cls, of_known: Array, counts: Array, left: float) -> TrendAt:
        """The trend by counts, of which mean and unit are those of the known items' counts, ``(known,)``."""
        taken = of_known[None, :] * left
        mean, unit = _scale(np.log1p(taken, out=taken))
        return cls(counts, left, float(mean[0]), float(unit[0]))

    def of(self, counts: Array) -> Array:
        """The trend of known items that were taken so often, likewise counted: more of those that were taken more."""
        trend: Array = np.log1p(counts * self.left)
        trend -= self.mean
        trend /= self.unit
        return trend


@dataclass(frozen=True)
class Trend:
    """Counts of what was taken when.

    Attributes:
        half_life: seconds after which what was taken counts half.
        ends: unix seconds at which each hour was over in which anything was taken, ascending, float64 ``(hours,)``.
        counts: how often each item was taken in each hour, ``(hours, items)``.
        later_time, later_item: what was taken since, in any order: unix seconds and item rows, ``(n,)`` each.

    Raises:
        ValueError: parts that do not fit each other.
    """

    half_life: float
    ends: Array
    counts: sparse.csr_matrix
    later_time: Array = field(default_factory=lambda: np.zeros(0))
    later_item: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        if not self.half_life > 0:
            raise ValueError(f"a half-life of {self.half_life} s")
        if self.counts.shape[0] != len(self.ends) or len(self.later_time) != len(self.later_item):
            raise ValueError(f"counts of {self.counts.shape[0]} hours, which end at {len(self.ends)} moments")

    @classmethod
    def of(cls, interactions: Interactions, n_items: int, half_life: float) -> Trend:
        """The counts of some interactions, which speak for their items and whose times are unix seconds."""
        hours, row = np.unique(np.floor(interactions.time / HOUR_S), return_inverse=True)
        ones = np.ones(len(interactions), np.float32)
        counts = sparse.csr_matrix((ones, (row, interactions.item)), shape=(len(hours), n_items))
        counts.sum_duplicates()
        return cls(half_life, (hours + 1) * HOUR_S, counts)

    @property
    def until(self) -> float:
        """The moment at which all that is counted is past; minus infinity where nothing is."""
        return float(max(self.ends[-1:].max(initial=-np.inf), self.later_time.max(initial=-np.inf)))

    def with_half_life(self, half_life: float) -> Trend:
        """The same counts, fading otherwise."""
        return replace(self, half_life=half_life)

    def with_later(self, time: Array, item: IntArray) -> Trend:
        """The counts with what was taken since."""
        later_time, later_item = np.concatenate([self.later_time, time]), np.concatenate([self.later_item, item])
        other = replace(self, later_time=later_time, later_item=later_item)
        if len(time):
            fades = self._faded(other.until - self.until) if self.until > -np.inf else 0.0
            vars(other)["_last"] = self._last * fades + self._one_by_one(other.until, time, item)
        return other

    def restricted_to(self, items: IntArray) -> Trend:
        """The counts of some items, in this order."""
        place = place_of(items, self.counts.shape[1])[self.later_item]
        there = place >= 0
        return replace(
            self, counts=self.counts[:, items].tocsr(), later_time=self.later_time[there], later_item=place[there]
        )

    def at(self, moments: Array, items: IntArray | slice) -> Array:
        """The trend of some items as of each moment, float64 ``(moments, items)``, mean 0 and unit spread over these.

        Args:
            moments: unix seconds; nan where unknown, which is after all that is counted.
            items: all that are compared: the known ones.
        """
        distinct, which = np.unique(moments, return_inverse=True)
        taken = np.log1p(self.taken(distinct)[:, items])
        mean, unit = _scale(taken)
        taken -= mean[:, None]
        taken /= unit[:, None]
        return taken[which]

    def counted(self, moment: float) -> tuple[Array, float]:
        """How often each item was taken before a moment, ``(items,)``, and what is left of one of these by then.

        Of all moments past all that is counted, and of an unknown one (nan), the first is the same array.
        """
        left = self._left(moment)
        return (self.taken(np.array([moment]))[0], 1.0) if left is None else (self._last, left)

    def taken(self, moments: Array) -> Array:
        """How often each item was taken before each moment, what is past faded, float64 ``(moments, items)``.

        Args:
            moments: ascending, unknown ones (nan) last: the hours are gone through once.
        """
        table = np.empty((len(moments), self.counts.shape[1]))
        state, of, first = np.zeros(self.counts.shape[1]), -np.inf, 0
        for row, moment in enumerate(moments.tolist()):
            left = self._left(moment)
            if left is not None:
                table[row] = self._last * left
            else:
                over = int(np.searchsorted(self.ends, moment, side="right"))
                if of > -np.inf:
                    state *= self._faded(moment - of)
                state += self._hours(moment, first, over)
                before = self.later_time < moment
                table[row] = state + self._one_by_one(moment, self.later_time[before], self.later_item[before])
                of, first = moment, over
        return table

    @cached_property
    def _last(self) -> Array:
        """What is counted of each item when all of it is past."""
        hours = self._hours(self.until, 0, len(self.ends))
        return hours + self._one_by_one(self.until, self.later_time, self.later_item)

    def _left(self, moment: float) -> float | None:
        """What is left by then of one that was counted last; None at a moment before which not all was."""
        if np.isnan(moment) or not len(self.ends) + len(self.later_time):
            return 1.0
        past = moment >= self.until and moment > self.later_time.max(initial=-np.inf)
        return float(self._faded(moment - self.until)) if past else None

    def _hours(self, moment: float, first: int, over: int) -> Array:
        """What some hours one after the other are worth at a moment when they are over, ``(items,)``."""
        starts = self.counts.indptr[first : over + 1]
        entries = slice(int(starts[0]), int(starts[-1]))
        worth = np.repeat(self._faded(moment - self.ends[first:over]), np.diff(starts))
        worth *= self.counts.data[entries]
        return np.bincount(self.counts.indices[entries], worth, self.counts.shape[1])

    def _one_by_one(self, moment: float, time: Array, item: IntArray) -> Array:
        return np.bincount(item, self._faded(moment - time), self.counts.shape[1])

    def _faded(self, age: Array | float) -> Array:
        """What is left of one after some seconds."""
        left: Array = np.exp2(-np.asarray(age) / self.half_life)
        return left

    def arrays(self) -> dict[str, Array]:
        """The counted hours, for a bundle; :meth:`from_arrays` is the way back."""
        return {
            "half_life": np.asarray(self.half_life),
            "ends": self.ends,
            "data": self.counts.data.astype(np.float32, copy=False),
            "indices": self.counts.indices.astype(np.int32, copy=False),
            "indptr": self.counts.indptr.astype(np.int64, copy=False),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_items: int) -> Trend:
        """The counts again from their :meth:`arrays`.

        Raises:
            ValueError: they do not fit each other, or so many items.
            KeyError: one is missing.
        """
        parts = tuple(arrays[part] for part in ("data", "indices", "indptr"))
        counts = sparse.csr_matrix(parts, shape=(len(arrays["ends"]), n_items))
        counts.check_format(full_check=True)
        return cls(float(arrays["half_life"].item()), arrays["ends"], counts)


def _scale(taken: Array) -> tuple[Array, Array]:
    """Mean and unit of each row of logarithms."""
    return unit_spread(taken, np.log(2.0) / np.sqrt(max(taken.shape[1], 1)))
