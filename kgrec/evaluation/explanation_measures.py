"""Measures of what explains the top lists of some users: how much of the scores, in how few parts, over which paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kgrec.data.context_columns import Contexts
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.triples import Facts
from kgrec.evaluation.explained_lists import ExplainedList, ShownPath, deletion_error, explained_lists
from kgrec.metrics.path_quality import (
    explanation_type_diversity,
    linking_interaction_recency,
    shared_entity_popularity,
)
from kgrec.scoring.evidence import ENOUGH, EXPLICIT, THROUGH_GRAPH
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.path_matrix import EDGE_TO_PAST, SHARED_TAIL
from kgrec.scoring.path_terms import PathTerms

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
    model: AdditiveModel,
    known: Interactions,
    users: IntArray,
    lists: IntArray,
    facts: Facts,
    asked: Contexts | None = None,
) -> dict[str, float]:
    """Measures of the lists of some users.

    Args:
        known: what all users did before.
        lists: item rows, best first, ``(users, k)``; -1 where a list ends early.
        facts: that the model was learned from.
        asked: the context of every user row.

    Returns:
        The means of :class:`ListShares` and, of the paths shown
        (:meth:`~kgrec.evaluation.explained_lists.ExplainedList.shown`), ``sep`` (among nodes of one type),
        ``sep_of_all`` (among all nodes), ``etd`` (mean over users who have a path), ``lir`` where all times are known,
        and ``deletion_error``: the largest of up to :data:`DELETED` facts, one of a user. What there is nothing to
        measure of is left out.
    """
    shares, timed = ListShares(), known.has_time
    popularity = EntityPopularity(facts, known.matrix(int(known.user.max(initial=0)) + 1, model.n_items).getnnz(axis=0))
    recent: list[float] = []
    popular: list[float] = []
    popular_of_all: list[float] = []
    diversity: list[float] = []
    errors: list[float] = []
    used = len(np.unique(facts.relation))
    for own, explained in explained_lists(model, known, users, lists, asked):
        shares.add(explained)
        history = explained.parts.history
        recency = linking_interaction_recency(_last_times(own, history)) if timed else None
        shown = explained.shown(recency, popularity.of_terms)
        paths = [path for path in shown if path is not None]
        if not paths:
            continue
        popular += popularity.of_paths(paths).tolist()
        popular_of_all += popularity.of_all[[path.entity for path in paths]].tolist()
        diversity.append(explanation_type_diversity([path.relation for path in paths], used))
        if recency is not None:
            recent += recency[np.searchsorted(history, [path.past for path in paths])].tolist()
        if len(errors) < DELETED:
            position = next(n for n, path in enumerate(shown) if path is not None)
            of_user = None if asked is None else asked.of_user(int(own.user[0]))
            errors.append(deletion_error(model, own, explained, position, paths[0], of_user))
    found = {"lir": recent, "sep": popular, "sep_of_all": popular_of_all, "etd": diversity}
    measures = shares.means | {name: float(np.mean(values)) for name, values in found.items() if values}
    return measures | ({"deletion_error": max(errors)} if errors else {})


class EntityPopularity:
    """SEP of the nodes that paths go over, among nodes of one type, as Balloccu et al. define it.

    A type is what a relation leads to, or comes from. hopwise ranks among all nodes but users, of which its graphs have
    one type: :attr:`of_all`.

    Args:
        facts: of the graph.
        taken: by how many users each item was taken, ``(items,)``: edges of the item as well.

    Attributes:
        of_all: SEP of each node among all, ``(nodes,)``; 0 of a node without an edge.
    """

    def __init__(self, facts: Facts, taken: IntArray) -> None:
        n = max(int(max(facts.head.max(initial=-1), facts.tail.max(initial=-1))) + 1, len(taken))
        self._facts = facts
        self._degree = np.bincount(facts.head, minlength=n) + np.bincount(facts.tail, minlength=n)
        self._degree[: len(taken)] += taken
        self.of_all = self._among(np.flatnonzero(self._degree))
        self._of_type: dict[tuple[int, bool], Array] = {}

    def of_paths(self, paths: Sequence[ShownPath]) -> Array:
        """The popularity of the nodes before the listed items, ``(paths,)``."""
        return self._of(
            [path.way for path in paths], [path.relation for path in paths], [path.entity for path in paths]
        )

    def of_terms(self, terms: PathTerms) -> Array:
        """The popularity of the nodes that an item's paths go over, ``(f,)``."""
        return self._of(terms.way.tolist(), terms.relation.tolist(), terms.entity.tolist())

    def _of(self, ways: Sequence[int], relations: Sequence[int], entities: Sequence[int]) -> Array:
        types = zip(relations, (way in (SHARED_TAIL, EDGE_TO_PAST) for way in ways), entities, strict=True)
        return np.array([self._among_type(relation, is_tail)[entity] for relation, is_tail, entity in types])

    def _among_type(self, relation: int, of_tails: bool) -> Array:
        key = relation, of_tails
        if key not in self._of_type:
            ends = self._facts.tail if of_tails else self._facts.head
            self._of_type[key] = self._among(np.unique(ends[self._facts.relation == relation]))
        return self._of_type[key]

    def _among(self, nodes: IntArray) -> Array:
        popularity = np.zeros(len(self._degree))
        popularity[nodes] = shared_entity_popularity(self._degree[nodes])
        return popularity


def _last_times(own: Interactions, history: IntArray) -> Array:
    """When a user last took each past item, ``(h,)``."""
    last = np.full(len(history), -np.inf)
    np.maximum.at(last, np.searchsorted(history, own.item), own.time)
    return last
