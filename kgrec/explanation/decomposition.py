"""A score taken apart into its reasons, from the contributions of past items and the terms of paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import numpy.typing as npt

from kgrec.bundle.bundle import Bundle
from kgrec.data.context_columns import Contexts
from kgrec.data.dataset import Array, IntArray
from kgrec.explanation.actions import Action, verb_of
from kgrec.explanation.deferred import Deferred
from kgrec.explanation.evidence_paths import PathOfReason
from kgrec.explanation.meetings import Meetings
from kgrec.explanation.reasons import (
    ContextReason,
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItem,
    PastItemReason,
    PopularityReason,
    Reason,
    RefindReason,
    Relation,
    TrendReason,
)
from kgrec.explanation.said_by_past import BesidePast, PastTotals, ReasonParts, SaidByPast
from kgrec.graph.store_types import GraphPath, NodeRef, PathStep
from kgrec.parallel.cached_attribute import cached_property
from kgrec.schema.model import GraphSchema
from kgrec.schema.naming import relation_noun
from kgrec.scoring.channel_names import REFIND
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.evidence import THROUGH_GRAPH, EvidenceTable
from kgrec.scoring.path_matrix import EDGE_TO_PAST, SHARED_TAIL
from kgrec.scoring.path_terms import PathTerms, part_that_has
from kgrec.scoring.refind_matrix import RefindMatrix
from kgrec.scoring.trend import DAY_S

ENTITIES_NAMED = 12
"""Entities of an item that are reasons of their own; the others are added up."""
_PATHS_PER_ENTITY = 3
_OTHERWISE = THROUGH_GRAPH, REFIND
"""Evidence whose reasons are no past items for themselves: facts, and the item itself."""


@dataclass(frozen=True)
class FoundReason:
    """A reason that a fact is, and what the store may confirm of it.

    Attributes:
        make: makes the reason, without paths.
        entity: row of the node of an entity, None of other reasons.
        paths: of the largest past items, the largest first; none where the bundle has no schema.
    """

    kind: str
    value: float
    share: float
    make: Callable[[], Reason]
    entity: int | None = None
    paths: Sequence[PathOfReason] = ()


@dataclass(frozen=True)
class _ByEvidence:
    """What past items say of items by each kind of evidence, the largest absolute value first.

    Attributes:
        order: places of the past items, ``(m, evidence, h)``; the others are in this order, as in :class:`SaidByPast`.
        counts: of those that say anything, ``(m, evidence)``.
    """

    order: IntArray
    counts: IntArray
    values: Array
    totals: Array
    against: npt.NDArray[np.bool_]
    lukewarm: npt.NDArray[np.bool_]


class Decomposition:
    """The reasons of some items' scores for one person.

    Args:
        bundle: the learned model.
        contributions: of the items.
        actions: what the person did with each past item, by its row.
        schema: its words are said; None for a bundle from plain arrays.
        contexts: in which they ask.
    """

    def __init__(
        self,
        bundle: Bundle,
        contributions: Contributions,
        actions: Mapping[int, Action],
        schema: GraphSchema | None,
        contexts: Contexts,
    ) -> None:
        self._bundle, self._contexts, self.contributions = bundle, contexts, contributions
        self._actions = actions
        self._schema = schema
        self._table = EvidenceTable.of(contributions.channels, contributions.values)
        positive = self._table.positive(*contributions.whoever_asks)
        self._positive = np.where(positive > 0, positive, 1.0)
        self._terms = PathTerms.of(bundle.model, contributions)
        self._nodes: dict[int, NodeRef] = {}
        self._common: dict[int, float] = {}
        self._words: dict[int, tuple[str, str, Mapping[str, str], Mapping[str, str] | None]] = {}

    def through_graph(self, position: int) -> list[FoundReason]:
        """Those of ``contributions.items[position]`` that facts are: edges, the largest entities, all others; the
        largest first."""
        return sorted(self._through_graph(position), key=lambda one: -one.value)

    @property
    def beyond_graph(self) -> Array:
        """What all other reasons of each item add up to, ``(m,)``."""
        total: Array = np.sum(self.contributions.whoever_asks, axis=0)
        for name, values in zip(self._table.names, self._table.values, strict=True):
            if name != THROUGH_GRAPH:
                total += values.sum(axis=0)
        return total

    def places(self, position: int) -> IntArray:
        """Places of the past items that say anything of an item, the strongest first."""
        order: IntArray = self._strongest_first[position]
        says: IntArray = order[self._says_anything[position, order]]
        return says

    def parts(self, position: int, through_graph: Sequence[BesidePast], places: IntArray) -> ReasonParts:
        """All reasons of ``contributions.items[position]``, those of past items as numbers.

        Args:
            places: of the past items that say anything, the strongest first.
        """
        total = float(self._positive[position])
        of_item = map(BesidePast.of, self._of_item(position, total))
        beside = sorted([*through_graph, *of_item], key=lambda reason: -reason.value)
        counts = self._by_evidence.counts[position].tolist()
        said = [
            self._said(name, position, n, counts[n], total)
            for n, name in enumerate(self._table.names)
            if name not in _OTHERWISE and counts[n]
        ]
        of_past = self._totals[position, places]

        def past_item(n: int) -> PastItem:
            return self._past_item(int(places[n]), float(of_past[n]))

        items = Deferred(lambda: tuple(self._who[h][0] for h in places.tolist()), len(places))
        return ReasonParts(beside, said, PastTotals(items, of_past, self._done[0, places], past_item))

    def _said(self, evidence: str, position: int, n: int, count: int, positive: float) -> SaidByPast:
        by, largest = self._by_evidence, (position, n, slice(count))
        of_past, order = by.values[largest], by.order[largest]

        def past_item(n: int) -> PastItem:
            return self._past_item(int(order[n]), float(of_past[n]))

        numbers = of_past, positive, by.totals[largest], by.against[largest], by.lukewarm[largest]
        return SaidByPast(evidence, *numbers, past_item)

    @cached_property
    def _by_evidence(self) -> _ByEvidence:
        values = np.ascontiguousarray(self._table.values.transpose(2, 0, 1))
        order = np.argsort(-np.abs(values), axis=2, kind="stable")
        ordered = [np.take_along_axis(of, order, axis=2) for of in (values, self._totals[:, None, :])]
        return _ByEvidence(order, np.count_nonzero(values, axis=2), *ordered, *self._done[:, order])

    @cached_property
    def _totals(self) -> Array:
        """What each past item says of each item by all evidence, ``(m, h)``."""
        return np.ascontiguousarray(self.contributions.values.sum(axis=0).T)

    @cached_property
    def _strongest_first(self) -> IntArray:
        """Places of past items for each item, ``(m, h)``."""
        return np.argsort(-self._totals, axis=1, kind="stable")

    @cached_property
    def _says_anything(self) -> npt.NDArray[np.bool_]:
        """Whether each past item says anything of each item, ``(m, h)``."""
        return np.ascontiguousarray(self.contributions.values.any(axis=0).T)

    def reasons(self, position: int, through_graph: Sequence[BesidePast]) -> tuple[Reason, ...]:
        """All reasons of ``contributions.items[position]``, the largest first, what speaks against the item last."""
        total, facts = float(self._positive[position]), (one.reason for one in through_graph)
        found = [*facts, *self._of_past_items(position, total), *self._of_item(position, total)]
        return tuple(sorted(found, key=lambda reason: -reason.value))

    def _of_item(self, position: int, total: float) -> Iterator[Reason]:
        """What the item itself says, where it was met before, and what speaks for it whoever asks."""
        yield from self._refind(position, total)
        model = self._bundle.model
        prior, lately = float(self.contributions.prior[position]), float(self.contributions.trend[position])
        if prior:
            yield PopularityReason(prior, prior / total, bool(model.is_cold[self.contributions.items[position]]))
        if lately and model.trend is not None:
            yield TrendReason(lately, lately / total, model.trend.half_life / DAY_S)
        for one, value in zip(model.contexts, self.contributions.contexts[:, position], strict=True):
            if value:
                yield ContextReason(float(value), float(value / total), one.column, one.value_in(self._contexts))

    def _refind(self, position: int, total: float) -> Iterator[RefindReason]:
        channel, item = self._bundle.model.refind, int(self.contributions.items[position])
        if channel is None:
            return
        matrix, values = self._bundle.model.channels[channel].matrix, self.contributions.values[channel, :, position]
        assert isinstance(matrix, RefindMatrix)
        rate, times = float(matrix.rates[item]), self._actions[item].times if item in self._actions else 0
        for h, value in zip(np.flatnonzero(values).tolist(), values[values != 0].tolist(), strict=True):
            yield RefindReason(value, value / total, self._past_item(h, value), times, rate, self._taken)

    @cached_property
    def _taken(self) -> Mapping[str, str]:
        """What taking an item is called."""
        channels, place = self._bundle.model.channels, self._bundle.model.refind
        kinds = {} if place is None else channels[place].history.kinds
        return verb_of([kind for kind, weight in kinds.items() if weight == 0.0], self._bundle)

    def _past_item(self, h: int, value: float) -> PastItem:
        item, name, action = self._who[h]
        return PastItem(item, name, value, action.verb, action.stars, action.against, action.liked, action.platform)

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
            if name not in _OTHERWISE:
                says = np.flatnonzero(values).tolist()
                for h, value in zip(says, values[says].tolist(), strict=True):
                    yield PastItemReason(value, value / total, name, self._past_item(h, value))

    def _through_graph(self, position: int) -> Iterator[FoundReason]:
        terms, total = self._terms[position], float(self._positive[position])
        is_edge = terms.way >= EDGE_TO_PAST
        for f in np.flatnonzero(is_edge).tolist():
            yield self._edge(terms, f, int(self.contributions.items[position]), total)
        meetings = Meetings.of(terms, np.flatnonzero(~is_edge))
        sums, rows = meetings.sums, meetings.entities.tolist()
        said = [n for n in np.argsort(-np.abs(sums), kind="stable").tolist() if sums[n]]
        named = list(islice((n for n in said if self._readable(rows[n])), ENTITIES_NAMED))
        speak = np.count_nonzero(meetings.of_past[:, named], axis=0).tolist()
        for n, value, count in zip(named, sums[named].tolist(), speak, strict=True):
            of = meetings, n, position
            paths = () if self._schema is None else Deferred(partial(self._paths, *of), min(count, _PATHS_PER_ENTITY))
            yield FoundReason("entity", value, value / total, partial(self._entity_reason, *of), rows[n], paths)
        others = said[len(named) :] if said[: len(named)] == named else [n for n in said if n not in named]
        if others:
            value = float(sums[others].sum())
            reason = OtherFactsReason(value, value / total, len(others))
            yield FoundReason(reason.kind, value, reason.share, lambda: reason)

    def _edge(self, terms: PathTerms, f: int, item: int, total: float) -> FoundReason:
        (h,) = np.flatnonzero(self.contributions.history == terms.entity[f]).tolist()
        value = float(terms.values[:, f].sum())
        from_item = bool(terms.way[f] == EDGE_TO_PAST)
        relation = self._relation(int(terms.relation[f]), from_item, value)
        past, node = self._past_item(h, value), self._node(int(terms.entity[f]))
        step = PathStep(node, self._node(item), relation.type, relation.relation, not from_item)
        paths = () if self._schema is None else (PathOfReason(GraphPath((step,)), value),)
        reason = EdgeReason(value, value / total, past, relation)
        return FoundReason(reason.kind, value, reason.share, lambda: reason, paths=paths)

    def _relations(self, of: Meetings, n: int) -> list[Relation]:
        """How past items and the item are related to an entity, by feature."""
        features = of.features(n)
        says = of.terms.values[:, features].sum(axis=0).tolist()
        names = zip(of.terms.relation[features].tolist(), of.terms.way[features].tolist(), says, strict=True)
        return [self._relation(relation, way == SHARED_TAIL, said) for relation, way, said in names]

    def _entity_reason(self, of: Meetings, n: int, position: int) -> EntityReason:
        relations = sorted(self._relations(of, n), key=lambda relation: -abs(relation.value))
        value, row, past = float(of.sums[n]), int(of.entities[n]), of.past(n)

        def past_items() -> tuple[PastItem, ...]:
            values = of.terms.values[past[:, None], of.features(n)].sum(axis=1)
            return tuple(map(self._past_item, past.tolist(), values.tolist()))

        share, common = value / float(self._positive[position]), self._part_that_has(row)
        return EntityReason(value, share, self._node(row), tuple(relations), Deferred(past_items, len(past)), common)

    def _paths(self, of: Meetings, n: int, position: int) -> tuple[PathOfReason, ...]:
        """Those of the largest past items, each over the relation that says most."""
        relations, entity = self._relations(of, n), self._node(int(of.entities[n]))
        item, paths = int(self.contributions.items[position]), []
        first = of.past(n)[:_PATHS_PER_ENTITY]
        for h, says in zip(first.tolist(), of.terms.values[first[:, None], of.features(n)].tolist(), strict=True):
            best = max(range(len(says)), key=lambda n: abs(says[n]))
            past = int(self.contributions.history[h])
            paths.append(PathOfReason(self._over(past, entity, relations[best], item), float(says[best])))
        return tuple(paths)

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

    def _readable(self, row: int) -> bool:
        return self._schema is None or self._bundle.has_readable_name(row)

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
