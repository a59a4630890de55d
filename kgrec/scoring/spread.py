"""The spread of a user's scores, which makes those of different channels comparable."""

from __future__ import annotations

import numpy as np

from kgrec.data.dataset import Array

SILENT = 1e-9
"""Scores of at most this spread do not tell items apart."""
_CERTAIN = 16.0
"""How many spreads the mean of float32 scores may be away from 0: their error, 1e-7 of the mean, is to be 1e-6."""


def unit_spread(scores: Array, least: Array | float = SILENT) -> tuple[Array, Array]:
    """Mean and unit of each user's scores, ``(users,)`` each: ``(scores - mean) / unit`` have mean 0 and spread 1.

    Where the spread is less than ``least``, the unit is ``least``. Where the scores do not tell items apart, the unit
    is infinite and nothing is left of them.

    Args:
        scores: ``(users, items)``.
        least: one for all or ``(users,)``.
    """
    mean = scores.mean(axis=1)
    if scores.dtype == np.float64:
        away = scores - mean[:, None]
        spread = np.sqrt(np.einsum("ui,ui->u", away, away) / max(scores.shape[1], 1))
    else:
        spread = scores.std(axis=1)  # which adds up pair by pair, as precision needs it
    return mean, unit_of(spread, least)


def unit_of(spread: Array, least: Array | float = SILENT) -> Array:
    """The unit of scores of this spread, as above."""
    unit: Array = np.where(spread > SILENT, np.maximum(spread, least), np.inf)
    return unit


def is_certain(mean: Array, unit: Array) -> bool:
    """Whether the rounding error of float32 scores is far below their unit."""
    return bool((np.abs(mean) <= _CERTAIN * unit).all())
