"""How much of a score rests on what: past items through paths, through others who took them, through texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kgrec.data.dataset import Array
from kgrec.scoring.channel_names import (
    BEHAVIOUR,
    CO_SESSION,
    CO_TAKING,
    CORRECTION,
    ELSEWHERE,
    FROM,
    LONG_TERM,
    NEXT_ITEM,
    NEXT_ITEM_FACTORS,
    PATHS,
    RECENT_PATHS,
    SEMANTIC_PATHS,
    SHORT_TERM,
)

ENOUGH = 0.1
"""Share of a score from which on its paths are a reason for it."""
THROUGH_GRAPH, TAKEN_TOGETHER, TAKEN_NEXT = "paths", "taken_together", "taken_next"
"""Paths over facts; others who took the past item; what follows on it."""
EXPLICIT = THROUGH_GRAPH, SEMANTIC_PATHS
"""Explicit paths, over facts and over texts: their numbers go when the fact goes, or the text."""

_EVIDENCE = {
    PATHS: THROUGH_GRAPH,
    RECENT_PATHS: THROUGH_GRAPH,
    BEHAVIOUR: TAKEN_TOGETHER,
    CO_TAKING: TAKEN_TOGETHER,
    LONG_TERM: TAKEN_TOGETHER,
    ELSEWHERE: TAKEN_TOGETHER,
    SHORT_TERM: TAKEN_NEXT,
    NEXT_ITEM: TAKEN_NEXT,
    NEXT_ITEM_FACTORS: TAKEN_NEXT,
    CO_SESSION: TAKEN_NEXT,
}
_CORRECTED_BY = {PATHS: TAKEN_TOGETHER, RECENT_PATHS: TAKEN_NEXT}


def evidence_of(channel: str) -> str:
    """What a channel rests on: channels of the same evidence are one reason, whose parts are added up.

    Example:
        >>> evidence_of("recent_paths"), evidence_of("recent_paths_correction_2"), evidence_of("semantic")
        ('paths', 'taken_next', 'semantic')
        >>> evidence_of("short_term_from_books")
        'taken_next'
    """
    channel = channel.partition(FROM)[0]
    paths, corrects, _ = channel.partition(CORRECTION)
    return _CORRECTED_BY[paths] if corrects else _EVIDENCE.get(channel, channel)


@dataclass(frozen=True)
class EvidenceTable:
    """What each past item adds to each score, by evidence.

    Attributes:
        names: of the evidence, in the order of the channels.
        values: ``(evidence, h, m)`` for h past items and m items: channels of the same evidence added up, so that what
            one takes back of another counts for neither.
    """

    names: tuple[str, ...]
    values: Array

    @classmethod
    def of(cls, channels: Sequence[str], values: Array) -> EvidenceTable:
        """The table of contributions by channel, ``(channels, h, m)``."""
        names = tuple(dict.fromkeys(map(evidence_of, channels)))
        table = np.zeros((len(names), *values.shape[1:]), values.dtype)
        for channel, part in zip(channels, values, strict=True):
            table[names.index(evidence_of(channel))] += part
        return cls(names, table)

    def shares(self, *beside: Array) -> Array:
        """Share of each item's positive score by evidence, ``(evidence, m)``.

        Args:
            beside: what popularity adds to each item, ``(m,)``, the trend and the context.
        """
        total = self.positive(*beside)
        shares: Array = np.maximum(self.values, 0.0).sum(axis=1) / np.where(total > 0, total, 1.0)
        return shares

    def positive(self, *beside: Array) -> Array:
        """The positive score of each item, ``(m,)``.

        That is the sum of what is above 0: every past item's part by every evidence, and what is beside it, the
        popularity prior, the trend and the context. Constants of scaling, the same for all items, do not count.
        """
        total: Array = np.maximum(self.values, 0.0).sum(axis=(0, 1))
        for part in beside:
            total = total + np.maximum(part, 0.0)
        return total

    def path_shares(self, *beside: Array) -> Array:
        """Share of each item's positive score that flows through explicit paths, ``(m,)``."""
        of_paths = [name in EXPLICIT for name in self.names]
        shares: Array = self.shares(*beside)[of_paths].sum(axis=0)
        return shares
