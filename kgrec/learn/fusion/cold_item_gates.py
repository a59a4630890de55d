"""The gates of new items: how much each channel says of an item that nobody has taken, and how high it may stand.

What tells warm items apart need not tell new ones apart: they have no co-occurrences, only content. So the gates are
fitted on a simulation: a tenth of the items is hidden from training and met as new ones are. What new items cost can be
seen in the model that was chosen, and there it is measured once more.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import FixedScores
from kgrec.metrics.ranking import per_user, rank_users
from kgrec.progress import Progress
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel, Histories, block_size

_K = 20
_BYTES = 256 * 2**20
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_SPREADS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0)
_SLOPES = (0.0, -0.5, -1.0, -1.5)
"""How much lower new items stand for each log of a longer history, in spreads of warm items: the more somebody took,
the surer is what a new item would push out."""
_LOWEST, _HIGHEST, _HALVINGS = -20.0, 5.0, 11
"""Where new items may stand, in spreads of warm items above their mean."""
_USUAL, _NOISE = 0.5, 1e-3
"""Of their usual spread, new items are measured by at least the one, and of the spread of the others by the other."""
_MEASURED = (0.05, 0.95)
"""Quantiles of the history lengths between which a slope is believed."""
_LEAST = 1e-6


@dataclass(frozen=True)
class ColdStartSimulation:
    """Items met as new ones are.

    Attributes:
        model: learned without them, with the gates of warm items. What is new to it are these and the truly new ones.
        train: behaviour that it was learned from.
        hidden, warm: who took the hidden items, and held-out behaviour of warm ones, users x items.
        cost: share of recall@20, and of ndcg@10, of warm items that new ones beside them may cost.
    """

    model: AdditiveModel
    train: Interactions
    hidden: sparse.csr_matrix
    warm: sparse.csr_matrix
    cost: float

    def fit(self, seed: int, progress: Progress) -> tuple[Gates, dict[str, float]]:
        """The model's gates with those of new items, and recall@20 of the hidden items among themselves.

        The mixture is the one that ranks them best among themselves; how far its spread reaches and where it stands is
        what ranks them best in the whole catalogue, while warm items lose no more than may be of their recall@20 and of
        their ndcg@10: what stands on top of a list costs little recall. What they bring is measured with the hidden
        items as the only new ones; what they cost, with the truly new ones, as many as there are and with as little
        known.
        """
        rng = np.random.default_rng(seed)
        hidden = np.diff(self.hidden.tocsc().indptr) > 0
        hidden_only = _Catalogue.of(self.model, self.train, self.hidden, rng, ~self.model.is_cold | hidden)
        with_known = _Catalogue.of(self.model, self.train, self.warm, rng, ~hidden)
        if not (len(hidden_only.histories) and len(with_known.histories)):
            return self.model.gates, {}
        gates = self.model.gates.with_cold(min_spread=np.maximum(_USUAL * hidden_only.usual_spread(), _NOISE))
        hidden_only, with_known = hidden_only.with_gates(gates), with_known.with_gates(gates)
        mixture, found = _mixture(hidden_only, progress)
        return _beside_known(mixture, hidden_only, with_known, self.cost, progress), found


def refit_offset(model: AdditiveModel, train: Interactions, warm: sparse.csr_matrix, cost: float, seed: int) -> Gates:
    """The gates of a model with the highest offset of cold items that the known items can afford in that model.

    Histories that are shorter or longer than nearly all that this is measured on count as the shortest or longest of
    these.

    Args:
        model: what it was learned from is ``train``; its gates are those of a simulation.
        warm: held-out behaviour of warm items, users x items.
        cost: as for :class:`ColdStartSimulation`.
    """
    world = _Catalogue.of(model, train, warm, np.random.default_rng(seed))
    speaks = model.gates.cold.channels.any() or model.gates.cold.prior > 0.0
    if not (len(world.histories) and model.is_cold.any() and speaks):
        return model.gates
    shortest, longest = np.quantile(world.histories.lengths, _MEASURED)
    gates = model.gates.with_cold(length_range=(float(shortest), float(longest)))
    flat = world.with_gates(gates.with_cold(offset=0.0, slope=0.0))
    scores = flat.scores()
    width = float(scores[:, ~model.is_cold].std(axis=1).mean())
    height = _TopLists.of(flat, scores).height(1.0, gates, width, cost)
    return gates.with_cold(offset=_LOWEST * width if height is None else height)


@dataclass(frozen=True)
class _Catalogue:
    """A catalogue and some users in it: what they had taken and what they are looking for, users x items."""

    model: AdditiveModel
    histories: Histories
    seen: sparse.csr_matrix
    wanted: sparse.csr_matrix

    @classmethod
    def of(
        cls,
        model: AdditiveModel,
        train: Interactions,
        wanted: sparse.csr_matrix,
        rng: np.random.Generator,
        kept: Array | None = None,
    ) -> _Catalogue:
        """Users who have a history and something to find, in a catalogue of the items that are kept, or of all."""
        n_users = wanted.shape[0]
        seen, histories = train.matrix(n_users, model.n_items), model.histories(train, n_users)
        users = np.flatnonzero((np.diff(seen.indptr) > 0) & (np.diff(wanted.indptr) > 0))
        most = max(100, min(LIMITS.cold_item_users, _BYTES // (4 * model.n_items * 2)))
        if len(users) > most:
            users = np.sort(rng.choice(users, most, replace=False))
        whole = cls(model, histories[users], seen[users], wanted[users])
        return whole if kept is None else whole._of_items(np.flatnonzero(kept))

    def _of_items(self, items: IntArray) -> _Catalogue:
        histories = self.histories
        few = Histories(tuple(matrix[:, items] for matrix in histories.matrices), histories.pauses)
        return _Catalogue(self.model.restricted_to(items), few, self.seen[:, items], self.wanted[:, items])

    def with_gates(self, gates: Gates) -> _Catalogue:
        return replace(self, model=replace(self.model, gates=gates))

    def scores(self) -> Array:
        """Of all items for all users, float32, a block of users at a time."""
        found = np.empty(self.seen.shape, np.float32)
        step = block_size(self.model.n_items)
        for start in range(0, len(found), step):
            some = slice(start, start + step)
            found[some] = self.model.scores(self.histories[some], np.float32)
        return found

    def usual_spread(self) -> Array:
        """Of what each channel says of new items, in spreads of the others, ``(channels,)``.

        It is that of the median among the users to whom it says anything of them; 0 where there are none.
        """
        new, usual = self.model.is_cold, np.zeros(len(self.model.channels))
        step = block_size(self.model.n_items)
        for c, channel in enumerate(self.model.channels):
            ratios = []
            for start in range(0, len(self.histories), step):
                history = self.histories.matrices[c][start : start + step]
                scores = channel.matrix.scores(history.astype(np.float32))
                of_new, of_others = scores[:, new].std(axis=1), scores[:, ~new].std(axis=1)
                said = (of_others > _LEAST) & (of_new > _LEAST * of_others)
                ratios.append(of_new[said] / of_others[said])
            ratio = np.concatenate(ratios)
            usual[c] = np.median(ratio) if len(ratio) else 0.0
        return usual


@dataclass(frozen=True)
class _TopLists:
    """The best warm and the best new items of some users, apart: one list of both needs no others.

    Attributes:
        items: rows of both, ``(users, 2 * 20)``, -1 where they run out.
        warm, new: their scores, ``(users, 20)`` each.
        lengths: of the histories.
        wanted: what the users are looking for, users x items.
    """

    items: IntArray
    warm: Array
    new: Array
    lengths: Array
    wanted: sparse.csr_matrix

    @classmethod
    def of(cls, world: _Catalogue, scores: Array) -> _TopLists:
        users, new = np.arange(len(scores)), world.model.is_cold
        best = [rank_users(FixedScores(scores.copy()), world.seen, users, _K, which) for which in (~new, new)]
        values = [np.where(top >= 0, np.take_along_axis(scores, top, axis=1), -np.inf) for top in best]
        return cls(np.concatenate(best, axis=1), values[0], values[1], world.histories.lengths, world.wanted)

    def quality(self, by: float, gates: Gates | None) -> Array:
        """Mean recall@20 and ndcg@10, ``(2,)``, of one list of both.

        Args:
            by: what the scores of new items are multiplied by.
            gates: say where they stand; None leaves them out.
        """
        new = np.full_like(self.new, -np.inf)
        if gates is not None:
            there = self.new > -np.inf
            stand = np.broadcast_to(gates.cold.offset_for(self.lengths)[:, None], new.shape)
            new[there] = by * self.new[there] + stand[there]
        order = np.argsort(-np.concatenate([self.warm, new], axis=1), axis=1, kind="stable")[:, :_K]
        found = per_user(np.take_along_axis(self.items, order, axis=1), self.wanted, (10, _K))
        return np.array([found[f"recall@{_K}"].mean(), found["ndcg@10"].mean()])

    def height(self, by: float, gates: Gates, width: float, cost: float) -> float | None:
        """The highest offset of new items that costs no more than is allowed; None where any does.

        Args:
            gates: their slope is kept, their offset is not.
            width: spread of the warm items' scores.
            cost: the share that is allowed.
        """
        least = (1.0 - cost) * self.quality(by, None)
        falls = gates.cold.slope * float(np.log1p(self.lengths).mean())

        def too_much(height: float) -> bool:
            return bool((self.quality(by, gates.with_cold(offset=width * height - falls)) < least).any())

        lowest, highest = _LOWEST, _HIGHEST
        if too_much(lowest):
            return None
        for _ in range(_HALVINGS):
            middle = (lowest + highest) / 2
            lowest, highest = (lowest, middle) if too_much(middle) else (middle, highest)
        return width * lowest - falls


def _mixture(hidden_only: _Catalogue, progress: Progress) -> tuple[Array, dict[str, float]]:
    """Weights of the channels and of the prior, by coordinate search from the best of them alone."""
    model, candidates = hidden_only.model, np.flatnonzero(hidden_only.model.is_cold)
    names = [*(channel.name for channel in model.channels), "prior"]
    parts = [
        hidden_only.with_gates(_only_new(model.gates, weights)).scores()[:, candidates]
        for weights in np.eye(len(names))
    ]
    wanted = hidden_only.wanted[:, candidates].tocsr()
    # Where nothing is said of new items, the order of their rows would decide, and might look good by chance.
    speaks = np.array([float(part.std(axis=1).max()) > _LEAST for part in parts])

    def quality(weights: Array) -> float:
        if not weights[speaks].any():
            return 0.0
        total = np.zeros_like(parts[0])
        for part, weight in zip(parts, weights, strict=True):
            total += np.float32(weight) * part
        top = rank_users(FixedScores(total), sparse.csr_matrix(total.shape), np.arange(len(total)), _K)
        return float(per_user(top, wanted, (_K,))[f"recall@{_K}"].mean())

    alone = [quality(weights) for weights in np.eye(len(names))]
    weights = np.eye(len(names))[int(np.argmax(alone))]
    best = max(alone)
    for turn in range(2):
        for part in range(len(names)):
            progress("gates of cold items", turn * len(names) + part + 1, 2 * len(names), f"recall@20 {best:.4f}")
            for step in _STEPS:
                trial = weights.copy()
                trial[part] = step
                if trial.any() and (found := quality(trial)) > best:
                    weights, best = trial, found
    metrics = {f"cold items, {name}": value for name, value in zip(names, alone, strict=True)}
    return weights, metrics | {"cold items, fused": best}


def _beside_known(
    mixture: Array, hidden_only: _Catalogue, with_known: _Catalogue, cost: float, progress: Progress
) -> Gates:
    """The gates with the spread and the offset of the mixture beside known items."""
    unit, new = _with_new(hidden_only.model.gates, mixture), with_known.model.is_cold
    hidden_only, with_known = hidden_only.with_gates(unit), with_known.with_gates(unit)
    silent = _with_new(unit, np.zeros_like(mixture))
    if not new.any():
        return silent
    home = with_known.scores()
    width, said = (float(home[:, which].std(axis=1).mean()) for which in (~new, new))
    below = silent.with_cold(offset=_LOWEST * width)
    if said <= _LEAST:
        return below  # there is nothing to spread
    here, gain = _TopLists.of(with_known, home), _TopLists.of(hidden_only, hidden_only.scores())
    best = -1.0, below
    for number, (spread, slope) in enumerate(itertools.product(_SPREADS, _SLOPES)):
        what = f"recall@20 {max(best[0], 0.0):.4f}"
        progress("offset of cold items", number + 1, len(_SPREADS) * len(_SLOPES), what)
        by = spread * width / said
        tried = _with_new(unit, mixture * by).with_cold(slope=width * slope)
        height = here.height(by, tried, width, cost)
        if height is not None:
            tried = tried.with_cold(offset=height)
            found = float(gain.quality(by, tried)[0])
            best = (found, tried) if found > best[0] else best
    return best[1]


def _with_new(gates: Gates, weights: Array) -> Gates:
    """New items by these weights of the channels and of the prior, not lifted."""
    return gates.with_cold(channels=weights[:-1], prior=float(weights[-1]), offset=0.0, slope=0.0)


def _only_new(gates: Gates, weights: Array) -> Gates:
    """Warm items closed, which saves time; what is said of new ones does not change."""
    table = gates.by_history
    closed = gates.with_known(channels=np.zeros_like(table.channels), prior=np.zeros_like(table.prior))
    return _with_new(closed, weights)
