"""Bootstrap confidence intervals over users (Efron and Tibshirani 1993): how far chance in who was tested may reach."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kgrec.data.dataset import Array

Interval = list[float]
"""Lower and upper end."""

RESAMPLES = 1_000
_BLOCK_NUMBERS = 4_000_000


class Bootstrap:
    """Means of the same users drawn again and again, for every system alike, so that differences are paired.

    Args:
        values: name to one value per user, ``(users,)`` each, the same users in the same order; nan for a user who was
            not measured.
        seed: of the draws.
        resamples: number of draws.
        level: probability that the interval is to cover.

    The intervals are the plain percentiles of the resampled means. They say nothing of the chance in training, which
    the spread over seeds shows.
    """

    def __init__(
        self, values: Mapping[str, Array], seed: int = 0, resamples: int = RESAMPLES, level: float = 0.95
    ) -> None:
        self._names = {name: column for column, name in enumerate(values)}
        self._tails = [50 * (1 - level), 50 * (1 + level)]
        table = np.stack([np.asarray(value, np.float64) for value in values.values()], axis=1)
        table = table[~np.isnan(table).any(axis=1)]
        n = len(table)
        rng = np.random.default_rng(seed)
        step = max(1, _BLOCK_NUMBERS // max(n, 1))
        self._means = np.empty((resamples, table.shape[1]))
        for start in range(0, resamples, step):
            size = min(step, resamples - start)
            drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
            times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
            self._means[start : start + size] = times @ table / n

    def interval(self, name: str) -> Interval:
        """Of the mean of one."""
        return self._ends(self._means[:, self._names[name]])

    def difference(self, name: str, other: str) -> Interval:
        """Of the mean of one minus that of another, over the same users."""
        return self._ends(self._means[:, self._names[name]] - self._means[:, self._names[other]])

    def _ends(self, means: Array) -> Interval:
        low, high = np.percentile(means, self._tails)
        return [float(low), float(high)]
