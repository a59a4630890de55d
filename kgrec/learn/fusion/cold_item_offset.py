"""How the scores of cold items compare with those of known ones: spread, slope and offset under a price.

A cold item has a score s(u, i) by the mixture of channels that ranks cold items among themselves. It is served with

    s'(u, i) = spread * s(u, i) + offset + slope * log(1 + n_u)

where n_u is the number of items in the history of u. ``offset`` and ``slope`` are fields of
:class:`~kgrec.scoring.gates.ColdItemGates`; ``spread`` is multiplied into its weights. Higher cold items find more of
what users take of them and push more known items out of the lists; ``cost`` is the price: the share of the known
items' recall@20, and of their ndcg@10, that may be lost. Example: a user with n = 3 items, three known candidates of
spread 1 and two cold ones of spread 0.3; the known item b is held out.

    item     s(u, i)   spread 1 / 0.3   slope -0.5 (-0.69)   offset 0.40   offset -0.32
    a         1.22
    b         0
    c        -1.22
    x, cold   0.3       1                0.31                 0.71         -0.01
    y, cold  -0.3      -1               -1.69                -1.29         -2.01

With the offset 0.40, x pushes b from rank 2 to rank 3, which costs 1 - log2(3) / log2(4) = 21 % of ndcg@10. At a
``cost`` of 0 the highest offset keeps x below b: anything under -0.31. Of all spreads and slopes with their highest
offsets, the pair that finds most of the hidden items is taken.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.context_columns import Asked
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.fusion.candidate_scores import CandidateScores
from kgrec.learn.fusion.catalogue import SILENT, Catalogue
from kgrec.metrics.measures import Hits, hit_matrix, ndcg, recall
from kgrec.metrics.rankers import FixedScores
from kgrec.metrics.ranking import hits_of, rank_users
from kgrec.progress import Progress
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel

_K = 20
_SPREADS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0)
"""Spreads of cold items' scores that are tried, in spreads of the known items' scores."""
_SLOPES = (0.0, -0.5, -1.0, -1.5)
"""Slopes that are tried, in the same unit: a longer history makes the known items that a cold one displaces surer."""
_LOWEST, _HIGHEST, _HALVINGS = -20.0, 5.0, 11
"""Between which the offset is searched, in the same unit above the mean of the known items' scores."""
_LENGTH_QUANTILES = (0.05, 0.95)
"""Of the history lengths: shorter and longer histories count as these."""
_GRID = tuple(np.arange(-8.0, 1.5, 0.5).tolist())
"""Offsets that are tried where there is no simulation."""
_BYTES = 192 * 2**20


@dataclass(frozen=True)
class TopLists:
    """The best known and the best cold items of some users apart: any one list of both is merged from these.

    Attributes:
        is_wanted: which of the known, then of the cold items are held-out ones, bool ``(users, 2 * 20)``.
        known, cold: their scores, ``(users, 20)`` each, minus infinity where there are no more.
        lengths: items in each history, ``(users,)``.
        n_wanted: held-out items of each user, ``(users,)``.
    """

    is_wanted: Hits
    known: Array
    cold: Array
    lengths: Array
    n_wanted: IntArray

    @classmethod
    def of(cls, catalogue: Catalogue, scores: Array) -> TopLists:
        """The lists by scores of all items, ``(users, items)``."""
        users, is_cold = np.arange(len(scores)), catalogue.model.is_cold
        groups = ~is_cold, is_cold
        best = [rank_users(FixedScores(scores.copy()), catalogue.seen, users, _K, group) for group in groups]
        known, cold = (np.where(top >= 0, np.take_along_axis(scores, top, axis=1), -np.inf) for top in best)
        n_wanted = np.diff(catalogue.wanted.indptr)
        pairs = np.repeat(users, n_wanted), catalogue.wanted.indices.astype(np.int64)
        return cls(hit_matrix(np.concatenate(best, axis=1), *pairs), known, cold, catalogue.histories.lengths, n_wanted)

    def quality(self, spread: float, gates: Gates | None) -> Array:
        """Mean recall@20 and ndcg@10, ``(2,)``, of the merged list.

        Args:
            spread: factor of the cold items' scores.
            gates: their offset and slope; None leaves cold items out.
        """
        cold = np.full_like(self.cold, -np.inf)
        if gates is not None:
            listed = self.cold > -np.inf
            offset = np.broadcast_to(gates.cold.offset_for(self.lengths)[:, None], cold.shape)
            cold[listed] = spread * self.cold[listed] + offset[listed]
        order = np.argsort(-np.concatenate([self.known, cold], axis=1), axis=1, kind="stable")[:, :_K]
        hits = np.take_along_axis(self.is_wanted, order, axis=1)
        return np.array([recall(hits, self.n_wanted, _K).mean(), ndcg(hits, self.n_wanted, 10).mean()])

    def highest_offset(self, spread: float, gates: Gates, known_spread: float, cost: float) -> float | None:
        """The highest offset at which known items lose at most ``cost``; None where they lose more at any.

        By bisection: a higher offset costs more.

        Args:
            spread: factor of the cold items' scores.
            gates: their slope is kept, their offset is not.
            known_spread: spread of the known items' scores, the unit of the search.
            cost: share of recall@20 and of ndcg@10 of the list without cold items.
        """
        least = (1.0 - cost) * self.quality(spread, None)
        mean_slope = gates.cold.slope * float(np.log1p(self.lengths).mean())

        def too_much(height: float) -> bool:
            offset = known_spread * height - mean_slope
            return bool((self.quality(spread, gates.with_cold(offset=offset)) < least).any())

        lowest, highest = _LOWEST, _HIGHEST
        if too_much(lowest):
            return None
        for _ in range(_HALVINGS):
            middle = (lowest + highest) / 2
            lowest, highest = (lowest, middle) if too_much(middle) else (middle, highest)
        return known_spread * lowest - mean_slope


def fit_beside_known(
    mixture: Array, hidden_only: Catalogue, with_known: Catalogue, cost: float, progress: Progress
) -> Gates:
    """The gates with the spread, slope and offset that find most of the hidden items at a price of ``cost``.

    Args:
        mixture: weights of the channels and the prior for cold items, ``(channels + 1,)``.
        hidden_only: with the hidden items as the only cold ones: what cold items bring.
        with_known: with the truly cold items: what they cost the known ones.
    """
    unit, is_cold = with_mixture(hidden_only.model.gates, mixture), with_known.model.is_cold
    hidden_only, with_known = hidden_only.with_gates(unit), with_known.with_gates(unit)
    closed = with_mixture(unit, np.zeros_like(mixture))
    if not is_cold.any():
        return closed
    scores = with_known.scores()
    known_spread, cold_spread = (float(scores[:, group].std(axis=1).mean()) for group in (~is_cold, is_cold))
    below_all = closed.with_cold(offset=_LOWEST * known_spread)
    if cold_spread <= SILENT:
        return below_all  # nothing tells the cold items apart
    price, gain = TopLists.of(with_known, scores), TopLists.of(hidden_only, hidden_only.scores())
    best_recall, best = -1.0, below_all
    for number, (in_known_spreads, slope) in enumerate(itertools.product(_SPREADS, _SLOPES)):
        note = f"recall@20 {max(best_recall, 0.0):.4f}"
        progress("offset of cold items", number + 1, len(_SPREADS) * len(_SLOPES), note, unit="settings")
        spread = in_known_spreads * known_spread / cold_spread
        trial = with_mixture(unit, mixture * spread).with_cold(slope=known_spread * slope)
        offset = price.highest_offset(spread, trial, known_spread, cost)
        if offset is None:
            continue
        trial = trial.with_cold(offset=offset)
        recall = float(gain.quality(spread, trial)[0])
        if recall > best_recall:
            best_recall, best = recall, trial
    return best


def refit_offset(
    model: AdditiveModel,
    train: Interactions,
    known: sparse.csr_matrix,
    cost: float,
    seed: int,
    asked: Asked = None,
) -> Gates:
    """The gates of a model with the highest offset of cold items that costs its known items at most ``cost``.

    The cost can be seen in the model itself, so it is measured there again; its spread and slope are kept. Histories
    that are shorter or longer than nearly all that this is measured on count as the shortest or longest of these.

    Args:
        model: learned from ``train``; its gates are those of a cold-start simulation.
        known: held-out interactions with known items, users x items.
        asked: when each user asks: the trend counts as of then.
    """
    catalogue = Catalogue.of(model, train, known, np.random.default_rng(seed), asked=asked)
    if not (len(catalogue.histories) and model.is_cold.any() and _has_weights(model)):
        return model.gates
    shortest, longest = np.quantile(catalogue.histories.lengths, _LENGTH_QUANTILES)
    gates = model.gates.with_cold(length_range=(float(shortest), float(longest)))
    catalogue = catalogue.with_gates(gates.with_cold(offset=0.0, slope=0.0))
    scores = catalogue.scores()
    known_spread = float(scores[:, ~model.is_cold].std(axis=1).mean())
    offset = TopLists.of(catalogue, scores).highest_offset(1.0, gates, known_spread, cost)
    return gates.with_cold(offset=_LOWEST * known_spread if offset is None else offset)


def coarse_offset(model: AdditiveModel, candidates: CandidateScores, cost: float) -> float:
    """The highest offset of a grid that costs at most ``cost`` of the best validation ndcg@10 on the grid.

    It serves where a catalogue is too small for a cold-start simulation: cold items are weighed as the known ones are.

    Args:
        model: with the gates that it will have.
        candidates: users whose held-out items are ranked; a block of them that fits into memory.
    """
    n_users = min(len(candidates), max(50, _BYTES // (16 * model.n_items)))
    candidates = candidates.of_users(np.arange(n_users))
    scores = model.scores(candidates.histories, np.float32)
    scores[candidates.seen.nonzero()] = -np.inf
    qualities, n_wanted = [], np.diff(candidates.wanted.indptr)
    for offset in _GRID:
        trial = scores.copy()
        trial[:, model.is_cold] += np.float32(offset)
        qualities.append(float(ndcg(hits_of(trial, candidates.wanted, 10), n_wanted, 10).mean()))
    affordable = [
        offset for offset, value in zip(_GRID, qualities, strict=True) if value >= (1 - cost) * max(qualities)
    ]
    return float(max(affordable))


def why_no_offset(model: AdditiveModel, n_users: int) -> str | None:
    """Why the price of cold items had no effect on a model; None where it has set their offset.

    Args:
        model: with its gates.
        n_users: users of validation who have a history and a held-out known item.
    """
    n_cold = int(model.is_cold.sum())
    if not n_cold:
        return "every item of the catalogue has interactions"
    if not n_users:
        return "no user has both a history and a known item that is held out for validation"
    if not _has_weights(model):
        return f"nothing that is known of the {n_cold} cold items tells them apart: they stay below all known ones"
    return None


def effect_of_cost(model: AdditiveModel, cost: float, n_users: int, progress: Progress) -> str:
    """What the price of cold items did, in words; where it had no effect, whoever watches the progress is told.

    Args:
        model, n_users: as for :func:`why_no_offset`.
    """
    reason = why_no_offset(model, n_users)
    if reason is None:
        return f"cold_item_cost {cost:g} set their offset"
    note = f"cold_item_cost has no effect: {reason}"
    progress("cold items", 1, 1, note)
    return note


def with_mixture(gates: Gates, weights: Array) -> Gates:
    """The gates with these weights of the channels and the prior for cold items; offset and slope are 0."""
    return gates.with_cold(channels=weights[:-1], prior=float(weights[-1]), offset=0.0, slope=0.0)


def _has_weights(model: AdditiveModel) -> bool:
    """Whether anything counts for cold items."""
    return bool(model.gates.cold.channels.any()) or model.gates.cold.prior > 0.0
