"""Runs of one protocol over several seeds or folds, as one table: mean and standard deviation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kgrec_benchmarks.runs.result import Table


def mean_and_spread(runs: Sequence[Table]) -> tuple[Table, Table]:
    """Mean and sample standard deviation (n - 1) of every value; the deviation of a single run is 0.

    Args:
        runs: one table per seed or fold, at least one, all with the same systems and metrics.
    """
    mean: Table = {}
    spread: Table = {}
    for system, metrics in runs[0].items():
        values = {metric: np.array([run[system][metric] for run in runs]) for metric in metrics}
        mean[system] = {metric: float(column.mean()) for metric, column in values.items()}
        spread[system] = {
            metric: float(column.std(ddof=1)) if len(column) > 1 else 0.0 for metric, column in values.items()
        }
    return mean, spread
