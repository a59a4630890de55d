"""The gates: how much each channel counts, fitted on validation by coordinate search.

The search starts from the best single channel and takes a step only where validation improves, so the fused model is
never worse there than its best channel; a channel that does not help stays closed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.dataset import Array, IntArray
from kgrec.progress import Progress
from kgrec.ranking import block_size, per_user, rank_users
from kgrec.scoring import AdditiveModel, Channel, Gates

_COARSE = (0.0, 0.15, 0.4)
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_OFFSETS = tuple(np.arange(-8.0, 1.5, 0.5).tolist())
_OFFSET_COST = 0.01
_BYTES = 192 * 2**20
_BUCKET_USERS = 500
_NEW_ITEMS = 0.7


@dataclass(frozen=True)
class _Fixed:
    """Scores that are already there."""

    matrix: Array

    def scores(self, users: IntArray) -> Array:
        return self.matrix[users].copy()


class GateFitter:
    """Fits gates of a model whose channels are ready.

    Args:
        model: its gates are ignored.
        histories: one per channel, ``(users, items)``.
        seen, valid: pairs before and at validation, ``(users, items)``.
        rng: draws the users where all would not fit into memory.
    """

    def __init__(
        self,
        model: AdditiveModel,
        histories: Sequence[sparse.csr_matrix],
        seen: sparse.csr_matrix,
        valid: sparse.csr_matrix,
        rng: np.random.Generator,
        progress: Progress,
    ) -> None:
        self._warm = np.flatnonzero(~model.new)
        wanted = valid[:, self._warm].tocsr()
        users = np.flatnonzero((np.diff(wanted.indptr) > 0) & (np.diff(seen.indptr) > 0))
        most = max(100, _BYTES // (4 * len(self._warm)))
        self._users = users if len(users) <= most else np.sort(rng.choice(users, most, replace=False))
        self._model, self._progress = model, progress
        self._histories = [history[self._users] for history in histories]
        self._seen, self._wanted = seen[self._users], valid[self._users]
        self._seen_warm, self._wanted_warm = self._seen[:, self._warm].tocsr(), wanted[self._users]
        self._parts = [
            self._warm_scores(channel, history.astype(np.float32))
            for channel, history in zip(model.channels, self._histories, strict=True)
        ]
        self._parts.append(np.tile(model.prior[self._warm].astype(np.float32), (len(self._users), 1)))
        self._lengths = np.diff(self._seen.indptr)

    def fit(self) -> tuple[Gates, dict[str, float]]:
        """The gates, and validation ndcg@10 of each channel alone, of the prior and of their fusion."""
        names = [channel.name for channel in self._model.channels]
        n = len(names)
        alone = [_mean(self._quality(np.eye(n + 1)[part])) for part in range(n + 1)]
        first = int(np.argmax(alone[:n]))
        weights = np.eye(n + 1)[first]
        best = self._quality(weights)
        # Two channels may help together where neither does alone, so the search starts from a coarse grid of them all.
        others = [part for part in range(n + 1) if part != first]
        for number, levels in enumerate(itertools.product(_COARSE, repeat=n)):
            self._progress("fusing the channels, coarsely", number + 1, len(_COARSE) ** n, f"ndcg@10 {_mean(best):.4f}")
            trial = np.eye(n + 1)[first]
            trial[others] = levels
            if _mean(found := self._quality(trial)) > _mean(best):
                weights, best = trial, found
        for turn in range(2):
            for part in range(n + 1):
                self._progress(
                    "fusing the channels", turn * (n + 1) + part + 1, 2 * (n + 1), f"ndcg@10 {_mean(best):.4f}"
                )
                for step in _STEPS:
                    trial = weights.copy()
                    trial[part] = step
                    if trial[:n].any() and _mean(found := self._quality(trial)) > _mean(best):
                        weights, best = trial, found
        edges, table = self._buckets(weights, best)
        gates = Gates(edges, table[:, :n], table[:, n], _NEW_ITEMS)
        metrics = dict(zip([*names, "prior"], map(float, alone), strict=True)) | {"fused": _mean(best)}
        return self._with_offset(gates), metrics

    def _warm_scores(self, channel: Channel, history: sparse.csr_matrix) -> Array:
        """Standardised scores of the warm items, a block of users at a time: the new items may be many more."""
        result = np.empty((history.shape[0], len(self._warm)), np.float32)
        step = block_size(self._model.n_items)
        for start in range(0, len(result), step):
            block = channel.matrix.scores(history[start : start + step])
            result[start : start + step] = _standardised(block[:, self._warm])
        return result

    def _quality(self, weights: Array) -> Array:
        """ndcg@10 of each validation user, warm items ranked among themselves."""
        total = np.zeros_like(self._parts[0])
        for part, weight in zip(self._parts, weights, strict=True):
            if weight:
                total += np.float32(weight) * part
        everyone = np.arange(len(self._users))
        top = rank_users(_Fixed(total), self._seen_warm, everyone, 10)
        return per_user(top, self._wanted_warm, (10,))["ndcg@10"]

    def _buckets(self, weights: Array, best: Array) -> tuple[IntArray, Array]:
        """Weights by history length: a bucket departs from the common weights only beyond two standard errors."""
        number = min(3, len(self._users) // _BUCKET_USERS)
        if number < 2:
            return np.zeros(1, np.int64), weights[None, :]
        edges = np.unique(np.r_[0, np.quantile(self._lengths, np.arange(1, number) / number).astype(np.int64)])
        bucket = np.searchsorted(edges, self._lengths, side="right") - 1
        table = np.tile(weights, (len(edges), 1))
        for part in range(len(weights)):
            for factor in (0.0, 0.5, 2.0):
                trial = weights.copy()
                trial[part] *= factor
                if not trial[:-1].any():
                    continue
                gain = self._quality(trial) - best
                for b in range(len(edges)):
                    members = gain[bucket == b]
                    error = members.std() / np.sqrt(max(len(members), 1))
                    if len(members) and members.mean() > 2 * error and (table[b] == weights).all():
                        table[b] = trial
        return edges.astype(np.int64), table

    def _with_offset(self, gates: Gates) -> Gates:
        """Choose how high new items may stand: the highest offset that costs validation at most one percent."""
        model = self._model
        if not model.new.any() or len(self._users) == 0:
            return gates
        few = np.arange(min(len(self._users), max(50, _BYTES // (16 * model.n_items))))
        base = AdditiveModel(model.channels, gates, model.prior, model.new)
        scores = base.scores([history[few] for history in self._histories], np.float32)
        found = []
        for offset in _OFFSETS:
            trial = scores.copy()
            trial[:, model.new] += np.float32(offset)
            top = rank_users(_Fixed(trial), self._seen[few], few, 10)
            found.append(float(per_user(top, self._wanted[few], (10,))["ndcg@10"].mean()))
        allowed = [
            offset for offset, value in zip(_OFFSETS, found, strict=True) if value >= (1 - _OFFSET_COST) * max(found)
        ]
        return Gates(gates.edges, gates.channels, gates.prior, gates.new_items, max(allowed))


def _mean(values: Array) -> float:
    """Mean over users, 0 without any."""
    return float(values.mean()) if len(values) else 0.0


def _standardised(scores: Array) -> Array:
    """Zero mean and unit spread per row, in place; rows without spread become zero."""
    scores = scores.astype(np.float32)
    scores -= scores.mean(axis=1, keepdims=True)
    spread = scores.std(axis=1, keepdims=True)
    scores /= np.where(spread > 1e-6, spread, np.inf)
    return scores
