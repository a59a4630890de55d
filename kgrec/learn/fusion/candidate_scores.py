"""What gates are chosen on: the scores that every channel gives some users' candidates, ready to be mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import FixedScores
from kgrec.metrics.ranking import per_user, rank_users
from kgrec.scoring.model import AdditiveModel, Histories, block_size, unit_spread

_BYTES = 192 * 2**20


@dataclass(frozen=True)
class CandidateScores:
    """Some users at one moment each: scores of their candidates by every channel and the prior, ready to be mixed.

    Attributes:
        histories: of these users, all items.
        parts: one ``(users, candidates)`` matrix per channel and one of the prior, in unit spread.
        shut: minus infinity where there is no candidate, else 0, ``(users, candidates)``.
        found: which candidates they took next, ``(users, candidates)``.
        seen, wanted: what they had taken and what they took next, all items.
    """

    histories: Histories
    parts: list[Array]
    shut: Array
    found: sparse.csr_matrix
    seen: sparse.csr_matrix
    wanted: sparse.csr_matrix

    @classmethod
    def of(
        cls, model: AdditiveModel, history: Interactions, wanted: Interactions, n_users: int, rng: np.random.Generator
    ) -> CandidateScores:
        """Users with something to find; drawn where all would take too long or not fit into memory."""
        warm = np.flatnonzero(~model.is_cold)
        seen = history.matrix(n_users, model.n_items)
        found = wanted.matrix(n_users, model.n_items)
        found = (found - found.multiply(seen > 0)).tocsr()
        found.eliminate_zeros()
        users = np.flatnonzero((np.diff(found[:, warm].indptr) > 0) & (np.diff(seen.indptr) > 0))
        width = min(len(warm), LIMITS.candidates * (len(model.channels) + 1))
        most = max(100, min(_BYTES // (4 * width), LIMITS.candidate_scores // len(warm)))
        users = users if len(users) <= most else np.sort(rng.choice(users, most, replace=False))
        histories = model.histories(history, n_users)[users]
        seen, found = seen[users], found[users]
        parts, shut, hits = _candidates(model, histories, seen[:, warm].tocsr(), found[:, warm].tocsr(), warm)
        return cls(histories, parts, shut, hits, seen, found)

    def __len__(self) -> int:
        return len(self.histories)

    def some(self, users: IntArray) -> CandidateScores:
        """The same of some users."""
        return CandidateScores(
            self.histories[users],
            [part[users] for part in self.parts],
            self.shut[users],
            self.found[users],
            self.seen[users],
            self.wanted[users],
        )

    def quality(self, weights: Array) -> Array:
        """ndcg@10 of each user, warm items ranked among themselves."""
        return self.ndcg(self.mixed(weights))

    def mixed(self, weights: Array) -> Array:
        """The weighted sum of the parts."""
        total = self.shut.copy()
        for part, weight in zip(self.parts, weights, strict=True):
            if weight:
                total += np.float32(weight) * part
        return total

    def ndcg(self, scores: Array) -> Array:
        """ndcg@10 of each user by scores of the candidates, which are overwritten."""
        everyone = np.arange(len(self))
        top = rank_users(FixedScores(scores), sparse.csr_matrix(scores.shape), everyone, 10)
        return per_user(top, self.found, (10,))["ndcg@10"]


def _candidates(
    model: AdditiveModel, histories: Histories, seen: sparse.csr_matrix, found: sparse.csr_matrix, warm: IntArray
) -> tuple[list[Array], Array, sparse.csr_matrix]:
    """Parts, shut and found of a view, a block of users at a time: a catalogue may be much wider than what is kept.

    Kept are, of the warm items that somebody has not taken, the best by each part and what is to be found. What is best
    by a sum of parts is hardly ever below the best few hundred of every one of them.
    """
    n = len(model.channels) + 1
    prior = model.prior[warm].astype(np.float32)
    rows, hits = [np.zeros(0, np.int64)], [np.zeros(0, np.bool_)]
    values = [[np.zeros(0, np.float32)] for _ in range(n)]
    step = block_size(model.n_items)
    for start in range(0, len(histories), step):
        block = histories[slice(start, start + step)]
        scores = [_standardised(_channel_scores(model, channel, block)[:, warm]) for channel in range(n - 1)]
        scores.append(np.broadcast_to(prior, scores[0].shape))
        taken, wanted = seen[start : start + step].nonzero(), found[start : start + step].nonzero()
        kept = np.zeros(scores[0].shape, np.bool_)
        for part in scores:
            kept |= _among_best(part, taken)
        kept[wanted] = True
        kept[taken] = False
        is_hit = np.zeros_like(kept)
        is_hit[wanted] = True
        rows.append(kept.sum(axis=1))
        hits.append(is_hit[kept])
        for part, of_part in zip(scores, values, strict=True):
            of_part.append(part[kept])
    length = np.concatenate(rows)
    row = np.repeat(np.arange(len(length)), length)
    column = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    shape = len(length), int(length.max(initial=0))
    shut = np.full(shape, -np.inf, np.float32)
    shut[row, column] = 0.0
    parts = []
    for of_part in values:
        part = np.zeros(shape, np.float32)
        part[row, column] = np.concatenate(of_part)
        of_part.clear()
        parts.append(part)
    hit = np.concatenate(hits)
    ones = np.ones(int(hit.sum()), np.float32)
    return parts, shut, sparse.csr_matrix((ones, (row[hit], column[hit])), shape=shape)


def _channel_scores(model: AdditiveModel, channel: int, histories: Histories) -> Array:
    return model.channels[channel].matrix.scores(histories.matrices[channel].astype(np.float32))


def _among_best(scores: Array, taken: tuple[IntArray, IntArray]) -> Array:
    """Which columns are among the best of their row, leaving out those taken."""
    if scores.shape[1] <= LIMITS.candidates:
        return np.ones(scores.shape, np.bool_)
    left = scores.astype(np.float32)
    left[taken] = -np.inf
    best = np.argpartition(left, -LIMITS.candidates, axis=1)[:, -LIMITS.candidates :]
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
