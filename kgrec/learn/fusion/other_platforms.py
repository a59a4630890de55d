"""How much what was done on other platforms counts in the lists of one, beside what was learned on that one alone.

The mixture of the platform alone stays as it is; what each channel says of the past on other platforms is added with a
weight of its own. The weights are searched from 0 up, again and again on samples of the users of validation, and their
mean is taken (bagging: Breiman 1996). What it is worth is told by users who were not in the sample: only channels by
which these gain take part, and only where they gain more than one standard error by all of them are there such weights
at all. Example, ndcg@10:

    in the sample        0.032 alone, 0.036 with others
    outside of it        0.032 alone, 0.034 with others, the error of the difference 0.001: they count
    outside of it        0.057 alone, 0.056 with others: closed

The weights of the channels are the same for all other platforms, and each platform has a factor: 1, unless another one
is better by more than chance; a platform without which validation loses no more than one standard error is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kgrec.data.dataset import FOR, Array, IntArray, Interactions
from kgrec.learn.fusion.candidate_scores import CandidateScores, TriedMixtures
from kgrec.learn.fusion.trend_search import beyond_chance
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel, Channel

_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_FACTORS = (0.5, 2.0)
_TURNS = 2
_SAMPLES = 8


@dataclass(frozen=True)
class OtherPlatforms:
    """Weights of what other platforms say, in the lists of one.

    Attributes:
        gates: by platform, the weight of each group of its channels, in the order of the channels; empty where it is
            closed.
        ndcg_alone, ndcg: mean ndcg@10 of validation without and with them, of users who did not choose the weights.
        ndcg_equal: the same where each group weighs what the same group of the platform itself does.
        users: how many users that is the mean of.
        tried: number of mixtures.
    """

    gates: Mapping[str, Array]
    ndcg_alone: float = 0.0
    ndcg: float = 0.0
    ndcg_equal: float = 0.0
    users: int = 0
    tried: int = 0


def weights_of_others(
    own: AdditiveModel,
    others: Mapping[str, Sequence[Channel]],
    equal: Array,
    train: Interactions,
    valid: Interactions,
    n_users: int,
    seed: int,
) -> OtherPlatforms:
    """The weights that find most of validation beside a mixture that stays.

    Args:
        own: learned on the platform alone, with its gates; its channels read that platform.
        others: by platform, channels that read it, the same ones in the same order.
        equal: the weight of each group of these in a mixture in which all platforms weigh alike.
        train: of all platforms.
        valid: of the platform.
        seed: for samples of users.
    """
    rng = np.random.default_rng(seed)
    closed = {source: np.zeros(0) for source in others}
    channels = (*own.channels, *(channel for of_source in others.values() for channel in of_source))
    joint = replace(own, channels=channels, gates=Gates.common(np.ones(len(channels)), 1.0))
    trends = () if own.trend is None else (own.trend,)
    found = CandidateScores.of(joint, train, valid, n_users, rng, trends)
    n_own, n_others = len(own.groups), len(joint.groups) - len(own.groups)
    if not len(found) or not n_others:
        return OtherPlatforms(closed)
    alone = _alone(own, found, train, valid, n_users)
    of_sources = np.split(np.arange(n_own, n_own + n_others), len(others))
    together = [_total([found.parts[part] for part in of_group]) for of_group in np.transpose(of_sources)]
    with TriedMixtures(replace(found, parts=[alone, *together])) as tried:
        mean, gain, with_equal = _bagged(tried, equal, rng)
        ndcg_alone = float(tried.quality(np.eye(1 + len(together))[0]).mean())
    scale = float(gain.mean()) if len(gain) else 0.0
    report = OtherPlatforms(
        closed, ndcg_alone, ndcg_alone, with_equal, len(found), _SAMPLES * _TURNS * len(together) * len(_STEPS)
    )
    if not mean.any() or not beyond_chance(gain, 1.0):
        return report
    said = [_total([w * found.parts[part] for w, part in zip(mean, parts, strict=True)]) for parts in of_sources]
    with TriedMixtures(replace(found, parts=[alone, *said])) as tried:
        factors = _factors(tried, len(said))
    gates = {
        source: mean * factor if factor else np.zeros(0) for source, factor in zip(others, factors[1:], strict=True)
    }
    return replace(report, gates=gates, ndcg=ndcg_alone + scale)


def _alone(own: AdditiveModel, found: CandidateScores, train: Interactions, valid: Interactions, n_users: int) -> Array:
    """The scores of the candidates by the platform alone, by the gates of each user's pause and length."""
    here = train.saying(FOR).on_platform(own.platform)
    pauses = (valid.first_times(n_users) - here.last_times(n_users))[found.users]
    table = own.gates.by_history
    bucket = table.bucket(found.histories.lengths, pauses)
    of_groups = table.channels[bucket][:, [group[0] for group in own.groups]].T
    beside = [table.prior[bucket]] if own.trend is None else [table.prior[bucket], table.trend[bucket]]
    silent = [np.zeros(len(found))] * (len(found.parts) - len(of_groups) - len(beside))
    weights = [*of_groups, *silent, *beside]
    total = np.zeros_like(found.padding)
    for part, weight in zip(found.parts, weights, strict=True):
        if weight.any():
            total += weight[:, None].astype(np.float32) * part
    return total


def _total(parts: Sequence[Array]) -> Array:
    total = np.zeros_like(parts[0])
    for part in parts:
        total += part
    return total


def _bagged(tried: TriedMixtures, equal: Array, rng: np.random.Generator) -> tuple[Array, Array, float]:
    """Mean weights over samples of users, each user's gain by samples they are not in, and ndcg@10 of equal weights.

    Only channels take part that gain by themselves for users outside the samples: of several that tell nothing, the
    search finds one that seems to.
    """
    n, n_parts = len(tried.candidates), len(tried.candidates.parts)
    samples = [np.sort(rng.integers(0, n, n)) for _ in range(_SAMPLES)]
    telling = [part for part in range(1, n_parts) if _over_samples(tried, samples, [part])[1].mean() > 0]
    weights, gain = _over_samples(tried, samples, telling)
    mean: Array = np.where((weights > 0).mean(axis=0) >= 0.5, weights.mean(axis=0), 0.0)[1:]
    return mean, gain, float(tried.quality(np.r_[1.0, equal]).mean())


def _over_samples(tried: TriedMixtures, samples: Sequence[IntArray], parts: Sequence[int]) -> tuple[Array, Array]:
    """The best weights of some parts on each sample, and each user's gain by samples they are not in."""
    n, n_parts = len(tried.candidates), len(tried.candidates.parts)
    first = tried.quality(np.eye(n_parts)[0])
    weights, gain, times = np.zeros((len(samples), n_parts)), np.zeros(n), np.zeros(n)
    for number, sample in enumerate(samples):
        weights[number] = _searched(tried, sample, parts)
        outside = np.setdiff1d(np.arange(n), sample)
        gain[outside] += (tried.quality(weights[number]) - first)[outside]
        times[outside] += 1
    return weights, gain[times > 0] / times[times > 0]


def _searched(tried: TriedMixtures, users: IntArray, parts: Sequence[int]) -> Array:
    """The best weights of a coordinate search on some users; the first part, what is said without others, stays."""
    weights: Array = np.eye(len(tried.candidates.parts))[0]
    best = float(tried.quality(weights)[users].mean())
    for _ in range(_TURNS):
        for part in parts:
            trials = [np.r_[weights[:part], step, weights[part + 1 :]] for step in _STEPS]
            for trial, ndcg in zip(trials, tried.qualities_of_steps(trials, part), strict=True):
                if ndcg[users].mean() > best:
                    weights, best = trial, float(ndcg[users].mean())
    return weights


def _factors(tried: TriedMixtures, n: int) -> Array:
    """Factors of each other platform, ``(1 + n,)``, the first is the platform's own: 1 unless another is better.

    One alone has its weight already.
    """
    factors: Array = np.ones(1 + n)
    if n == 1:
        return factors
    for part in range(1, 1 + n):
        best: Array = tried.quality(factors)
        without = np.r_[factors[:part], 0.0, factors[part + 1 :]]
        if not beyond_chance(best - tried.quality(without), 1.0):
            factors = without
            continue
        for factor in _FACTORS:
            trial = np.r_[factors[:part], factor, factors[part + 1 :]]
            gain = tried.quality(trial) - best
            if beyond_chance(gain):
                factors, best = np.asarray(trial), best + gain
    return factors
