"""The gates: how much each channel counts, fitted on validation by coordinate search.

The search starts from the best single channel and takes a step only where validation improves. With few users it is
repeated on samples of them and the mean of the weights is taken, which chance leads less far astray (bagging: Breiman
1996). The fused model is never worse on validation than its best channel; a channel that does not help stays closed.
Lengths of history, and pauses since the last event, depart from the common weights only where that is more than chance.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.fusion.candidate_scores import CandidateScores
from kgrec.learn.fusion.return_visits import PAUSES, visits_after_pause
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import FixedScores
from kgrec.metrics.ranking import per_user, rank_users
from kgrec.progress import Progress
from kgrec.scoring.gates import Gates, GateTable
from kgrec.scoring.model import AdditiveModel

_COARSE = (0.0, 0.15, 0.4)
_BAGS = 8
"""Samples of users that the search is repeated on, up to ``LIMITS.bagged_users`` users."""
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_OFFSETS = tuple(np.arange(-8.0, 1.5, 0.5).tolist())
_OFFSET_COST = 0.01
_BYTES = 192 * 2**20
_COLD_ITEMS = 0.7
"""Gate weights of cold items, in those of known ones, where nothing better is known."""
_TURNS = 2


class GateFitter:
    """Fits gates of a model whose channels are ready.

    Args:
        model: its gates are ignored.
        train, valid: behaviour before and at validation.
        seed: for drawing users where all would not fit into memory.

    Attributes:
        trials: number of mixtures tried so far. A search counts once, however many samples of users repeat it, and a
            turn of one weight counts once, for its ten values.
    """

    def __init__(
        self,
        model: AdditiveModel,
        train: Interactions,
        valid: Interactions,
        n_users: int,
        seed: int,
        progress: Progress,
    ) -> None:
        self._model, self._progress = model, progress
        self._train, self._valid, self._n_users = train, valid, n_users
        self._rng = np.random.default_rng(seed)
        self._view = CandidateScores.of(model, train, valid, n_users, self._rng)
        self._n = len(model.channels)
        self.trials = 0

    def fit(self) -> tuple[Gates, dict[str, float]]:
        """The gates, and validation ndcg@10 of each channel alone, of the prior and of their fusion."""
        names = [channel.name for channel in self._model.channels]
        n = self._n
        alone = [_mean(self._view.quality(np.eye(n + 1)[part])) for part in range(n + 1)]
        weights, best = self._search(self._view, [np.eye(n + 1)[int(np.argmax(alone[:n]))]], "fusing the channels")
        min_lengths, table = self._by_length(weights, best)
        metrics = dict(zip([*names, "prior"], map(float, alone), strict=True)) | {"fused": _mean(best)}
        min_pauses, table = self._by_pause(weights, table, metrics)
        by_history = GateTable(min_lengths, table[:, :, :n], table[:, :, n], min_pauses)
        cold = Gates.common(_COLD_ITEMS * weights[:n], float(_COLD_ITEMS * weights[n])).cold
        return self._with_offset(Gates(by_history, cold)), metrics

    def _search(self, view: CandidateScores, starts: list[Array], what: str) -> tuple[Array, Array]:
        """Good weights, never worse on average than the starts, and each user's ndcg@10 with them."""
        self.trials += len(_COARSE) ** self._n + _TURNS * (self._n + 1)
        weights, best = self._one_search(view, starts, what)
        if not 0 < len(view) <= LIMITS.bagged_users:
            return weights, best
        n = self._n
        bags = np.empty((_BAGS, n + 1))
        for number in range(_BAGS):
            some = view.some(np.sort(self._rng.integers(0, len(view), len(view))))
            found = self._one_search(some, starts, what)[0]
            bags[number] = found / found[:n].sum()
        mean = np.where((bags > 0).mean(axis=0) >= 0.5, bags.mean(axis=0), 0.0) * weights[:n].sum()
        each = view.quality(mean)
        least = max(_mean(view.quality(start)) for start in starts)
        return (mean, each) if mean[:n].any() and _mean(each) >= least else (weights, best)

    def _one_search(self, view: CandidateScores, starts: list[Array], what: str) -> tuple[Array, Array]:
        """Coordinate search on some users: the best weights and each user's ndcg@10 with them."""
        n = self._n
        weights = max(starts, key=lambda start: _mean(view.quality(start)))
        # Two channels may help together where neither does alone, so the search starts from a coarse grid of them all.
        few = view
        if len(view) > LIMITS.coarse_search_users:
            few = view.some(np.sort(self._rng.choice(len(view), LIMITS.coarse_search_users, replace=False)))
        first = int(np.argmax(weights[:n]))
        others = [part for part in range(n + 1) if part != first]
        highest, coarse = _mean(few.quality(weights)), weights
        for number, levels in enumerate(itertools.product(_COARSE, repeat=n)):
            self._progress(f"{what}, coarsely", number + 1, len(_COARSE) ** n, f"ndcg@10 {highest:.4f}")
            trial = np.eye(n + 1)[first]
            trial[others] = levels
            if (found := _mean(few.quality(trial))) > highest:
                highest, coarse = found, trial
        weights = max((weights, coarse), key=lambda start: _mean(view.quality(start)))
        best = view.quality(weights)
        for turn in range(_TURNS):
            for part in range(n + 1):
                self._progress(what, turn * (n + 1) + part + 1, _TURNS * (n + 1), f"ndcg@10 {_mean(best):.4f}")
                rest = weights.copy()
                rest[part] = 0.0
                without = view.mixed(rest)
                for step in _STEPS:
                    trial = rest.copy()
                    trial[part] = step
                    each = view.ndcg(without + np.float32(step) * view.parts[part])
                    if trial[:n].any() and _mean(each) > _mean(best):
                        weights, best = trial, each
        return weights, best

    def _by_length(self, weights: Array, best: Array) -> tuple[IntArray, Array]:
        """Weights by history length: a bucket departs from the common weights only beyond two standard errors."""
        view = self._view
        number = min(3, len(view) // LIMITS.history_length_users)
        if number < 2:
            return np.zeros(1, np.int64), weights[None, :]
        lengths = view.histories.lengths
        edges = np.unique(np.r_[0, np.quantile(lengths, np.arange(1, number) / number).astype(np.int64)])
        bucket = np.searchsorted(edges, lengths, side="right") - 1
        table = np.tile(weights, (len(edges), 1))
        for part in range(len(weights)):
            for factor in (0.0, 0.5, 2.0):
                trial = weights.copy()
                trial[part] *= factor
                if not trial[:-1].any():
                    continue
                gain = view.quality(trial) - best
                for b in range(len(edges)):
                    if _beyond_chance(gain[bucket == b]) and (table[b] == weights).all():
                        table[b] = trial
        return edges.astype(np.int64), table

    def _by_pause(self, weights: Array, table: Array, metrics: dict[str, float]) -> tuple[tuple[float, ...], Array]:
        """Weights by pause and length ``(1 + pauses, lengths, parts)``, an unknown pause first; fills ``metrics``."""
        if not (self._train.in_unix_seconds and self._valid.in_unix_seconds):
            return (), table[None]
        rows = [table]
        for least, most in zip(PAUSES, (*PAUSES[1:], np.inf), strict=True):
            visits = visits_after_pause(self._train, self._valid, self._n_users, least, most)
            rows.append(table)
            if len(np.unique(visits.wanted.user)) < LIMITS.return_visit_users:
                continue
            view = CandidateScores.of(self._model, visits.history, visits.wanted, self._n_users, self._rng)
            singles = list(np.eye(self._n + 1)[: self._n])
            found, best = self._search(view, [weights, *singles], f"fusing after {least:.0f} s and more")
            common = view.quality(weights)
            if _beyond_chance(best - common):
                rows[-1] = np.tile(found, (len(table), 1))
            metrics[f"after {least:.0f} s and more"] = _mean(best)
            metrics[f"after {least:.0f} s and more, common gates"] = _mean(common)
        if all(row is table for row in rows):
            return (), table[None]
        return PAUSES, np.stack(rows)

    def _with_offset(self, gates: Gates) -> Gates:
        """Choose how high new items may stand: the highest offset that costs validation at most one percent."""
        model = self._model
        if not model.is_cold.any() or len(self._view) == 0:
            return gates
        few = np.arange(min(len(self._view), max(50, _BYTES // (16 * model.n_items))))
        view = self._view.some(few)
        scores = replace(model, gates=gates).scores(view.histories, np.float32)
        found = []
        for offset in _OFFSETS:
            trial = scores.copy()
            trial[:, model.is_cold] += np.float32(offset)
            top = rank_users(FixedScores(trial), view.seen, few, 10)
            found.append(float(per_user(top, view.wanted, (10,))["ndcg@10"].mean()))
        allowed = [
            offset for offset, value in zip(_OFFSETS, found, strict=True) if value >= (1 - _OFFSET_COST) * max(found)
        ]
        return gates.with_cold(offset=max(allowed))


def _beyond_chance(gain: Array) -> bool:
    """Whether a mean gain is more than two standard errors."""
    return len(gain) > 0 and bool(gain.mean() > 2 * gain.std() / np.sqrt(len(gain)))


def _mean(values: Array) -> float:
    """Mean over users, 0 without any."""
    return float(values.mean()) if len(values) else 0.0
