"""Gate weights of the channels, by coordinate search for the best ndcg@10 on validation.

The search starts from the best single channel and takes a step only where validation improves. With few users it is
repeated on samples of them and the mean of the weights is taken, which varies less by chance (bagging: Breiman 1996).
The fused model is never worse on validation than its best channel; a channel that does not help stays closed. History
lengths and pauses since the last event get weights of their own only where that is better by more than chance, and so
does the trend: it is one more part, beside the prior, of a search that starts where the first one ended.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.fusion.candidate_scores import CandidateScores, TriedMixtures
from kgrec.learn.fusion.cold_item_offset import coarse_offset
from kgrec.learn.fusion.path_share import PathShare, with_most_paths
from kgrec.learn.fusion.return_visits import PAUSES, visits_after_pause
from kgrec.learn.fusion.trend_search import HALF_LIVES_S, best_trend, beyond_chance
from kgrec.learn.limits import LIMITS
from kgrec.parallel.cached_attribute import cached_property
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress
from kgrec.scoring.evidence import EXPLICIT, THROUGH_GRAPH, evidence_of
from kgrec.scoring.gates import Gates, GateTable
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.trend import Trend

_COARSE = (0.0, 0.15, 0.4)
_BAGS = 8
"""Samples of users that the search is repeated on, up to ``LIMITS.bagged_users`` users."""
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_COLD_ITEMS = 0.7
"""Gate weights of cold items over those of known ones, unless a cold-start simulation fits better ones."""
_TURNS = 2


class GateFitter:
    """Fits the gates of a model whose channels are ready.

    Args:
        model: its gates are not read, nor is its trend.
        train, valid: interactions that it was learned from, and held-out ones.
        seed: for samples of users.
        reason_cost: share of ndcg@10 that more explicit paths may cost, see :mod:`~kgrec.learn.fusion.path_share`.
        half_lives: seconds, of trends that are tried.
        executor: scores blocks of users.

    Attributes:
        trend: after :meth:`fit`, what is taken lately in ``train``; None where that does not help.
        trials: number of mixtures tried so far. A search counts once, however many samples of users repeat it, and a
            turn of one weight counts once, for its ten values.
        reasons: after :meth:`fit`, of the model's paths: ``path_share`` of the top ten's positive score, the part
            ``coverage`` of items for which it is a tenth or more, ``ndcg@10`` and ``ndcg@10_accuracy_only``, without a
            price for them. Empty for a model without paths.
    """

    def __init__(
        self,
        model: AdditiveModel,
        train: Interactions,
        valid: Interactions,
        n_users: int,
        seed: int,
        progress: Progress,
        reason_cost: float = 0.0,
        half_lives: Sequence[float] = HALF_LIVES_S,
        executor: Executor = here,
    ) -> None:
        self._model, self._half_lives, self._seed = replace(model, trend=None), half_lives, seed
        self._of_known, self._of_trend, *self._of_pauses = progress.parts(2, 1, *[1] * len(PAUSES))
        self._train, self._valid, self._n_users = train, valid, n_users
        self._rng, self._executor = np.random.default_rng(seed), executor
        self._candidates = CandidateScores.of(model, train, valid, n_users, self._rng, executor=executor)
        groups = model.groups
        self._n = len(groups)
        leaders = [model.channels[group[0]].name for group in groups]
        self._paths = {g for g, name in enumerate(leaders) if evidence_of(name) == THROUGH_GRAPH}
        self._explicit = {g for g, name in enumerate(leaders) if evidence_of(name) in EXPLICIT}
        self._group_of = [g for c in range(len(model.channels)) for g, group in enumerate(groups) if c in group]
        self._reason_cost = reason_cost
        self.trials = 0
        self.trend: Trend | None = None
        self.reasons: dict[str, float] = {}

    def fit(self) -> tuple[Gates, dict[str, float]]:
        """The gates, and validation ndcg@10 of each channel alone, of the prior and of all fused.

        Cold items have no offset yet, see :meth:`with_cold_offset`.
        """
        names = [channel.name for channel in self._model.channels if not channel.beside]
        n = self._n
        singles = np.eye(n + 1)
        alone = [_mean(self._candidates.quality(single)) for single in singles]
        best_channel = singles[int(np.argmax(alone[:n]))]
        weights, best = self._search(
            self._candidates, [best_channel], partial(self._of_known, "weights of the channels")
        )
        of_trend, weights, best = self._with_trend(weights, best)
        accuracy_only = _mean(best)
        weights, best = self._towards_paths(self._candidates, weights, best)
        if share := self._path_share:
            path_share, coverage = share.of(weights)
            self.reasons = {
                "path_share": path_share,
                "coverage": coverage,
                "ndcg@10": _mean(best),
                "ndcg@10_accuracy_only": accuracy_only,
            }
        min_lengths, table = self._by_length(weights, best)
        metrics = dict(zip([*names, "prior"], map(float, alone), strict=True)) | of_trend | {"fused": _mean(best)}
        min_pauses, table = self._by_pause(weights, table, metrics)
        of_channel = self._group_of
        trend = np.zeros(table.shape[:2]) if self.trend is None else table[:, :, n + 1]
        if not trend.any():  # more paths left nothing of it
            self.trend, self._model = None, replace(self._model, trend=None)
        by_history = GateTable(min_lengths, table[:, :, of_channel], table[:, :, n], min_pauses, trend)
        cold = Gates.common(_COLD_ITEMS * weights[of_channel], float(_COLD_ITEMS * weights[n])).cold
        return Gates(by_history.with_popularity_for_no_history(), cold), metrics

    def with_cold_offset(self, gates: Gates, cost: float) -> Gates:
        """These gates with an offset of cold items that costs validation ndcg@10 at most the share ``cost``."""
        if not (self._model.is_cold.any() and self.n_users):
            return gates
        offset = coarse_offset(replace(self._model, gates=gates), self._candidates, cost)
        return gates.with_cold(offset=offset)

    @property
    def half_life(self) -> float:
        """Of the trend, seconds; 0 where there is none."""
        return 0.0 if self.trend is None else self.trend.half_life

    @property
    def n_users(self) -> int:
        """Users of validation who have a history and a held-out known item."""
        return len(self._candidates)

    def _with_trend(self, weights: Array, best: Array) -> tuple[dict[str, float], Array, Array]:
        """Weights with one more for the trend where that helps, and each user's ndcg@10; and its ndcg@10 alone."""
        self._of_trend("trend", 0, 1)
        rng = np.random.default_rng(self._seed)
        data = self._model, self._train, self._valid, self._n_users
        found = best_trend(*data, weights, self._half_lives, rng, self._executor) if len(best) else None
        if found is None:
            self._of_trend("trend", 1, 1, "none helps")
            return {}, weights, best
        self.trials += found.tried
        self.trend, self._candidates = found.trend, found.candidates
        self._model = replace(self._model, trend=found.trend)
        weights, best = self._search(found.candidates, [found.weights], partial(self._of_trend, "weights with a trend"))
        if not (weights[-1] and beyond_chance(best - found.ndcg_without)):
            weights, best = found.weights, found.ndcg
        alone = _mean(found.candidates.quality(np.eye(len(weights))[-1]))
        return {"trend": alone, "fused without trend": _mean(found.ndcg_without)}, weights, best

    def _search(
        self, candidates: CandidateScores, starts: list[Array], tell: Callable[..., None]
    ) -> tuple[Array, Array]:
        """Weights whose mean ndcg@10 is at least that of the best start, and each user's ndcg@10 with them."""
        n_parts = len(candidates.parts)
        self.trials += len(_COARSE) ** (self._n - len(self._paths)) + _TURNS * n_parts
        bags = _BAGS if 0 < len(candidates) <= LIMITS.bagged_users else 0
        with TriedMixtures(candidates) as tried:
            tell(0, 1 + bags, unit="searches")
            weights, ndcg = self._coordinate_search(tried, np.arange(len(candidates)), starts)
            note = f"ndcg@10 {_mean(ndcg):.4f}"
            tell(1, 1 + bags, note, unit="searches")
            if not bags:
                return weights, ndcg
            n = self._n
            of_bags = np.empty((bags, n_parts))
            for number in range(bags):
                sample = np.sort(self._rng.integers(0, len(candidates), len(candidates)))
                of_sample = self._coordinate_search(tried, sample, starts)[0]
                of_bags[number] = of_sample / of_sample[:n].sum()
                tell(2 + number, 1 + bags, note, unit="searches")
            mean = np.where((of_bags > 0).mean(axis=0) >= 0.5, of_bags.mean(axis=0), 0.0) * weights[:n].sum()
            ndcg_of_mean = tried.quality(mean)
            least = max(map(_mean, tried.qualities(starts)))
            return (mean, ndcg_of_mean) if mean[:n].any() and _mean(ndcg_of_mean) >= least else (weights, ndcg)

    def _towards_paths(self, candidates: CandidateScores, weights: Array, best: Array) -> tuple[Array, Array]:
        """Weights with more of the score through paths, as far as the price allows, and each user's ndcg@10."""
        if self._path_share is None or not len(candidates):
            return weights, best
        with TriedMixtures(candidates) as tried:
            weights, turns = with_most_paths(
                tried, weights, self._path_share, self._explicit, self._reason_cost, self._rng
            )
            self.trials += turns
            return weights, tried.quality(weights)

    @cached_property
    def _path_share(self) -> PathShare | None:
        """What measures paths on users of validation; None for a model without them, or without such users."""
        if not (self._explicit and len(self._candidates)):
            return None
        return PathShare(self._model, self._candidates.histories, self._candidates.seen, self._rng)

    def _coordinate_search(self, tried: TriedMixtures, users: IntArray, starts: list[Array]) -> tuple[Array, Array]:
        """The best weights of a coordinate search on some users, and each of these users' ndcg@10 with them."""
        n = self._n
        weights = _best_on(tried, users, starts)
        coarse = self._coarse_search(tried, users, weights)
        weights = _best_on(tried, users, [weights, coarse])
        best = tried.quality(weights)[users]
        for _ in range(_TURNS):
            for part in range(len(weights)):
                trials = [weights.copy() for _ in _STEPS]
                for trial, step in zip(trials, _STEPS, strict=True):
                    trial[part] = step
                for trial, ndcg in zip(trials, tried.qualities_of_steps(trials, part), strict=True):
                    if trial[:n].any() and _mean(ndcg[users]) > _mean(best):
                        weights, best = trial, ndcg[users]
        return weights, best

    def _coarse_search(self, tried: TriedMixtures, users: IntArray, start: Array) -> Array:
        """The best weights on a coarse grid of all parts at once: two may help together where neither does alone.

        Paths are not on it: their correction is with them already, so that they help alone if at all. Nor is the
        trend, whose weight was found beside the others.
        """
        n = self._n
        if len(users) > LIMITS.coarse_search_users:
            users = users[np.sort(self._rng.choice(len(users), LIMITS.coarse_search_users, replace=False))]
        strongest = int(np.argmax(start[:n]))
        others = [part for part in range(n + 1) if part != strongest and part not in self._paths]
        levels = np.array(list(itertools.product(_COARSE, repeat=len(others))))
        grid = np.tile(np.r_[np.eye(n + 1)[strongest], start[n + 1 :]], (len(levels), 1))
        grid[:, others] = levels
        if len(tried.candidates) > LIMITS.bagged_users:  # nobody comes back to these mixtures with other users
            with TriedMixtures(tried.candidates.of_users(users)) as of_sample:
                return _best_on(of_sample, np.arange(len(users)), [start, *grid])
        return _best_on(tried, users, [start, *grid])

    def _by_length(self, weights: Array, best: Array) -> tuple[IntArray, Array]:
        """Least lengths of the buckets of history length, and the weights in each, ``(lengths, parts)``.

        A bucket departs from the common weights only where that is better by more than two standard errors.
        """
        candidates = self._candidates
        n_buckets = min(3, len(candidates) // LIMITS.history_length_users)
        if n_buckets < 2:
            return np.zeros(1, np.int64), weights[None, :]
        lengths = candidates.histories.lengths
        min_lengths = np.unique(np.r_[0, np.quantile(lengths, np.arange(1, n_buckets) / n_buckets).astype(np.int64)])
        bucket = np.searchsorted(min_lengths, lengths, side="right") - 1
        table = np.tile(weights, (len(min_lengths), 1))
        for part in range(len(weights)):
            for factor in (0.0, 0.5, 2.0):
                trial = weights.copy()
                trial[part] *= factor
                if not trial[: self._n].any():
                    continue
                gain = candidates.quality(trial) - best
                for b in range(len(min_lengths)):
                    if beyond_chance(gain[bucket == b]) and (table[b] == weights).all():
                        table[b] = trial
        return min_lengths.astype(np.int64), table

    def _by_pause(self, weights: Array, table: Array, metrics: dict[str, float]) -> tuple[tuple[float, ...], Array]:
        """Weights by pause and length ``(1 + pauses, lengths, parts)``, an unknown pause first; fills ``metrics``."""
        if not (self._train.in_unix_seconds and self._valid.in_unix_seconds):
            return (), table[None]
        rows = [table]
        for least, most, progress in zip(PAUSES, (*PAUSES[1:], np.inf), self._of_pauses, strict=True):
            visits = visits_after_pause(self._train, self._valid, self._n_users, least, most)
            rows.append(table)
            if len(np.unique(visits.wanted.user)) < LIMITS.return_visit_users:
                continue
            trends = () if self.trend is None else (self.trend,)
            of_visits = self._model, visits.history, visits.wanted, self._n_users, self._rng
            candidates = CandidateScores.of(*of_visits, trends, self._executor)
            singles = list(np.eye(len(weights))[: self._n])
            when = f"after {least / 60:.0f} minutes and more" if least else "within a visit"
            tell = partial(progress, f"weights {when}")
            after_pause, best = self._search(candidates, [weights, *singles], tell)
            common = candidates.quality(weights)
            if beyond_chance(best - common):
                after_pause, best = self._towards_paths(candidates, after_pause, best)
            if beyond_chance(best - common):
                rows[-1] = np.tile(after_pause, (len(table), 1))
            metrics[f"after {least:.0f} s and more"] = _mean(best)
            metrics[f"after {least:.0f} s and more, common gates"] = _mean(common)
        if all(row is table for row in rows):
            return (), table[None]
        return PAUSES, np.stack(rows)


def _best_on(tried: TriedMixtures, users: IntArray, mixtures: list[Array]) -> Array:
    """The mixture with the highest mean ndcg@10 of some users, the first of equals."""
    means = [_mean(ndcg[users]) for ndcg in tried.qualities(mixtures)]
    return mixtures[int(np.argmax(means))]


def _mean(values: Array) -> float:
    """Mean over users, 0 without any."""
    return float(values.mean()) if len(values) else 0.0
