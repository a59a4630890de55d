"""Scaling: by what each channel's scores are multiplied for one user or several, and the constants that come of it.

Known and cold items are two groups, each brought to mean 0 and unit spread of its own (see :mod:`kgrec.scoring.model`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.spread import SILENT, is_certain, unit_of, unit_spread

KNOWN, COLD = 0, 1
"""The two groups of items that are scaled apart, as positions along an axis."""


class Summed(Protocol):
    """One user's scores of a group of items, of which mean and spread are known."""

    @property
    def mean(self) -> float:
        """Of all of them."""

    @property
    def spread(self) -> float:
        """Likewise."""


@dataclass(frozen=True)
class Scaling:
    """Gates of some users, and what channels are multiplied by as far as they were brought to unit spread.

    Attributes:
        gate: of each channel in each group, ``(2, users, channels)``.
        prior: of the popularity prior, ``(2, users)``: known items, then cold ones.
        trend: of the trend, which only known items have, ``(users,)``.
        min_spread: least spread of each channel's scores of cold items, in spreads of known ones, ``(channels,)``.
        scale: what the scores of each channel are times, ``(channels, 2, users)``.
        constant: what is added to all items of a group, ``(2, users)``.
    """

    gate: Array
    prior: Array
    trend: Array
    min_spread: Array
    scale: Array
    constant: Array

    @classmethod
    def of(cls, gates: Gates, histories: Histories) -> Self:
        """That of some users, before any channel has said something."""
        users, table, cold = len(histories), gates.by_history, gates.cold
        bucket = table.bucket(histories.lengths, histories.pauses)
        constant = np.zeros((2, users))
        constant[COLD] = cold.offset_for(histories.lengths)
        return cls(
            np.stack([table.channels[bucket], np.tile(cold.channels, (users, 1))]),
            np.stack([table.prior[bucket], np.full(users, cold.prior)]),
            table.trend[bucket],
            cold.min_spread,
            np.zeros((len(cold.channels), 2, users)),
            constant,
        )

    def opens(self, channel: int) -> tuple[bool, bool]:
        """Whether a channel counts for any user, for known and for cold items."""
        return bool(self.gate[KNOWN, :, channel].any()), bool(self.gate[COLD, :, channel].any())

    def bring(
        self, channel: int, said: Sequence[Array | Summed | None], unit: Array | None, dtype: npt.DTypeLike
    ) -> bool:
        """Work out the scale of a channel and what it adds to the constants.

        Args:
            said: of known items and of cold ones; None where nothing is to be said of them.
            unit: what all its scores are divided by, ``(users,)``; None brings them to mean 0 and unit spread.

        Returns:
            Whether rounding errors of float32 are far below the unit.
        """
        least: Array | float = SILENT
        certain = True
        for group, of_group in enumerate(said):
            if of_group is None:
                continue
            if unit is not None:
                self.scale[channel, group] = self.gate[group, :, channel] / unit
                continue
            mean, spread = _unit_spread(of_group, least, dtype)
            self.scale[channel, group] = self.gate[group, :, channel] / spread
            self.constant[group] -= self.scale[channel, group] * mean
            certain = certain and is_certain(mean, spread)
            # Little that is said of cold items stays little: the spread of the known ones is a measure for them, too.
            least = np.maximum(self.min_spread[channel] * np.where(np.isinf(spread), 0.0, spread), SILENT)
        return certain


def _unit_spread(said: Array | Summed, least: Array | float, dtype: npt.DTypeLike) -> tuple[Array, Array]:
    if isinstance(said, np.ndarray):
        return unit_spread(said.astype(dtype, copy=False), least)
    return np.array([said.mean]), unit_of(np.array([said.spread]), least)
