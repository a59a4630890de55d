"""Outcome: what one run of one system on one task left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kgrec.data.dataset import Array
from kgrec.metrics.ranking import Measured

PerUser = dict[str, Array]
"""``metric@k`` to float32 ``(n_users,)``, nan for a user without a test item."""


@dataclass(frozen=True)
class Outcome:
    """Rows, what they are the means of, and what they cost.

    Attributes:
        rows: row name (``ease``, ``ease_train_only``) to metric to value.
        users: row name to values per user.
        settings: what validation chose.
        cost: of lists ``tuning_s, fit_s, ranking_s, tried, capped, peak_memory_mb, memory_growth_mb``, see
            :class:`kgrec_benchmarks.runs.cost.Watch`; of other protocols seconds by what took them.
        validation: validation metrics by what they were measured of.
        refused: why the system was not run; empty where it was run.
    """

    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    users: dict[str, PerUser] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    validation: dict[str, float] = field(default_factory=dict)
    refused: str = ""

    @classmethod
    def of(cls, measured: Mapping[str, Measured], n_users: int, **others: Any) -> Outcome:
        """The outcome of rankings that were measured row by row; ``others`` are the other attributes."""
        users: dict[str, PerUser] = {}
        for row, ranking in measured.items():
            users[row] = {}
            for metric, values in ranking.per_user.items():
                whole = np.full(n_users, np.nan, np.float32)
                whole[ranking.users] = values
                users[row][metric] = whole
        return cls({row: ranking.means for row, ranking in measured.items()}, users, **others)
