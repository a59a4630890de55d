"""Gate weights: how much each channel counts in a score.

Known items are weighed by what is known of the user (:class:`GateTable`), cold items, which nobody had interacted with
when the model was learned, by weights of their own (:class:`ColdItemGates`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from kgrec.data.dataset import Array, IntArray

_TIES = 0.05
"""Part of the trend's weight that popularity has for users without a history where it has none for others."""
_COLD_SPREAD = 0.5
"""Least spread of cold items' scores, in spreads of known ones, where nothing better has been measured."""


@dataclass(frozen=True)
class GateTable:
    """Gate weights of known items, by the pause since the user's last event and the length of their history.

    Attributes:
        min_lengths: least history length (items) of each bucket of lengths, ascending from 0, int64 ``(lengths,)``.
        channels: weight of each channel, float64 ``(1 + pauses, lengths, channels)``, not negative; 0 closes a channel.
            Row 0 is for an unknown pause, row p for one of at least ``min_pauses[p - 1]``.
        prior: weight of the popularity prior, float64 ``(1 + pauses, lengths)``.
        min_pauses: seconds, ascending from 0; empty where a pause makes no difference.
        trend: weight of what is taken lately, float64 ``(1 + pauses, lengths)``; where not given, it is closed.

    Raises:
        ValueError: shapes that do not fit each other.
    """

    min_lengths: IntArray
    channels: Array
    prior: Array
    min_pauses: tuple[float, ...] = ()
    trend: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        buckets = (1 + len(self.min_pauses), len(self.min_lengths))
        if not self.trend.any():
            object.__setattr__(self, "trend", np.zeros(buckets))
        parts = ("channels", self.channels.shape[:2]), ("prior", self.prior.shape), ("trend", self.trend.shape)
        for name, shape in parts:
            if shape != buckets:
                raise ValueError(f"gate weights of {name} are by {shape} buckets of pause and length, not {buckets}")

    def bucket(self, lengths: Array, pauses: Array) -> tuple[IntArray, IntArray]:
        """Bucket of each user's pause, and of their length: indices ``(users,)`` into the weights.

        Args:
            lengths: items in each history.
            pauses: seconds since each user's last event, nan where unknown.
        """
        known = np.where(np.isnan(pauses), -np.inf, np.maximum(pauses, 0.0))
        by_pause = np.searchsorted(np.array(self.min_pauses), known, side="right")
        return by_pause, np.searchsorted(self.min_lengths, lengths, side="right") - 1

    def with_popularity_for_no_history(self) -> GateTable:
        """This table with an open prior for users without a history, for whom little else orders items.

        Any weight above 0 gives the same order; beside an open trend it orders what is taken alike.
        """
        trend = self.trend[:, :1]
        prior = np.where(self.prior[:, :1] > 0, self.prior[:, :1], np.where(trend > 0, _TIES * trend, 1.0))
        if len(self.min_lengths) > 1 and self.min_lengths[1] == 1:
            return replace(self, prior=np.hstack([prior, self.prior[:, 1:]]))
        if (prior == self.prior[:, :1]).all():
            return self
        return replace(
            self,
            min_lengths=np.r_[0, 1, self.min_lengths[1:]],
            channels=np.concatenate([self.channels[:, :1], self.channels], axis=1),
            prior=np.hstack([prior, self.prior]),
            trend=np.hstack([trend, self.trend]),
        )


@dataclass(frozen=True)
class ColdItemGates:
    """Gate weights of cold items, the same for every history, with what makes their scores comparable to known ones'.

    A cold item's score is ``SUM_c channels[c] * z_c + prior * p + offset + slope * log(1 + n)``: z_c is what channel c
    says of it, scaled to mean 0 and unit spread over the cold items, p the popularity that its content predicts, n the
    number of items in the history.

    Attributes:
        channels: weight of each channel, float64 ``(channels,)``.
        min_spread: a channel's scores of cold items are divided by at least this many spreads of its scores of known
            ones, float64 ``(channels,)``: where a history says next to nothing about cold items, the little it says is
            no reason to put one on top.
        prior: weight of the predicted popularity.
        offset, slope: as above, in units of the score.
        length_range: shorter and longer histories count as these: the offset was measured between them.

    Raises:
        ValueError: shapes that do not fit each other.
    """

    channels: Array
    min_spread: Array
    prior: float = 0.0
    offset: float = 0.0
    slope: float = 0.0
    length_range: tuple[float, float] = (0.0, 1e9)

    def __post_init__(self) -> None:
        if self.channels.shape != self.min_spread.shape:
            raise ValueError(f"{self.min_spread.shape} spreads of cold items for {self.channels.shape} channels")

    def offset_for(self, lengths: Array) -> Array:
        """What is added to cold items' scores by length of history ``(users,)``; not positive without a history."""
        offset = self.offset + self.slope * np.log1p(np.clip(lengths, *self.length_range))
        result: Array = np.where(lengths > 0, offset, np.minimum(offset, 0.0))
        return result


@dataclass(frozen=True)
class Gates:
    """All gate weights of a model: of known items by history, and of cold items.

    Raises:
        ValueError: the parts are for different numbers of channels.
    """

    by_history: GateTable
    cold: ColdItemGates

    def __post_init__(self) -> None:
        known, cold = self.by_history.channels.shape[-1], len(self.cold.channels)
        if known != cold:
            raise ValueError(f"gate weights of known items are for {known} channels, those of cold items for {cold}")

    @classmethod
    def common(cls, channels: Array, prior: float, cold_items: float = 1.0, cold_offset: float = 0.0) -> Gates:
        """The same weights for every history, and ``cold_items`` times that for cold items."""
        channels = np.asarray(channels, np.float64)
        return cls(
            GateTable(np.zeros(1, np.int64), channels[None, None, :], np.full((1, 1), float(prior))),
            ColdItemGates(
                channels=cold_items * channels,
                min_spread=np.full(len(channels), _COLD_SPREAD),
                prior=cold_items * prior,
                offset=cold_offset,
            ),
        )

    def with_cold(self, **changes: Any) -> Gates:
        """These gates with other fields of :class:`ColdItemGates`."""
        return replace(self, cold=replace(self.cold, **changes))

    def with_known(self, **changes: Any) -> Gates:
        """These gates with other fields of :class:`GateTable`."""
        return replace(self, by_history=replace(self.by_history, **changes))

    def with_channel(self, weights: Array) -> Gates:
        """These gates with one more channel, the last.

        Args:
            weights: of the channel by pause and length of history, as :class:`GateTable` has those of the others; cold
                items have the mean.
        """
        cold, channels = self.cold, self.by_history.channels
        return Gates(
            replace(self.by_history, channels=np.concatenate([channels, weights[:, :, None]], axis=2)),
            replace(
                cold,
                channels=np.r_[cold.channels, weights.mean()],
                min_spread=np.r_[cold.min_spread, _COLD_SPREAD],
            ),
        )

    def arrays(self) -> dict[str, Array]:
        """Every number, by ``part.field``; :meth:`from_arrays` is the way back. A trend that is closed is left out."""
        numbers = {
            f"{part}.{of.name}": np.asarray(getattr(gates, of.name))
            for part, gates in (("by_history", self.by_history), ("cold", self.cold))
            for of in fields(gates)
        }
        if not self.by_history.trend.any():
            del numbers["by_history.trend"]
        return numbers

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Gates:
        """The gates again from their :meth:`arrays`.

        Raises:
            TypeError: a field is missing or unknown.
            ValueError: shapes that do not fit each other.
        """
        parts: dict[str, dict[str, Any]] = {"by_history": {}, "cold": {}}
        for name, array in arrays.items():
            part, _, of = name.partition(".")
            parts.setdefault(part, {})[of] = array
        table, cold = parts["by_history"], parts["cold"]
        for gates, name in ((table, "min_pauses"), (cold, "length_range")):
            if name in gates:
                gates[name] = tuple(gates[name].tolist())
        numbers = {name: value.item() for name, value in cold.items() if name in ("prior", "offset", "slope")}
        return cls(GateTable(**table), ColdItemGates(**cold | numbers))

    def as_dict(self) -> dict[str, Any]:
        """The same numbers as plain lists, by part and field, for JSON."""
        result: dict[str, Any] = {}
        for name, array in self.arrays().items():
            part, _, of = name.partition(".")
            result.setdefault(part, {})[of] = array.tolist()
        return result
