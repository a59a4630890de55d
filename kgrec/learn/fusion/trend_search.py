"""Whether what is taken lately finds more of validation beside the channels, and how fast it is to fade.

Each user of validation asks at the moment of their first held-out interaction, and the trend knows what was in training
before that. Of all half-lives and weights the pair that finds most beside the mixture of channels that was found
without is taken. As it is the luckiest of some fifty, its gain has to be more than three standard errors; else there is
no trend. Example, ndcg@10:

    weight       0        0.1      0.3      1
    1 day        0.060    0.062    0.063    0.058
    7 days       0.060    0.063    0.066    0.064     0.3 of 7 days, + 0.006 with an error of 0.001: taken
    90 days      0.060    0.061    0.062    0.061
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kgrec.data.dataset import FOR, Array, Interactions
from kgrec.learn.fusion.candidate_scores import CandidateScores, TriedMixtures
from kgrec.parallel.executor import Executor, here
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.trend import DAY_S, Trend

HALF_LIVES_S = tuple(days * DAY_S for days in (1, 3, 7, 14, 30, 90, 365))
_STEPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_ERRORS = 3.0


@dataclass(frozen=True)
class TrendFound:
    """A trend that finds more than the channels do without it.

    Attributes:
        trend: counts of the training part.
        candidates: of users of validation, scored by all channels, by the prior and by the trend.
        weights: of these parts: the mixture without it, and its own weight.
        ndcg, ndcg_without: of each of these users, with the trend and without it.
        tried: number of mixtures.
    """

    trend: Trend
    candidates: CandidateScores
    weights: Array
    ndcg: Array
    ndcg_without: Array
    tried: int


def half_lives_within(train: Interactions, valid: Interactions, wanted: Sequence[float] = HALF_LIVES_S) -> list[float]:
    """The half-lives that are shorter than the time over which anything was taken; none where times are no seconds."""
    if not (train.in_unix_seconds and valid.in_unix_seconds):
        return []
    return [half_life for half_life in wanted if half_life < float(np.ptp(train.time))]


def best_trend(
    model: AdditiveModel,
    train: Interactions,
    valid: Interactions,
    n_users: int,
    weights: Array,
    half_lives: Sequence[float],
    rng: np.random.Generator,
    executor: Executor = here,
) -> TrendFound | None:
    """The trend that finds most beside a mixture; None where none is better than without by more than chance.

    Args:
        weights: of the groups of channels and the prior.
        rng: for a sample of many users.
        executor: scores blocks of users.
    """
    possible = half_lives_within(train.saying(FOR), valid, half_lives)
    if not possible:
        return None
    counts = Trend.of(train.saying(FOR), model.n_items, possible[0])
    trends = [counts.with_half_life(half_life) for half_life in possible]
    candidates, n = CandidateScores.of(model, train, valid, n_users, rng, trends, executor), len(weights)
    if not len(candidates):
        return None
    without, parts = np.r_[weights, np.zeros(len(trends))], range(n, n + len(trends))
    mixtures = {(part, step): _with(without, part, step) for part in parts for step in _STEPS}
    with TriedMixtures(candidates) as tried:
        ndcg_without = tried.quality(without)
        ndcg = {
            (part, step): quality
            for part in parts
            for step, quality in zip(
                _STEPS, tried.qualities_of_steps([mixtures[part, step] for step in _STEPS], part), strict=True
            )
        }
    best = max(ndcg, key=lambda mixture: ndcg[mixture].mean())
    if not beyond_chance(ndcg[best] - ndcg_without, _ERRORS):
        return None
    part, step = best
    kept = replace(candidates, parts=[*candidates.parts[:n], candidates.parts[part]])
    return TrendFound(trends[part - n], kept, np.r_[weights, step], ndcg[best], ndcg_without, len(ndcg))


def beyond_chance(gain: Array, errors: float = 2.0) -> bool:
    """Whether a mean gain is more than some standard errors."""
    return len(gain) > 0 and bool(gain.mean() > errors * gain.std() / np.sqrt(len(gain)))


def _with(weights: Array, part: int, weight: float) -> Array:
    other = weights.copy()
    other[part] = weight
    return other
