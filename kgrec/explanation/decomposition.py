"""A score taken apart into its reasons, from the contributions of past items and the terms of paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array
from kgrec.explanation.actions import Action
from kgrec.explanation.deferred import Deferred
from kgrec.explanation.evidence_paths import PathOfReason
from kgrec.explanation.reasons import (
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItem,
    PastItemReason,
    PopularityReason,
    Reason,
    Relation,
)
from kgrec.explanation.said_by_past import ReasonParts, SaidByPast
from kgrec.graph.store_types import GraphPath, NodeRef, PathStep
from kgrec.schema.model import GraphSchema
from kgrec.schema.naming import relation_noun
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.evidence import THROUGH_GRAPH, EvidenceTable
from kgrec.scoring.path_matrix import EDGE_TO_PAST, SHARED_TAIL
from kgrec.scoring.path_terms import PathTerms, part_that_has

ENTITIES_NAMED = 12
"""Entities of an item that are reasons of their own; the others are added up."""
_PATHS_PER_ENTITY = 3


@dataclass(frozen=True)
class FoundReason:
    """A reason, and what the store may confirm of it.

    Attributes:
        entity: row of the node of an entity, None of other reasons.
        paths: of the largest past items, the largest first; none where the bundle has no schema.
    """

    reason: Reason
    entity: int | None = None
    paths: Sequence[PathOfReason] = ()


class Decomposition:
    """The reasons of some items' scores for one person.

    Args:
        bundle: the learned model.
        contributions: of the items.
        actions: what the person did with each past item, by its row.
        schema: its words are said; None for a bundle from plain arrays.
    """

    def __init__(
        self, bundle: Bundle, contributions: Contributions, actions: Mapping[int, Action], schema: GraphSchema | None
    ) -> None:
        self._bundle = bundle
        self.contributions = contributions
        self._actions = actions
        self._schema = schema
        self._table = EvidenceTable.of(contributions.channels, contributions.values)
        positive = self._table.positive(contributions.prior)
        self._positive = np.where(positive > 0, positive, 1.0)
        self._terms = PathTerms.of(bundle.model, contributions)
        self._nodes: dict[int, NodeRef] = {}
        self._common: dict[int, float] = {}
        self._words: dict[int, tuple[str, str, Mapping[str, str], Mapping[str, str] | None]] = {}

    def through_graph(self, position: int) -> list[FoundReason]:
        """Those of ``contributions.items[position]`` that facts are: edges, the largest entities, all others; the
        largest first."""
        return sorted(self._through_graph(position), key=lambda one: -one.reason.value)

    @property
    def beyond_graph(self) -> Array:
        """What all other reasons of each item add up to, ``(m,)``."""
        total = self.contributions.prior.copy()
        for name, values in zip(self._table.names, self._table.values, strict=True):
            if name != THROUGH_GRAPH:
                total += values.sum(axis=0)
        return total

    def parts(self, position: int, through_graph: Sequence[Reason]) -> ReasonParts:
        """All reasons of ``contributions.items[position]``, those of past items as numbers."""
        total, totals = float(self._positive[position]), self.contributions.values[:, :, position].sum(axis=0)
        beside = sorted([*through_graph, *self._popularity(position, total)], key=lambda reason: -reason.value)
        said = [
            self._said(name, values, totals, total)
            for name, values in zip(self._table.names, self._table.values[:, :, position], strict=True)
            if name != THROUGH_GRAPH and values.any()
        ]
        return ReasonParts(beside, said)

    def _said(self, evidence: str, values: Array, totals: Array, positive: float) -> SaidByPast:
        ordered = np.argsort(-np.abs(values), kind="stable")[: np.count_nonzero(values)]
        of_past, (against, lukewarm) = values[ordered], self._done[:, ordered]

        def past_item(n: int) -> PastItem:
            return self._past_item(int(ordered[n]), float(of_past[n]))

        return SaidByPast(evidence, of_past, of_past / positive, totals[ordered], against, lukewarm, past_item)

    def reasons(self, position: int, through_graph: Sequence[Reason]) -> tuple[Reason, ...]:
        """All reasons of ``contributions.items[position]``, the largest first, what speaks against the item last."""
        total = float(self._positive[position])
        found = [*through_graph, *self._of_past_items(position, total), *self._popularity(position, total)]
        return tuple(sorted(found, key=lambda reason: -reason.value))

    def _popularity(self, position: int, total: float) -> Iterator[PopularityReason]:
        prior = float(self.contributions.prior[position])
        if prior:
            expected = bool(self._bundle.model.is_cold[self.contributions.items[position]])
            yield PopularityReason(prior, prior / total, expected)

    def past_items(self, places: Sequence[int], values: Sequence[float]) -> tuple[PastItem, ...]:
        """The past items ``contributions.history[places]``."""
        return tuple(map(self._past_item, places, values))

    def _past_item(self, h: int, value: float) -> PastItem:
        item, name, action = self._who[h]
        return PastItem(item, name, value, action.verb, action.stars, action.against, action.liked)

    @cached_property
    def _who(self) -> list[tuple[str, str, Action]]:
        """Id and name of each past item, and what the person did with it."""
        items, names = self._bundle.items, self._bundle.names
        return [(items[row], names[row], self._actions[row]) for row in self.contributions.history.tolist()]

    @cached_property
    def _done(self) -> npt.NDArray[np.bool_]:
        """Of each past item, whether what was done with it speaks against it, and whether it got few stars."""
        actions = [action for _, _, action in self._who]
        lukewarm = [action.stars is not None and not action.liked for action in actions]
        return np.array([[action.against for action in actions], lukewarm], np.bool_)

    def _of_past_items(self, position: int, total: float) -> Iterator[PastItemReason]:
        for name, values in zip(self._table.names, self._table.values[:, :, position], strict=True):
            if name != THROUGH_GRAPH:
                says = np.flatnonzero(values).tolist()
                for h, value in zip(says, values[says].tolist(), strict=True):
                    yield PastItemReason(value, value / total, name, self._past_item(h, value))

    def _through_graph(self, position: int) -> Iterator[FoundReason]:
        terms, total = self._terms[position], float(self._positive[position])
        item = int(self.contributions.items[position])
        is_edge = terms.way >= EDGE_TO_PAST
        for f in np.flatnonzero(is_edge).tolist():
            yield self._edge(terms, f, item, total)
        shared = np.flatnonzero(~is_edge)
        shared = shared[np.argsort(terms.entity[shared], kind="stable")]
        entities, starts = np.unique(terms.entity[shared], return_index=True)
        values = terms.values[:, shared]
        of_past = np.add.reduceat(values, starts, axis=1) if len(starts) else np.zeros((len(values), 0))
        sums = of_past.sum(axis=0)
        said = [n for n in np.argsort(-np.abs(sums), kind="stable").tolist() if sums[n]]
        named = list(islice((n for n in said if self._readable(self._node(int(entities[n])))), ENTITIES_NAMED))
        largest = np.argsort(-np.abs(of_past[:, named]), axis=0, kind="stable")
        ends, rows = [*starts.tolist(), len(shared)], entities.tolist()
        features = list(
            zip(terms.relation[shared].tolist(), terms.way[shared].tolist(), values.sum(axis=0).tolist(), strict=True)
        )
        for n, order in zip(named, largest.T, strict=True):
            of = slice(ends[n], ends[n + 1])
            past = order[: np.count_nonzero(of_past[:, n])].tolist()
            yield self._entity(rows[n], float(sums[n]), features[of], values[:, of], past, item, total)
        others = [n for n in said if n not in named]
        if others:
            value = float(sums[others].sum())
            yield FoundReason(OtherFactsReason(value, value / total, len(others)))

    def _edge(self, terms: PathTerms, f: int, item: int, total: float) -> FoundReason:
        (h,) = np.flatnonzero(self.contributions.history == terms.entity[f]).tolist()
        value = float(terms.values[:, f].sum())
        from_item = bool(terms.way[f] == EDGE_TO_PAST)
        relation = self._relation(int(terms.relation[f]), from_item, value)
        past, node = self._past_item(h, value), self._node(int(terms.entity[f]))
        step = PathStep(node, self._node(item), relation.type, relation.relation, not from_item)
        paths = () if self._schema is None else (PathOfReason(GraphPath((step,)), value),)
        return FoundReason(EdgeReason(value, value / total, past, relation), paths=paths)

    def _entity(
        self,
        row: int,
        value: float,
        features: Sequence[tuple[int, int, float]],
        values: Array,
        past: Sequence[int],
        item: int,
        total: float,
    ) -> FoundReason:
        """The reason of an entity.

        Args:
            features: relation, way and value of each.
            values: by past item and feature, ``(h, f)``.
            past: places of past items that have it, the largest value first.
        """
        entity = self._node(row)
        relations = [self._relation(relation, way == SHARED_TAIL, said) for relation, way, said in features]
        reason = EntityReason(
            value,
            value / total,
            entity,
            tuple(sorted(relations, key=lambda relation: -abs(relation.value))),
            Deferred(lambda: self.past_items(past, values[past].sum(axis=1).tolist()), len(past)),
            self._part_that_has(row),
        )
        first = past[:_PATHS_PER_ENTITY]
        best = [
            (h, max(range(len(said)), key=lambda n: abs(said[n])))
            for h, said in zip(first, values[first].tolist(), strict=True)
        ]

        def paths() -> tuple[PathOfReason, ...]:
            return tuple(
                PathOfReason(
                    self._over(int(self.contributions.history[h]), entity, relations[n], item), float(values[h, n])
                )
                for h, n in best
            )

        asked = () if self._schema is None else Deferred(paths, len(best))
        return FoundReason(reason, row, asked)

    def _over(self, past: int, entity: NodeRef, relation: Relation, item: int) -> GraphPath:
        to_entity = relation.type, relation.relation
        return GraphPath(
            (
                PathStep(self._node(past), entity, *to_entity, relation.from_item),
                PathStep(entity, self._node(item), *to_entity, not relation.from_item),
            )
        )

    def _part_that_has(self, entity: int) -> float:
        if entity not in self._common:
            self._common[entity] = part_that_has(self._bundle.model, entity)
        return self._common[entity]

    def _node(self, row: int) -> NodeRef:
        if row not in self._nodes:
            type, _, uid = self._bundle.nodes[row].partition(":")
            self._nodes[row] = NodeRef(type, uid, self._bundle.names[row])
        return self._nodes[row]

    def _readable(self, node: NodeRef) -> bool:
        return self._schema is None or self._schema.is_readable(node.type, node.uid, node.name)

    def _relation(self, relation: int, from_item: bool, value: float) -> Relation:
        if relation not in self._words:
            self._words[relation] = self._words_of(relation)
        type, name, words, noun = self._words[relation]
        return Relation(type, name, words, from_item, value, noun)

    def _words_of(self, relation: int) -> tuple[str, str, Mapping[str, str], Mapping[str, str] | None]:
        """Edge type, name, words and noun of a relation."""
        type, _, finer = self._bundle.relations[relation].partition("/")
        name = finer or type
        if self._schema is None:
            return type, name, {"en": name}, None
        noun = relation_noun(self._schema, type, name)
        words = self._schema.relation_words(type, name).model_dump()
        return type, name, words, None if noun is None else noun.model_dump()
