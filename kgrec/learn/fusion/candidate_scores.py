"""Scores of some users' candidates by every channel, on which gate weights are searched."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.splits import pairs_without
from kgrec.learn.limits import LIMITS
from kgrec.learn.processors import thread_limit
from kgrec.metrics.measures import ndcg
from kgrec.metrics.ranking import hits_of
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.cached_attribute import cached_property
from kgrec.parallel.executor import Executor, here
from kgrec.scoring.histories import Histories
from kgrec.scoring.model import AdditiveModel, block_size
from kgrec.scoring.spread import unit_spread
from kgrec.scoring.trend import Trend

_BYTES = 192 * 2**20


@dataclass(frozen=True)
class CandidateScores:
    """Scores by every channel, by the prior and by trends of each user's candidates, which are known items.

    Attributes:
        histories: of the users, over all items, as of their first held-out interaction.
        parts: one ``(users, candidates)`` matrix per channel, those beside it included, one of the prior and one of
            each trend, as gates of 1 add them.
        padding: minus infinity where a user has no further candidate, else 0, ``(users, candidates)``.
        hits: which candidates are held-out items, ``(users, candidates)``.
        seen, wanted: items of the histories and held-out items, users x all items.
        users: their rows.
    """

    histories: Histories
    parts: list[Array]
    padding: Array
    hits: sparse.csr_matrix
    seen: sparse.csr_matrix
    wanted: sparse.csr_matrix
    users: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def of(
        cls,
        model: AdditiveModel,
        history: Interactions,
        wanted: Interactions,
        n_users: int,
        rng: np.random.Generator,
        trends: Sequence[Trend] = (),
        executor: Executor = here,
    ) -> CandidateScores:
        """The candidates of users who have a history and a held-out known item; of many users a random sample.

        Args:
            model: its gates are not read, nor is its trend.
            history, wanted: interactions before and after the moment of asking.
            trends: further parts.
            executor: scores blocks of users.
        """
        known = np.flatnonzero(~model.is_cold)
        seen = history.matrix(n_users, model.n_items)
        held_out = wanted.matrix(n_users, model.n_items)
        held_out = pairs_without(held_out, seen)
        users = np.flatnonzero((np.diff(held_out[:, known].indptr) > 0) & (np.diff(seen.indptr) > 0))
        n_parts = len(model.groups) + 1 + len(trends)
        width = min(len(known), LIMITS.candidates * n_parts)
        room = _BYTES * (n_parts - len(trends)) // n_parts
        most = max(100, min(room // (4 * width), LIMITS.candidate_scores // len(known)))
        users = users if len(users) <= most else np.sort(rng.choice(users, most, replace=False))
        histories = model.histories(history, n_users).asked_in(wanted.first_contexts(n_users))[users]
        seen, held_out = seen[users], held_out[users]
        of_known = seen[:, known].tocsr(), held_out[:, known].tocsr()
        return cls(
            histories,
            *_candidates(_Everything(model, trends, histories, *of_known, known), executor),
            seen,
            held_out,
            users,
        )

    def __len__(self) -> int:
        return len(self.histories)

    def of_users(self, users: IntArray) -> CandidateScores:
        """The candidates of some users, by position; one may be there several times."""
        return CandidateScores(
            self.histories[users],
            [part[users] for part in self.parts],
            self.padding[users],
            self.hits[users],
            self.seen[users],
            self.wanted[users],
            self.users[users],
        )

    def quality(self, weights: Array) -> Array:
        """ndcg@10 of each user with these weights of the parts, known items ranked among themselves."""
        return self.ndcg(self.mixed(weights))

    def mixed(self, weights: Array) -> Array:
        """The sum of the parts with these weights, ``(users, candidates)``."""
        total = self.padding.copy()
        for part, weight in zip(self.parts, weights, strict=True):
            if weight:
                total += np.float32(weight) * part
        return total

    def ndcg(self, scores: Array) -> Array:
        """ndcg@10 of each user by these scores of the candidates."""
        return ndcg(hits_of(scores, self.hits, 10), np.diff(self.hits.indptr), 10)


class TriedMixtures:
    """The ndcg@10 of each user by the mixtures that were tried, each of which is scored once.

    A search that is repeated on samples of the users comes back to most mixtures, and what one user gets by a mixture
    does not depend on who else is in the sample. Several mixtures are scored at the same time by threads.

    Args:
        candidates: of all users, see :class:`CandidateScores`.

    Attributes:
        candidates: these.
    """

    def __init__(self, candidates: CandidateScores) -> None:
        self.candidates = candidates
        self._ndcg: dict[tuple[bytes, int], Array] = {}
        self._threads = ThreadPoolExecutor(thread_limit(), "kgrec-mixtures")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def quality(self, weights: Array) -> Array:
        """ndcg@10 of each user with these weights of the parts."""
        return self.qualities([weights])[0]

    def qualities(self, mixtures: Sequence[Array]) -> list[Array]:
        """The same of several mixtures."""
        keys = [(weights.tobytes(), -1) for weights in mixtures]
        fresh = {key: weights for key, weights in zip(keys, mixtures, strict=True) if key not in self._ndcg}
        self._ndcg |= zip(fresh, self._threads.map(self.candidates.quality, fresh.values()), strict=True)
        return [self._ndcg[key] for key in keys]

    def qualities_of_steps(self, mixtures: Sequence[Array], part: int) -> list[Array]:
        """The same of mixtures that differ in the weight of one part, which is added to the sum of the others."""
        keys = [(weights.tobytes(), part) for weights in mixtures]
        fresh = {key: weights[part] for key, weights in zip(keys, mixtures, strict=True) if key not in self._ndcg}
        if fresh:
            candidates, others = self.candidates, mixtures[0].copy()
            others[part] = 0.0
            sum_of_others = candidates.mixed(others)

            def quality(weight: float) -> Array:
                return candidates.ndcg(sum_of_others + np.float32(weight) * candidates.parts[part])

            self._ndcg |= zip(fresh, self._threads.map(quality, fresh.values()), strict=True)
        return [self._ndcg[key] for key in keys]


@dataclass(frozen=True)
class _Everything:
    """All that is known of some users and the known items.

    Attributes:
        seen, held_out: users x known items.
        known: rows of the known items.
    """

    model: AdditiveModel
    trends: Sequence[Trend]
    histories: Histories
    seen: sparse.csr_matrix
    held_out: sparse.csr_matrix
    known: IntArray

    @cached_property
    def without_idle_items(self) -> tuple[AdditiveModel, Histories, IntArray]:
        """See :func:`without_idle_items`."""
        return without_idle_items(self.model, self.histories)


@dataclass(frozen=True)
class _Kept:
    """Candidates of some users, those of one after those of the other.

    Attributes:
        rows: how many each has.
        hits: whether a candidate is a held-out item.
        values: its score by each part.
    """

    rows: IntArray
    hits: Array
    values: list[Array]


def _candidates(of: _Everything, executor: Executor) -> tuple[list[Array], Array, sparse.csr_matrix]:
    """``parts``, ``padding`` and ``hits`` of :class:`CandidateScores`.

    Candidates of a user are the best unseen known items by each part, and the held-out ones: the best by a mixture are
    hardly ever below the first few hundred by every part. Scores are computed a block of users at a time, as a
    catalogue may be much wider than what is kept of it.
    """
    n = len(of.model.groups) + 1 + len(of.trends)
    blocks = ranges(len(of.histories), block_size(of.without_idle_items[0].n_items))
    kept = list(map_blocks(executor, _kept_of, of, blocks))
    length = np.concatenate([np.zeros(0, np.int64), *(block.rows for block in kept)])
    row = np.repeat(np.arange(len(length)), length)
    column = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    shape = len(length), int(length.max(initial=0))
    padding = np.full(shape, -np.inf, np.float32)
    padding[row, column] = 0.0
    parts = []
    for place in range(n):
        part = np.zeros(shape, np.float32)
        part[row, column] = np.concatenate([np.zeros(0, np.float32), *(block.values[place] for block in kept)])
        parts.append(part)
    hit = np.concatenate([np.zeros(0, np.bool_), *(block.hits for block in kept)])
    ones = np.ones(int(hit.sum()), np.float32)
    return parts, padding, sparse.csr_matrix((ones, (row[hit], column[hit])), shape=shape)


def _kept_of(of: _Everything, users: range) -> _Kept:
    """The candidates of some users."""
    model, histories, known = of.without_idle_items
    block = histories[slice(users.start, users.stop)]
    scores = [_group_scores(model, group, block, known) for group in model.groups]
    scores.append(np.broadcast_to(of.model.prior[of.known].astype(np.float32), scores[0].shape))
    scores += [trend.at(block.at, of.known).astype(np.float32) for trend in of.trends]
    taken, wanted = of.seen[users.start : users.stop].nonzero(), of.held_out[users.start : users.stop].nonzero()
    kept = np.zeros(scores[0].shape, np.bool_)
    for part in scores:
        kept |= _among_best(part, taken)
    kept[wanted] = True
    kept[taken] = False
    is_hit = np.zeros_like(kept)
    is_hit[wanted] = True
    return _Kept(kept.sum(axis=1), is_hit[kept], [part[kept] for part in scores])


def without_idle_items(model: AdditiveModel, histories: Histories) -> tuple[AdditiveModel, Histories, IntArray]:
    """Model and histories without the cold items that are in none of these, and the rows of the known items there."""
    kept = ~model.is_cold
    for matrix in histories.matrices:
        kept[matrix.indices] = True
    if not kept.all():
        items = np.flatnonzero(kept)
        model = model.restricted_to(items)
        histories = histories.of_items(items)
    return model, histories, np.flatnonzero(~model.is_cold)


def _group_scores(model: AdditiveModel, group: Sequence[int], histories: Histories, known: IntArray) -> Array:
    """Scores of the known items by channels that share a gate, as a gate of 1 adds them, ``(users, known)``."""
    total = np.zeros((len(histories), len(known)), np.float32)
    for channel in group:
        raw = model.channels[channel].matrix.scores(histories.matrices[channel].astype(np.float32))[:, known]
        if model.channels[channel].unit:
            total += raw / model.units(histories, channel)[:, None].astype(np.float32)
        else:
            total += _standardised(raw)
    return total


def _among_best(scores: Array, taken: tuple[IntArray, IntArray]) -> Array:
    """Which columns are among the best of their row, the taken ones left out, bool ``(users, items)``."""
    if scores.shape[1] <= LIMITS.candidates:
        return np.ones(scores.shape, np.bool_)
    untaken = scores.astype(np.float32)
    untaken[taken] = -np.inf
    best = np.argpartition(untaken, -LIMITS.candidates, axis=1)[:, -LIMITS.candidates :]
    among = np.zeros(scores.shape, np.bool_)
    np.put_along_axis(among, best, True, axis=1)
    return among


def _standardised(scores: Array) -> Array:
    """Mean 0 and unit spread per row, float32, as the model scales them; rows that do not tell items apart are 0."""
    scores = scores.astype(np.float32)
    mean, unit = unit_spread(scores)
    scores -= mean[:, None]
    scores /= unit[:, None]
    return scores
