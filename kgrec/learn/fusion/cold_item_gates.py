"""Gate weights of cold items, fitted in a cold-start simulation.

What tells known items apart need not tell cold ones apart: they have no co-occurrences, only content. So a tenth of the
known items is hidden from training, and its held-out interactions show which channels find items of which only the
content is known. Example, recall@20 of the hidden items ranked among themselves:

    weights of behaviour, knowledge, semantic, prior     recall@20
    1, 0, 0, 0          one channel alone                 0.28
    0, 0, 1, 0          the best alone: the start         0.35
    0, 0.3, 1, 0        + knowledge, the best of 10 steps 0.39
    0, 0.3, 1, 0.05     + prior                           0.40
    0, 0.3, 1, 0.05     a second turn finds no better: this is the mixture

How the mixture's scores compare with those of known items is the subject of
:mod:`~kgrec.learn.fusion.cold_item_offset`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.fusion.catalogue import SILENT, Catalogue
from kgrec.learn.fusion.cold_item_offset import fit_beside_known, with_mixture
from kgrec.metrics.measures import recall
from kgrec.metrics.ranking import hits_of
from kgrec.progress import Progress
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel

_K = 20
_STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_SHARE_OF_MEDIAN, _LEAST_SPREAD = 0.5, 1e-3
"""The least spread of a channel's cold scores: this share of its median over users, at least so much."""


@dataclass(frozen=True)
class ColdStartSimulation:
    """Known items that a model was learned without, so that they are cold to it, with what users took of them.

    Attributes:
        model: learned without the hidden items, with the gates of known ones. The hidden and the truly cold items are
            cold to it.
        train: the interactions that it was learned from.
        hidden: interactions with the hidden items, users x items.
        known: held-out interactions with known items, users x items.
        cost: share of the known items' recall@20, and of their ndcg@10, that cold items beside them may cost.
        at: the moment as of which the trend counts for each user, nan where unknown; where not given, all are.
    """

    model: AdditiveModel
    train: Interactions
    hidden: sparse.csr_matrix
    known: sparse.csr_matrix
    cost: float
    at: Array | None = None

    def fit(self, seed: int, progress: Progress) -> tuple[Gates, dict[str, float]]:
        """The model's gates with those of cold items, and recall@20 of the hidden items among themselves.

        The mixture of channels is the one that ranks the hidden items best among themselves. Spread, slope and offset
        are those that find most of them in the whole catalogue while the known items lose no more than ``cost``. What
        cold items bring is measured with the hidden items as the only cold ones; what they cost, with the items that
        really have no interactions, in their real number and with their real content.
        """
        rng = np.random.default_rng(seed)
        is_hidden = np.diff(self.hidden.tocsc().indptr) > 0
        hidden_only = Catalogue.of(self.model, self.train, self.hidden, rng, ~self.model.is_cold | is_hidden, self.at)
        with_known = Catalogue.of(self.model, self.train, self.known, rng, ~is_hidden, self.at)
        if not (len(hidden_only.histories) and len(with_known.histories)):
            return self.model.gates, {}
        spread = hidden_only.cold_spread()
        min_spread = np.maximum(_SHARE_OF_MEDIAN * spread, _LEAST_SPREAD)
        gates = self.model.gates.with_cold(min_spread=min_spread)
        hidden_only, with_known = hidden_only.with_gates(gates), with_known.with_gates(gates)
        of_mixture, of_offset = progress.parts(1, 2)
        mixture, metrics = fit_mixture(hidden_only, spread > 0, of_mixture)
        return fit_beside_known(mixture, hidden_only, with_known, self.cost, of_offset), metrics


def fit_mixture(hidden_only: Catalogue, tells_apart: Array, progress: Progress) -> tuple[Array, dict[str, float]]:
    """Weights of the channels and the prior ``(channels + 1,)`` for cold items, and recall@20 of each alone and fused.

    Coordinate search from the best of them alone, see the example above.

    Args:
        tells_apart: which channels tell cold items apart, bool ``(channels,)``.
    """
    model, cold = hidden_only.model, np.flatnonzero(hidden_only.model.is_cold)
    names = [*(channel.name for channel in model.channels), "prior"]
    singles = np.eye(len(names))
    parts = [hidden_only.with_gates(_cold_only(model.gates, single)).scores()[:, cold] for single in singles]
    wanted = hidden_only.wanted[:, cold].tocsr()
    # Where a part scores all cold items alike, the order of their rows would decide, and might look good by chance.
    has_signal = np.r_[tells_apart, float(parts[-1].std(axis=1).max()) > SILENT]

    def mixed(weights: Array) -> Array:
        total = np.zeros_like(parts[0])
        for part, weight in zip(parts, weights, strict=True):
            total += np.float32(weight) * part
        return total

    def reached(weights: Array, scores: Array) -> float:
        found = recall(hits_of(scores, wanted, _K), np.diff(wanted.indptr), _K)
        return float(found.mean()) if weights[has_signal].any() else 0.0

    alone = [reached(single, part) for single, part in zip(singles, parts, strict=True)]
    weights, best = singles[int(np.argmax(alone))], max(alone)
    for turn in range(2):
        for part in range(len(names)):
            done, note = turn * len(names) + part, f"recall@20 {best:.4f}"
            progress("gates of cold items", done + 1, 2 * len(names), note, unit="weights")
            if not has_signal[part]:
                continue
            others = np.where(np.arange(len(names)) == part, 0.0, weights)
            sum_of_others = mixed(others)
            for step in _STEPS:
                trial = others + step * singles[part]
                quality = reached(trial, sum_of_others + np.float32(step) * parts[part])
                if trial.any() and quality > best:
                    weights, best = trial, quality
    metrics = {f"cold items, {name}": value for name, value in zip(names, alone, strict=True)}
    return weights, metrics | {"cold items, fused": best}


def _cold_only(gates: Gates, weights: Array) -> Gates:
    """These weights for cold items and none for known ones, which saves time; scores of cold items do not change."""
    table = gates.by_history
    nothing = np.zeros_like(table.prior)
    closed = gates.with_known(channels=np.zeros_like(table.channels), prior=nothing, trend=nothing)
    return with_mixture(closed, weights)
