"""Measures of what explains the top lists of some users: how much of the scores, in how few parts, over which paths."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kgrec.data.dataset import Array, Facts, IntArray, Interactions
from kgrec.evaluation.explained_lists import ExplainedList, ShownPath, deletion_error, explained_lists
from kgrec.metrics.path_quality import (
    explanation_type_diversity,
    linking_interaction_recency,
    shared_entity_popularity,
)
from kgrec.scoring.evidence import ENOUGH, EXPLICIT, THROUGH_GRAPH
from kgrec.scoring.model import AdditiveModel

DELETED = 100
"""Facts that are taken out of the graph one at a time, at most."""


@dataclass
class ListShares:
    """What the scores of lists flow through, as means over users.

    Attributes:
        of_lists: figures of each list so far, by name.
        of_evidence: share of each list's positive score, by evidence.
    """

    of_lists: dict[str, list[float]] = field(default_factory=dict)
    of_evidence: dict[str, list[float]] = field(default_factory=dict)

    def add(self, explained: ExplainedList) -> None:
        """Count one more list."""
        by_evidence = explained.evidence_shares()
        for name, share in by_evidence.items():
            self.of_evidence.setdefault(name, []).append(share)
        has_path = np.array([of.values.max(initial=0.0) > 0 for of in explained.terms])
        figures = {
            "path_share": sum(by_evidence.get(name, 0.0) for name in EXPLICIT),
            "fact_share": by_evidence.get(THROUGH_GRAPH, 0.0),
            "coverage_10": float((explained.path_shares >= ENOUGH).mean()),
            "best_3_entities": float(explained.entity_shares().mean()),
            "best_3_past_items": float(explained.past_item_shares().mean()),
            "fidelity": float(has_path.mean()),
        }
        for name, figure in figures.items():
            self.of_lists.setdefault(name, []).append(figure)

    @property
    def means(self) -> dict[str, float]:
        """``path_share fact_share coverage_10 best_3_entities best_3_past_items fidelity``; empty without a list."""
        return {name: float(np.mean(figures)) for name, figures in self.of_lists.items()}

    @property
    def by_evidence(self) -> dict[str, float]:
        """Share of the positive score by evidence; what a list has nothing of is 0 there."""
        n_lists = max(map(len, self.of_lists.values()), default=1)
        return {name: float(np.sum(shares)) / n_lists for name, shares in self.of_evidence.items()}


def explanation_measures(
    model: AdditiveModel, known: Interactions, users: IntArray, lists: IntArray, facts: Facts, at: Array | None = None
) -> dict[str, float]:
    """Measures of the lists of some users.

    Args:
        known: what all users did before.
        lists: item rows, best first, ``(users, k)``; -1 where a list ends early.
        facts: that the model was learned from.
        at: the moment of asking of every user row.

    Returns:
        The means of :class:`ListShares` and, of the paths shown
        (:meth:`~kgrec.evaluation.explained_lists.ExplainedList.shown`), ``sep``, ``etd`` (mean over users who have a
        path), ``lir`` where all times are known, and ``deletion_error``: the largest of up to :data:`DELETED` facts,
        one of a user. What there is nothing to measure of is left out.
    """
    shares, timed = ListShares(), known.has_time
    popularity = EntityPopularity(facts, known.matrix(int(known.user.max(initial=0)) + 1, model.n_items).getnnz(axis=0))
    recency: list[float] = []
    popular: list[float] = []
    diversity: list[float] = []
    errors: list[float] = []
    used = len(np.unique(facts.relation))
    for own, explained in explained_lists(model, known, users, lists, at):
        shares.add(explained)
        history = explained.parts.history
        last = _last_times(own, history) if timed else None
        shown = explained.shown(last)
        paths = [path for path in shown if path is not None]
        if not paths:
            continue
        popular += [popularity.of(path) for path in paths]
        diversity.append(explanation_type_diversity([path.relation for path in paths], used))
        if last is not None:
            of_past = linking_interaction_recency(last)
            recency += of_past[np.searchsorted(history, [path.past for path in paths])].tolist()
        if len(errors) < DELETED:
            position = next(n for n, path in enumerate(shown) if path is not None)
            moment = None if at is None else float(at[int(own.user[0])])
            errors.append(deletion_error(model, own, explained, position, paths[0], moment))
    found = {"lir": recency, "sep": popular, "etd": diversity}
    measures = shares.means | {name: float(np.mean(values)) for name, values in found.items() if values}
    return measures | ({"deletion_error": max(errors)} if errors else {})


class EntityPopularity:
    """SEP of the nodes that paths go over, among all nodes but users, as hopwise has it.

    Balloccu et al. rank among entities of one type; published graphs have but one, of which items are as well.

    Args:
        facts: of the graph.
        taken: by how many users each item was taken, ``(items,)``: edges of the item as well.
    """

    def __init__(self, facts: Facts, taken: IntArray) -> None:
        n = max(int(max(facts.head.max(initial=-1), facts.tail.max(initial=-1))) + 1, len(taken))
        degree = np.bincount(facts.head, minlength=n) + np.bincount(facts.tail, minlength=n)
        degree[: len(taken)] += taken
        nodes = np.flatnonzero(degree)
        self._of_node = np.zeros(n)
        self._of_node[nodes] = shared_entity_popularity(degree[nodes])

    def of(self, path: ShownPath) -> float:
        """The popularity of the node before the listed item."""
        return float(self._of_node[path.entity])


def _last_times(own: Interactions, history: IntArray) -> Array:
    """When a user last took each past item, ``(h,)``."""
    last = np.full(len(history), -np.inf)
    np.maximum.at(last, np.searchsorted(history, own.item), own.time)
    return last
