"""Gates under which more of the score flows through explicit paths, at a price in accuracy that is set.

Among gates whose validation ndcg@10 is within the price of the best, those with the largest share of the top ten's
positive score that flows through paths (:class:`~kgrec.scoring.evidence.EvidenceTable`). Example, price 1 %:

    paths, behaviour     ndcg@10     share
    0.4, 1.0             0.1555      0.29     the best
    0.6, 1.0             0.1552      0.36
    0.6, 0.7             0.1541      0.45     within the price, the largest share: taken
    0.9, 0.7             0.1502      0.58     3 % below
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.learn.fusion.candidate_scores import TriedMixtures, without_idle_items
from kgrec.scoring.evidence import ENOUGH, EXPLICIT, evidence_of
from kgrec.scoring.histories import Histories
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.spread import unit_spread

_USERS, _USERS_OF_SEARCH, _TOP, _AHEAD = 200, 100, 10, 50
_SCORES = 40_000_000
_MORE, _LESS = (1.2, 1.5, 2.0), (0.0, 0.5, 0.7, 0.85)
"""Factors that are tried of the weights of paths, and of all else."""
_FIRST = [0.05, 0.1, 0.3, 0.7]
"""Weights at which a channel of paths that is closed is tried."""
_MOVES, _LEAST_GAIN, _HALVINGS = 30, 1e-4, 3


class PathShare:
    """Measures the share of paths in the top ten of some users, for mixtures of a model's channels.

    Args:
        model: its gates are not read.
        histories: of the users of validation.
        seen: items of these histories, users x items; they are not listed.
    """

    def __init__(
        self, model: AdditiveModel, histories: Histories, seen: sparse.csr_matrix, rng: np.random.Generator
    ) -> None:
        self._groups, seen = model.groups, seen[:, ~model.is_cold]
        n_parts = len(self._groups) + 1 + (model.trend is not None)
        most = max(1, min(_USERS, _SCORES // (n_parts * seen.shape[1])))
        users = np.arange(len(histories))
        if len(users) > most:
            users = np.sort(rng.choice(users, most, replace=False))
        self._model, self._histories, self._known = without_idle_items(model, histories[users])
        known, n = self._known, len(users)
        self._unit = np.zeros((len(model.channels), n))
        self._parts = np.zeros((n_parts, n, len(known)), np.float32)
        self._parts[len(self._groups)] = self._model.prior[known]
        if self._model.trend is not None:
            self._parts[-1] = self._model.trend.at(self._histories.at, known)
        for g, group in enumerate(self._groups):
            for c in group:
                channel = self._model.channels[c]
                raw = channel.matrix.scores(self._histories.matrices[c].astype(np.float32))[:, known]
                self._unit[c] = self._model.units(self._histories, c) if channel.unit else unit_spread(raw)[1]
                self._parts[g] += raw / self._unit[c][:, None].astype(np.float32)
        self._seen = seen[users].toarray() > 0
        self._past = [np.unique(np.concatenate([m[u].indices for m in self._histories.matrices])) for u in range(n)]
        self._weights = [
            np.stack([m[u, past].toarray()[0] for m in self._histories.matrices]) / self._unit[:, u, None]
            for u, past in enumerate(self._past)
        ]
        self._evidence = [evidence_of(channel.name) for channel in model.channels]
        self._known_shares: dict[tuple[bytes, int], tuple[float, float]] = {}
        self._slots = np.full((n, len(known)), -1)
        self._values = [np.zeros((0, len(model.channels), len(past)), np.float32) for past in self._past]

    def of(self, weights: Array, most: int = _USERS) -> tuple[float, float]:
        """The share, mean over users, and the part of all items of which paths are a reason (a tenth or more).

        Args:
            weights: of the groups of channels that share a gate, of the prior and, if any, of the trend.
            most: users that it is measured on.
        """
        key = weights.tobytes(), most
        if key not in self._known_shares:
            self._known_shares[key] = self._measured(weights, most)
        return self._known_shares[key]

    def _measured(self, weights: Array, most: int) -> tuple[float, float]:
        """All users at once; :class:`~kgrec.scoring.evidence.EvidenceTable` says what is added up, and why so."""
        total = np.tensordot(weights.astype(np.float32), self._parts[:, :most], axes=1)
        total[self._seen[:most]] = -np.inf
        k = min(_TOP, total.shape[1])
        best = np.argpartition(-total, k - 1, axis=1)[:, :k]
        listed = np.take_along_axis(total, best, axis=1) > -np.inf
        starts = np.cumsum([0, *(len(past) for past in self._past[:most])])
        values = np.zeros((k, len(self._evidence), starts[-1]), np.float32)
        for user, items in enumerate(best):
            values[:, :, starts[user] : starts[user + 1]] = self._of_items(user, items, total[user])
        of_channel = np.zeros(len(self._evidence), np.float32)
        for g, group in enumerate(self._groups):
            of_channel[group] = weights[g]
        values *= of_channel[:, None]
        positive, through_paths = np.zeros(best.shape), np.zeros(best.shape)
        for weight, part in zip(weights[len(self._groups) :], self._parts[len(self._groups) :], strict=True):
            positive += np.maximum(weight * np.take_along_axis(part[:most], best, axis=1), 0.0)
        for name in dict.fromkeys(self._evidence):
            of_evidence = values[:, [own == name for own in self._evidence]].sum(axis=1)
            added = np.add.reduceat(np.maximum(of_evidence, 0.0), starts[:-1], axis=1).T
            positive += added
            through_paths += added * (name in EXPLICIT)
        positive[~listed] = through_paths[~listed] = 0.0
        some = listed.any(axis=1)
        share = through_paths.sum(axis=1)[some] / np.maximum(positive.sum(axis=1)[some], 1e-12)
        enough = (listed & (through_paths >= ENOUGH * positive) & (positive > 0)).sum(axis=1)[some] / listed.sum(
            axis=1
        )[some]
        return float(share.mean()), float(enough.mean())

    def _of_items(self, user: int, items: IntArray, total: Array) -> Array:
        """What past items add to some items by every channel at a gate of 1, ``(items, channels, past)``.

        The items that come next by a total are looked up with these: other mixtures list them.
        """
        slots, kept = self._slots[user], self._values[user]
        if (slots[items] < 0).any():
            most = min(_AHEAD, len(total))
            fresh = np.union1d(items, np.argpartition(-total, most - 1)[:most])
            fresh = fresh[slots[fresh] < 0]
            past, weights = self._past[user], self._weights[user]
            values = np.zeros((len(fresh), *kept.shape[1:]), np.float32)
            for c, channel in enumerate(self._model.channels):
                values[:, c] = (weights[c, :, None] * channel.matrix.block(past, self._known[fresh])).T
            slots[fresh] = len(kept) + np.arange(len(fresh))
            self._values[user] = kept = np.concatenate([kept, values])
        of_items: Array = kept[slots[items]]
        return of_items


def with_most_paths(
    tried: TriedMixtures, weights: Array, share: PathShare, paths: set[int], cost: float, rng: np.random.Generator
) -> tuple[Array, int]:
    """Weights with a larger share of paths that cost at most the share ``cost`` of ndcg@10, and the turns tried.

    Of many mixtures the one with the largest share inside a bound is the luckiest, and elsewhere it costs more. So one
    half of the users takes steps towards more paths, as many as its own loss allows, and the other half says what they
    cost (cross-fitting: Chernozhukov et al. 2018); so in turn, for several halvings. The share grows until that costs
    more than it may, by the mean of all, and is taken at the mean of the weights with which the halves reach it.

    Args:
        weights: the best found, of the groups of channels and the prior.
        paths: which weights are those of paths.
        cost: 0 leaves the weights as they are, and so does a model without paths.
        rng: halves the users.

    Example:
        Price 1 %; two climbs, and what their steps cost the other half of the users:

            share         0.20    0.30    0.40    0.50
            first         0 %     -0.2 %  0.4 %   2.1 %
            second        0 %     0.6 %   1.2 %   0.7 %
            mean          0 %     0.2 %   0.8 %   1.4 %     0.40 is taken
    """
    before = tried.quality(weights)
    if cost <= 0 or not paths or len(before) < 2:
        return weights, 0
    most = cost * float(before.mean())
    climbs, losses = [], []
    for _ in range(_HALVINGS):
        halves = np.array_split(rng.permutation(len(before)), 2)
        for own, other in (halves, halves[::-1]):
            climb = Climb.of(tried, weights, share, paths, cost, np.sort(own))
            climbs.append(climb)
            losses.append([float((before - tried.quality(step))[other].mean()) for step in climb.steps])
    best = weights
    for reached in sorted(share for climb in climbs for share in climb.shares):
        places = [climb.place(reached) for climb in climbs]
        if np.mean([lost[place] for lost, place in zip(losses, places, strict=True)]) > most:
            break
        mean = np.mean([climb.steps[place] for climb, place in zip(climbs, places, strict=True)], axis=0)
        if float((before - tried.quality(mean)).mean()) <= most:
            best = mean
    return best, sum(climb.turns for climb in climbs)


@dataclass(frozen=True)
class Climb:
    """Steps towards a larger share of paths.

    Attributes:
        steps: weights, the first those that it began with.
        shares: of paths, with each; they grow.
        turns: weights tried anew.
    """

    steps: list[Array]
    shares: list[float]
    turns: int

    @classmethod
    def of(
        cls, tried: TriedMixtures, weights: Array, share: PathShare, paths: set[int], cost: float, users: IntArray
    ) -> Climb:
        """Steps of one weight at a time, each the one that adds most to the share, while some users lose no more.

        Args:
            cost: share of these users' ndcg@10 that the last step may cost.
        """
        before = tried.quality(weights)[users].mean()
        steps, shares, turns = [weights], [share.of(weights, _USERS_OF_SEARCH)[0]], 0
        for _ in range(_MOVES):
            best, reached = None, shares[-1]
            for part in range(len(weights)):
                trials = _trials(steps[-1], part, part in paths)
                turns += 1
                for trial, ndcg in zip(trials, tried.qualities_of_steps(trials, part) if trials else [], strict=True):
                    if before - ndcg[users].mean() > cost * before:
                        continue
                    of_trial = share.of(trial, _USERS_OF_SEARCH)[0]
                    if of_trial > reached + _LEAST_GAIN:
                        best, reached = trial, of_trial
            if best is None:
                break
            steps.append(best)
            shares.append(reached)
        return cls(steps, shares, turns)

    def place(self, share: float) -> int:
        """The last step with at most a share of paths."""
        return max(0, int(np.searchsorted(self.shares, share, side="right")) - 1)


def _trials(weights: Array, part: int, is_path: bool) -> list[Array]:
    """The weights with more of a path, or less of something else."""
    factors = _MORE if is_path else _LESS
    steps = [weights[part] * factor for factor in factors if weights[part] > 0]
    steps += _FIRST if is_path and weights[part] == 0 else []
    trials = [np.r_[weights[:part], step, weights[part + 1 :]] for step in steps]
    return [trial for trial in trials if trial[:-1].any()]
