"""Whether circumstances make a difference to what is taken, and how much: chosen on validation, counted anew.

Every context column is tried by itself beside the model as it is, with each shrinkage and weight, on users of
validation, each in the context of their first held-out interaction. The one that finds most is kept where that is more
than three standard errors; then the others are tried beside it. Example, ndcg@10 of 1,088 users who book hotels:

    no context             0.0500
    kind of journey        0.0505 at best, + 0.0005 with an error of 0.0012: not kept
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from kgrec.data.context_columns import HOUR, MONTH, OF_MOMENT, WEEKDAY, ContextColumn, Contexts, of_moment
from kgrec.data.dataset import FOR, Array, IntArray, Interactions
from kgrec.data.splits import pairs_without
from kgrec.learn.fusion.trend_search import beyond_chance
from kgrec.learn.limits import LIMITS
from kgrec.metrics.measures import ndcg
from kgrec.metrics.ranking import hits_of
from kgrec.progress import Progress
from kgrec.scoring.context_bias import ContextBias, ContextSettings
from kgrec.scoring.model import AdditiveModel, block_size
from kgrec.scoring.trend import DAY_S

_SHRINKAGES = 1.0, 3.0, 10.0, 30.0
_WEIGHTS = 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0
_ERRORS = 3.0
_CANDIDATES = 200
_LEAST_S = {HOUR: 7 * DAY_S, WEEKDAY: 28 * DAY_S, MONTH: 2 * 365 * DAY_S}
"""Over how long something must have been taken for a column that comes from the moment to mean anything."""


@dataclass(frozen=True)
class ContextChoice:
    """What validation chose.

    Attributes:
        settings: of the columns that make a difference.
        metrics: validation ndcg@10 without contexts and with them; empty where there is nothing to try.
        tried: number of settings.
    """

    settings: tuple[ContextSettings, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    tried: int = 0


def columns_of(interactions: Interactions) -> tuple[ContextColumn, ...]:
    """The context columns of interactions: those that are declared, and those of the moment where times allow them."""
    declared = [column for column in interactions.context if (column.code >= 0).any()]
    names = {column.name for column in declared}
    span = float(np.ptp(interactions.time)) if interactions.in_unix_seconds else 0.0
    of_time = (name for name in OF_MOMENT if name not in names and span >= _LEAST_S[name])
    return *declared, *(of_moment(name, interactions.time) for name in of_time)


def choose_contexts(
    model: AdditiveModel, before: Interactions, held_out: Interactions, n_users: int, progress: Progress
) -> ContextChoice:
    """The context columns beside which the model finds more of validation by more than chance.

    Args:
        model: of all channels, with gates.
        before: all that users did before validation.
    """
    done = before.saying(FOR)
    open_columns = {
        column.name: [ContextBias.counted(column, done.item, model.n_items, k) for k in _SHRINKAGES]
        for column in columns_of(done)
    }
    candidates = _Candidates.of(model, before, held_out, n_users) if open_columns else None
    if candidates is None:
        return ContextChoice()
    scores, tried = candidates.scores, 0
    best = without = candidates.quality(scores)
    found: list[ContextSettings] = []
    while open_columns:
        trials = {
            ContextSettings(name, bias.shrinkage, weight): candidates.quality(scores + weight * said)
            for name, biases in open_columns.items()
            for bias in biases
            for said in [candidates.said(bias)]
            for weight in _WEIGHTS
        }
        tried += len(trials)
        settings = max(trials, key=lambda one: trials[one].mean())
        if not beyond_chance(trials[settings] - best, _ERRORS):
            break
        best = trials[settings]
        bias = next(one for one in open_columns.pop(settings.column) if one.shrinkage == settings.shrinkage)
        scores = scores + settings.weight * candidates.said(bias)
        found.append(settings)
    note = ", ".join(f"{one.column} {one.weight:g}" for one in found) or "none makes a difference beyond chance"
    progress("contexts", 1, 1, note)
    metrics = {"without contexts": float(without.mean()), "with contexts": float(best.mean())}
    return ContextChoice(tuple(found), metrics, tried)


def with_contexts(
    model: AdditiveModel, settings: Sequence[ContextSettings], interactions: Interactions
) -> AdditiveModel:
    """The model with context columns of these settings, counted in what users did."""
    done = interactions.saying(FOR)
    columns = {column.name: column for column in columns_of(done)}
    contexts = tuple(
        ContextBias.counted(columns[one.column], done.item, model.n_items, one.shrinkage, one.weight)
        for one in settings
        if one.column in columns
    )
    return replace(model, contexts=contexts)


@dataclass(frozen=True)
class _Candidates:
    """The best items of users of validation, and all that these took then.

    Attributes:
        contexts: in which the users ask.
        items: rows ``(users, candidates)``.
        scores: without contexts, likewise; minus infinity for what is no candidate.
        wanted: users x candidates.
        n_wanted: of each user, ``(users,)``.
    """

    contexts: Contexts
    items: IntArray
    scores: Array
    wanted: sparse.csr_matrix
    n_wanted: IntArray

    @classmethod
    def of(cls, model: AdditiveModel, before: Interactions, held_out: Interactions, n_users: int) -> _Candidates | None:
        taken, wanted = (part.matrix(n_users, model.n_items) for part in (model.taken(before), held_out))
        wanted = pairs_without(wanted, taken)
        users = np.flatnonzero(np.diff(wanted.indptr))
        users = users[:: max(1, -(-len(users) // LIMITS.validation_users))]
        if not len(users):
            return None
        contexts = held_out.first_contexts(n_users)
        histories = model.histories(before, n_users, contexts)
        n = min(_CANDIDATES + int(np.diff(wanted.indptr).max()), model.n_items)
        items, scores = np.zeros((len(users), n), np.int64), np.zeros((len(users), n), np.float32)
        is_wanted = np.zeros((len(users), n), np.bool_)
        step = block_size(model.n_items)
        for start in range(0, len(users), step):
            part = slice(start, start + step)
            rows = users[part]
            of_all = model.scores(histories[rows], np.float32)
            of_all[taken[rows].nonzero()] = -np.inf
            in_any_case = of_all.copy()
            in_any_case[wanted[rows].nonzero()] = np.inf
            items[part] = np.argpartition(-in_any_case, n - 1, axis=1)[:, :n]
            scores[part] = np.take_along_axis(of_all, items[part], axis=1)
            is_wanted[part] = np.take_along_axis(np.isposinf(in_any_case), items[part], axis=1)
        return cls(
            contexts[users], items, scores, sparse.csr_matrix(is_wanted, dtype=np.float32), is_wanted.sum(axis=1)
        )

    def said(self, bias: ContextBias) -> Array:
        """What a column adds to the candidates at weight 1, ``(users, candidates)``."""
        code = self.contexts.codes(bias.column, bias.values)
        said: Array = np.where(code[:, None] >= 0, bias.table[code[:, None], self.items], 0.0).astype(np.float32)
        return said

    def quality(self, scores: Array) -> Array:
        """ndcg@10 of each user."""
        return ndcg(hits_of(scores, self.wanted, 10), self.n_wanted, 10)
