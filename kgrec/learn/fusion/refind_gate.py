"""How much room items that were met before get in lists, and whether they are in lists at all.

The gates of the other channels were chosen for items that nobody had met. Beside them stands one more weight, of the
channel in which what was met speaks for itself. On users of validation, whatever they took then, lists with it are
compared with lists that leave out whatever was met; they are opened where that finds more by more than three standard
errors. Example, ndcg@10 of all users, of whom most took what they had viewed:

    met items are left out    0.009
    weight 0.5                0.148
    weight 4                  0.184     taken
    weight 16                 0.181
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.splits import pairs_without
from kgrec.learn.fusion.trend_search import beyond_chance
from kgrec.learn.limits import LIMITS
from kgrec.metrics.measures import ndcg
from kgrec.metrics.ranking import hits_of
from kgrec.scoring.histories import Histories
from kgrec.scoring.model import AdditiveModel, Channel, block_size

_STEPS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0)
_ERRORS = 3.0


@dataclass(frozen=True)
class RefindGate:
    """The weights of a channel that is worth opening.

    Attributes:
        weights: by pause and length of history, as :class:`~kgrec.scoring.gates.GateTable` has them.
        ndcg, ndcg_without: mean ndcg@10 of users with the channel, and where what they had met is left out of lists.
        tried: number of weights.
    """

    weights: Array
    ndcg: float
    ndcg_without: float
    tried: int


@dataclass(frozen=True)
class _Asked:
    """Users of validation: what they did before, and what they took then.

    Attributes:
        users: their rows.
        histories: of all users, from the moment of their first held-out interaction.
        own: all histories as the channel weighs them, over the root of their sum and the channel's unit.
        met, taken, wanted: all users x items; nobody wants what they had taken.
    """

    users: IntArray
    histories: Histories
    own: sparse.csr_matrix
    met: sparse.csr_matrix
    taken: sparse.csr_matrix
    wanted: sparse.csr_matrix


def refind_gate(
    model: AdditiveModel,
    channel: Channel,
    history: Interactions,
    taken: Interactions,
    wanted: Interactions,
    n_users: int,
) -> RefindGate | None:
    """The weights of the channel that find most beside the others; None where that is no more than chance.

    Args:
        model: with gates, without the channel.
        history, wanted: what users did before, and what they took then.
        taken: the part of the history after which an item is not found again.
    """
    asked = _asked(model, channel, history, taken, wanted, n_users)
    if not len(asked.users):
        return None
    without, of_steps = _qualities(model, channel, asked)
    best = int(np.argmax(of_steps.mean(axis=1)))
    if not beyond_chance(of_steps[best] - without, _ERRORS):
        return None
    table = model.gates.by_history
    _, bucket = table.bucket(asked.histories.lengths[asked.users], asked.histories.pauses[asked.users])
    chosen = np.full(len(table.min_lengths), best)
    for b in range(len(chosen)):
        of_bucket = of_steps[:, bucket == b]
        if of_bucket.shape[1] >= LIMITS.history_length_users:
            own = int(np.argmax(of_bucket.mean(axis=1)))
            chosen[b] = own if beyond_chance(of_bucket[own] - of_bucket[best]) else best
    found = of_steps[chosen[bucket], np.arange(len(asked.users))]
    weights = np.tile(np.array(_STEPS)[chosen], (len(table.prior), 1))
    return RefindGate(weights, float(found.mean()), float(without.mean()), len(_STEPS))


def _asked(
    model: AdditiveModel,
    channel: Channel,
    history: Interactions,
    taken: Interactions,
    wanted: Interactions,
    n_users: int,
) -> _Asked:
    met, done, to_find = (part.matrix(n_users, model.n_items) for part in (history, taken, wanted))
    to_find = pairs_without(to_find, done)
    users = np.flatnonzero((np.diff(to_find.indptr) > 0) & (np.diff(met.indptr) > 0))
    users = users[:: max(1, -(-len(users) // LIMITS.validation_users))]
    own = channel.history.matrix(history, n_users, model.n_items)
    total = np.asarray(own.sum(axis=1)).ravel()
    scale = 1 / np.where(total > 0, channel.unit * np.sqrt(total), np.inf)
    histories = model.histories(history, n_users, wanted.first_times(n_users))
    return _Asked(users, histories, (sparse.diags(scale) @ own).tocsr(), met, done, to_find)


def _qualities(model: AdditiveModel, channel: Channel, asked: _Asked) -> tuple[Array, Array]:
    """ndcg@10 of each user without what was met ``(users,)``, and with each weight ``(weights, users)``."""
    without, of_steps = np.zeros(len(asked.users)), np.zeros((len(_STEPS), len(asked.users)))
    step = block_size(model.n_items)
    for start in range(0, len(asked.users), step):
        part = slice(start, start + step)
        rows = asked.users[part]
        wanted, met = asked.wanted[rows], asked.met[rows]
        scores = model.scores(asked.histories[rows], np.float32)
        said = channel.matrix.scores(asked.own[rows]).astype(np.float32)
        never_met = pairs_without(wanted, met)
        hidden = np.where(met.toarray() > 0, -np.inf, scores)
        without[part] = ndcg(hits_of(hidden, never_met, 10), np.diff(wanted.indptr), 10)
        scores[asked.taken[rows].nonzero()] = -np.inf
        for n, weight in enumerate(_STEPS):
            hits = hits_of(scores + np.float32(weight) * said, wanted, 10)
            of_steps[n, part] = ndcg(hits, np.diff(wanted.indptr), 10)
    return without, of_steps
