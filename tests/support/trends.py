"""Trends of tiny worlds, and the same worked out event by event."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from kgrec.data.dataset import Array, Interactions
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.trend import DAY_S, HOUR_S, Trend

START = 1.6e9
"""Unix seconds at which these worlds begin, in the middle of an hour."""


def random_events(rng: np.random.Generator, n_items: int, n: int, days: float = 20.0) -> Interactions:
    """Events of some days, some of which are in the same hour."""
    times = START + rng.integers(0, max(1, int(days * 24)), n) * HOUR_S + rng.choice([0.0, 1.0, 1800.5], n)
    return Interactions.of_pairs(rng.integers(0, 3, n), rng.integers(0, n_items, n), times)


def with_random_trend(rng: np.random.Generator, model: AdditiveModel) -> AdditiveModel:
    """A model with a trend, which counts more in some buckets than in others."""
    events = random_events(rng, model.n_items, 30)
    trend = Trend.of(events, model.n_items, float(rng.choice([0.5, 3.0, 30.0])) * DAY_S)
    return with_trend(model, trend, rng.random(model.gates.by_history.prior.shape))


def with_trend(model: AdditiveModel, trend: Trend, weight: Array | float) -> AdditiveModel:
    """A model with a trend that has this weight."""
    shape = model.gates.by_history.prior.shape
    return replace(model, trend=trend, gates=model.gates.with_known(trend=np.broadcast_to(weight, shape).copy()))


def slow_counts(
    events: Iterable[tuple[float, int]],
    later: Iterable[tuple[float, int]],
    n_items: int,
    half_life: float,
    moment: float,
) -> list[float]:
    """What is left of what was taken before a moment: ``events`` from the end of their hour on, ``later`` at once."""
    counts = [0.0] * n_items
    for time, item in events:
        over = (math.floor(time / HOUR_S) + 1) * HOUR_S
        if over <= moment:
            counts[item] += 0.5 ** ((moment - over) / half_life)
    for time, item in later:
        if time < moment:
            counts[item] += 0.5 ** ((moment - time) / half_life)
    return counts


def slow_trend(counts: list[float], known: list[int]) -> list[float]:
    """The trend of the known items, 0 of the others."""
    logs = [math.log(1 + counts[item]) for item in known]
    mean = sum(logs) / len(known) if known else 0.0
    spread = math.sqrt(sum((one - mean) ** 2 for one in logs) / len(known)) if known else 0.0
    result = [0.0] * len(counts)
    if spread > 1e-9:
        for item, log in zip(known, logs, strict=True):
            result[item] = (log - mean) / max(spread, math.log(2) / math.sqrt(len(known)))
    return result
