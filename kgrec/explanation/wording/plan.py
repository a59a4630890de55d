"""What is said of an explanation, and in which order: the largest reasons, what speaks against the item, what if."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kgrec.data.dataset import IntArray
from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import (
    SAID_FROM,
    ContextReason,
    Counterfactual,
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItem,
    PopularityReason,
    Reason,
    RefindReason,
    TrendReason,
)
from kgrec.explanation.said_by_past import SaidByPast
from kgrec.explanation.terms import Terms
from kgrec.explanation.wording.sentence_parts import (
    Again,
    DirectFact,
    Effect,
    Evidence,
    InContext,
    Name,
    OtherFacts,
    Past,
    Popularity,
    Shared,
    SharedFacts,
    Statement,
    Trend,
    past_of,
)
from kgrec.graph.store_types import NodeRef
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.channel_names import DISLIKES, REFIND, SEMANTIC, SEMANTIC_PATHS

_LEAST_SHARE_OF_HUB = 0.08
"""Of a hub that is said: it is what a third of the catalogue has, or more than half of the history: a language."""
_HUB = 1 / 3
_LEAST_PART = 0.2
"""Of an entity's share that a further relation to it has where it is said: director *and writer*."""
_MOST = 0.8
"""Part of what evidence says that the past items must say which are named, or there are others."""
_CLEARLY_MORE = 0.05
"""Share of further facts for which one past item is named instead of two."""
_TAKES_BACK = 0.15
"""What speaks against an item is said from this share on of what speaks for it."""


@dataclass(frozen=True)
class Plan:
    """What there is to say.

    Attributes:
        reasons: what speaks for the item, the largest share first; what contradicts another is not among them.
        against: past items that speak against it by what the user did with them, the strongest first.
        takes_back: evidence that speaks against it, the strongest first; its share is below 0.
        cold: nobody had chosen the item when the model was learned.
        effects: what it would fall without, the largest fall first.
        has_history: there is a history, whatever it says.
    """

    reasons: tuple[Statement, ...]
    against: tuple[Past, ...]
    takes_back: tuple[Evidence, ...]
    cold: bool
    effects: tuple[Effect, ...]
    has_history: bool


def plan_of(explanation: Explanation, named: int, language: str) -> Plan:
    """What there is to say of an explanation.

    Args:
        language: of who reads it, for the names.
        named: how many past items a statement may name.
    """
    maker = _Planner(explanation, named, language)
    evidence = list(maker.evidence())
    personal: list[Statement] = [*maker.again(), *maker.facts(), *(one for one in evidence if one.share > 0)]
    reasons = [*_telling(personal), *maker.others()]
    past = explanation.reason_parts.past
    opposing = np.flatnonzero(past.against & (past.values < 0))[::-1][:named].tolist()
    return Plan(
        reasons=tuple(sorted(reasons, key=lambda one: -one.share)),
        against=tuple(maker.past(past.past_item(place)) for place in opposing),
        takes_back=tuple(sorted((one for one in evidence if one.share <= -_TAKES_BACK), key=lambda one: one.share)),
        cold=explanation.new,
        effects=tuple(sorted(maker.effects(), key=lambda one: one.rank_before - one.rank_after)),
        has_history=explanation.history > 0,
    )


def _telling(reasons: Sequence[Statement]) -> Sequence[Statement]:
    """Those that rest on nothing with few stars, where they are at least half of all."""
    telling = [one for one in reasons if not any(past.lukewarm for past in past_of(one)[0])]
    enough = sum(one.share for one in telling) >= sum(one.share for one in reasons) / 2
    return telling if enough else reasons


class _Planner:
    """Reasons of an explanation as statements."""

    def __init__(self, explanation: Explanation, named: int, language: str) -> None:
        self._explanation = explanation
        self._language = language
        self._named = named
        self._terms: Terms = explanation.terms
        self._parts = explanation.reason_parts

    def past(self, past: PastItem) -> Past:
        name = self._item_name(past.item, past.name)
        if past.platform:
            name = replace(name, text=f"{name.text} ({past.platform})")
        return Past(name, past.verb, past.stars, past.liked)

    def facts(self) -> Iterator[SharedFacts | DirectFact]:
        """Facts that the store has confirmed; those that past items have in common are said together."""
        entities = []
        for reason in self._confirmed:
            if isinstance(reason, EntityReason) and self._counts(reason):
                entities.append((reason, self._speaking(reason.past)))
            elif isinstance(reason, EdgeReason) and self._speaking([reason.past]):
                words, from_item = reason.relation.words, reason.relation.from_item
                yield DirectFact(self.past(reason.past), words, from_item, reason.share)
        while entities:
            first, speaking = entities[0]
            confirmed = {path.nodes[0].uid for path in first.paths}
            best = self._best([past for past in speaking if past.item in confirmed])
            named, with_these = _most_in_common(best, entities)
            entities = [one for one in entities if one not in with_these]
            if named:
                facts = [self._shared(reason, len(past) - len(named)) for reason, past in with_these]
                yield SharedFacts(tuple(map(self.past, named)), tuple(_merged(facts)))

    def evidence(self) -> Iterator[Evidence]:
        """What past items say otherwise, by kind; what they say together decides whether it is for or against."""
        for everything in self._parts.said_by_past:
            if everything.evidence == DISLIKES:
                continue
            said = everything.without_against()
            total = said.positive + said.negative
            speaks_for = total > 0
            if speaks_for:
                share, of_part = said.positive / said.whole, said.positive
                named = self._best_of(said, said.speaks.nonzero()[0])
            else:
                share, of_part = total / said.whole, -said.negative
                named = (said.values < 0).nonzero()[0][: self._named]
            if len(named):
                others = sum(map(abs, said.values[named].tolist())) < _MOST * of_part
                past = tuple(self.past(said.past_item(n)) for n in named.tolist())
                texts = self._terms.texts if said.evidence in (SEMANTIC, SEMANTIC_PATHS) else ()
                yield Evidence(said.evidence, past, others, share, texts, self._explanation.new)

    def again(self) -> Iterator[Again]:
        """That the item was met before."""
        for one in self._parts.beside:
            if one.kind == REFIND and one.share > 0 and isinstance(one.reason, RefindReason):
                said = one.reason
                yield Again(self.past(said.past), said.times, said.rate, said.taken, said.share)

    def others(self) -> Iterator[Popularity | Trend | InContext | OtherFacts]:
        for one in self._parts.beside:
            if one.kind not in ("entity", "edge") and one.share > 0:
                reason = one.reason
                if isinstance(reason, PopularityReason):
                    yield Popularity(reason.share, reason.expected)
                elif isinstance(reason, TrendReason):
                    yield Trend(reason.share, reason.half_life_days)
                elif isinstance(reason, ContextReason):
                    yield InContext(reason.share, reason.column, reason.circumstance)
                elif isinstance(reason, OtherFactsReason):
                    yield OtherFacts(reason.share)

    def effects(self) -> Iterator[Effect]:
        """Of leaving out the strongest past item, or an entity that is a reason, where the item falls without it."""
        strongest = self._explanation.counterfactual
        if strongest is not None and _falls(strongest):
            yield Effect(
                self._item_name(strongest.uid, strongest.name),
                False,
                strongest.rank_before,
                strongest.rank_after,
                strongest.uid == self._explanation.item,
            )
        for reason in self._confirmed:
            if isinstance(reason, EntityReason) and self._counts(reason) and reason.counterfactual is not None:
                effect = reason.counterfactual
                if _falls(effect):
                    name = self._entity_name(reason.entity)
                    yield Effect(name, True, effect.rank_before, effect.rank_after)

    @cached_property
    def _confirmed(self) -> list[Reason]:
        """Reasons of facts that the store has confirmed and that are large enough to be said."""
        return [one.reason for one in self._parts.beside if one.has_paths and one.share >= SAID_FROM]

    def _counts(self, reason: EntityReason) -> bool:
        hub = reason.common >= _HUB or len(reason.past) > max(5, self._explanation.history / 2)
        return reason.share >= (_LEAST_SHARE_OF_HUB if hub else SAID_FROM)

    def _speaking(self, past: Iterable[PastItem]) -> list[PastItem]:
        """Those that speak for the item, here and on the whole."""
        totals = self._parts.past.by_item
        return [one for one in past if one.value > 0 and not one.against and totals.get(one.item, one.value) > 0]

    def _best(self, past: Sequence[PastItem]) -> list[PastItem]:
        """Those that are named: what was given few stars is, where it says more than all else."""
        warm = [one for one in past if not one.lukewarm]
        enough = sum(one.value for one in warm) >= sum(one.value for one in past) / 2
        return list(warm if enough else past)[: self._named]

    def _best_of(self, said: SaidByPast, places: IntArray) -> IntArray:
        """Likewise of some past items by their places."""
        lukewarm = said.lukewarm[places]
        if not lukewarm.any():
            return places[: self._named]
        warm, values = places[~lukewarm], said.values[places]
        enough = values[~lukewarm].sum() >= values.sum() / 2
        return (warm if enough else places)[: self._named]

    def _shared(self, reason: EntityReason, more: int) -> Shared:
        largest = reason.relations[0]
        nouns: list[Mapping[str, str]] = []
        for one in reason.relations:
            counts = one.value >= _LEAST_PART * reason.value and one.from_item and largest.noun is not None
            if counts and one.noun is not None and one.noun not in nouns:
                nouns.append(one.noun)
        entity = self._entity_name(reason.entity)
        return Shared((entity,), largest.words, tuple(nouns), largest.from_item, reason.share, more)

    def _item_name(self, uid: str, name: str) -> Name:
        name = self._explanation.item_name_in(self._language, uid, name)
        kind = self._terms.names.get(self._terms.items or "", "things")
        return Name(name, "title" if kind == "titles" else "word" if kind == "people" else "thing")

    def _entity_name(self, entity: NodeRef) -> Name:
        name = self._explanation.name_in(self._language, entity.type, entity.uid, entity.name)
        return Name(name, "title" if self._terms.names.get(entity.type) == "titles" else "word")


def _most_in_common(
    best: Sequence[PastItem], entities: Sequence[tuple[EntityReason, list[PastItem]]]
) -> tuple[list[PastItem], list[tuple[EntityReason, list[PastItem]]]]:
    """Past items to name, all of the best or one, and the entities that they all have: one is named where that says
    clearly more of what it has in common with the item.
    """
    options = []
    for named in [list(best), *([one] for one in best)]:
        uids = {past.item for past in named}
        shared = [one for one in entities if uids <= {past.item for past in one[1]}]
        options.append((named, shared, sum(reason.share for reason, _ in shared)))
    most = max(options, key=lambda option: option[2])
    all_named = options[0]
    return most[:2] if most[2] >= all_named[2] + _CLEARLY_MORE else all_named[:2]


def _merged(facts: Sequence[Shared]) -> Iterator[Shared]:
    """Facts of one relation as one fact of several entities."""
    left = list(facts)
    while left:
        first = left[0]
        same = [
            one for one in left if (one.words, one.nouns, one.from_item) == (first.words, first.nouns, first.from_item)
        ]
        left = [one for one in left if one not in same]
        entities = tuple(name for one in same for name in one.entities)
        more = first.more if all(one.more == first.more for one in same) else 0
        yield replace(first, entities=entities, share=sum(one.share for one in same), more=more)


def _falls(effect: Counterfactual) -> bool:
    return effect.rank_after > effect.rank_before
