"""Runs of one protocol over several seeds or folds, as one table: mean and spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Table = dict[str, dict[str, float]]
"""System -> metric -> value."""


def mean_and_sd(runs: Sequence[Table]) -> dict[str, Any]:
    """Put tables of the same protocol together.

    Args:
        runs: one table per seed or fold, at least one, all with the same systems and metrics.

    Returns:
        ``rows``: the means; ``sd``: the sample standard deviations (n - 1), 0 for a single run; ``folds``: the runs.
    """
    rows: Table = {}
    sd: Table = {}
    for system, metrics in runs[0].items():
        found = {metric: np.array([run[system][metric] for run in runs]) for metric in metrics}
        rows[system] = {metric: float(values.mean()) for metric, values in found.items()}
        sd[system] = {metric: float(values.std(ddof=1)) if len(values) > 1 else 0.0 for metric, values in found.items()}
    return {"rows": rows, "sd": sd, "folds": list(runs)}
