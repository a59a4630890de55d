"""A score taken apart: what each past item adds to it through each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kgrec.data.dataset import Array, IntArray

Terms = Sequence[tuple[IntArray, Array]]


@dataclass(frozen=True)
class ItemContributions:
    """One item's score taken apart: ``base + values.sum() == score``.

    Attributes:
        item: row of the item.
        history: rows of the past items ``(h,)``.
        channels: their names.
        values: what each past item adds through each channel, ``(channels, h)``.
        base: the weighted prior, the weighted trend, what the context adds and the constants of scaling.
        prior, trend: the weighted prior alone, and the weighted trend.
        contexts: what each context column adds, ``(columns,)``.
    """

    item: int
    history: IntArray
    channels: tuple[str, ...]
    values: Array
    base: float
    prior: float
    trend: float = 0.0
    contexts: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def constant(self) -> float:
        """Of scaling."""
        return self.base - self.prior - self.trend - float(self.contexts.sum())

    @property
    def score(self) -> float:
        """The score that the parts add up to."""
        return self.base + float(self.values.sum())

    @property
    def by_channel(self) -> dict[str, float]:
        """What all past items add together, by channel."""
        return dict(zip(self.channels, self.values.sum(axis=1).tolist(), strict=True))


@dataclass(frozen=True)
class Contributions:
    """Scores of some items taken apart: ``base + values.sum(axis=(0, 1)) == scores``.

    Attributes:
        items: rows of the items ``(m,)``.
        history: rows of the past items ``(h,)``.
        channels: their names.
        values: what each past item adds to each item through each channel, ``(channels, h, m)``.
        base: ``(m,)``; the weighted prior, the weighted trend, what the context adds and the constants of scaling.
        prior, trend: the weighted prior alone, and the weighted trend, likewise.
        weights: history weights of the past items in each channel, ``(channels, h)``.
        scales: what each channel's scores are times, for known and for cold items, ``(channels, 2)``: a value is a
            history weight times an entry of the channel's item matrix times the scale of the item.
        terms: of the channels of explicit paths, by position: features of each item and their terms ``(h, f)``, which
            add up to the entries of the item matrix.
        contexts: what each context column adds, ``(columns, m)``.
    """

    items: IntArray
    history: IntArray
    channels: tuple[str, ...]
    values: Array
    base: Array
    prior: Array
    trend: Array
    weights: Array
    scales: Array
    terms: Mapping[int, Terms] = field(default_factory=dict)
    contexts: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def whoever_asks(self) -> tuple[Array, ...]:
        """What is added whatever somebody did: prior, trend and each context column, ``(m,)`` each."""
        return self.prior, self.trend, *self.contexts

    @property
    def constant(self) -> Array:
        """Of scaling, ``(m,)``."""
        constant: Array = self.base - sum(self.whoever_asks)
        return constant

    @property
    def scores(self) -> Array:
        """The scores that the parts add up to, ``(m,)``."""
        total: Array = self.base + self.values.sum(axis=(0, 1))
        return total

    def of_item(self, position: int) -> ItemContributions:
        """The contributions to ``items[position]``."""
        return ItemContributions(
            int(self.items[position]),
            self.history,
            self.channels,
            self.values[:, :, position],
            float(self.base[position]),
            float(self.prior[position]),
            float(self.trend[position]),
            self.contexts[:, position] if len(self.contexts) else np.zeros(0),
        )
