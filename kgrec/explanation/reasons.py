"""Reasons: the parts of a score as people think of them. With the constants of scaling they add up to it.

    score = constant + SUM of reason.value

A film by Ang Lee, score 2.0, somebody who took four of his films: the director, summed over these four, .9; what those
who took the four took as well, .7, -.1 and so on, one reason for each past item; popularity .2; the trend, .1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kgrec.explanation.evidence_paths import ShownPath
from kgrec.graph.store_types import NodeRef


@dataclass(frozen=True, slots=True)
class PastItem:
    """A past item, what the user did with it, and what it adds; what it takes away is below 0.

    Attributes:
        value: what it adds through all that the reason, or the explanation, is about.
        verb: what the user did with it, by language.
        stars: how many they gave it, None where nobody gives any.
        against: what they did speaks against it: they disliked or returned it.
        liked: they gave it more than half of the stars.
        platform: where they did it, if that is another platform than the one whose list is explained; else empty.
    """

    item: str
    name: str
    value: float
    verb: Mapping[str, str]
    stars: float | None = None
    against: bool = False
    liked: bool = False
    platform: str = ""

    @property
    def lukewarm(self) -> bool:
        """They gave it stars, but not many."""
        return self.stars is not None and not self.liked


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Score and rank of the explained item without a past item or an entity, computed by scoring again.

    Attributes:
        uid, name: what is left out: every interaction with a past item, or all facts with an entity, of all items.
        score: of the explained item, without it.
        rank_before, rank_after: of the explained item among the same ``candidates`` items.
    """

    uid: str
    name: str
    score: float
    rank_before: int
    rank_after: int
    candidates: int

    @property
    def moves(self) -> bool:
        """Whether the rank is another without it: else there is nothing to say."""
        return self.rank_before != self.rank_after


@dataclass(frozen=True, slots=True)
class Relation:
    """How past items and the item are related to an entity, or a past item and the item to each other.

    Attributes:
        type: edge type of the graph schema; ``relation`` the finer name, or the type itself.
        words: read between source and target, by language: 'directed by'.
        from_item: the explained item is the source of its fact: *item - directed by - entity*; else the target.
        value: what goes through this relation.
        noun: what the entity is to the item, by language: 'director'; None where there is no word for it.
    """

    type: str
    relation: str
    words: Mapping[str, str]
    from_item: bool
    value: float
    noun: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EntityReason:
    """Past items and the item are related alike to an entity: "director Ang Lee, in 4 of yours".

    Attributes:
        value: summed over past items, relations and channels; exactly what goes when the item's facts with it go.
        share: of the positive score; below 0 where the value is.
        entity: with a name that people can read.
        relations: the largest first; their values add up to ``value``.
        past: past items with the entity, the largest first; their values add up to ``value``.
        common: part of the catalogue that has a fact with it.
        paths: *past item - entity - item* of the largest, each edge confirmed by the store at that moment. Where there
            are none, the store has the facts no longer or could not be asked: then the reason is not said to people.
        counterfactual: without all facts with the entity; None where it was not computed.
    """

    value: float
    share: float
    entity: NodeRef
    relations: tuple[Relation, ...]
    past: Sequence[PastItem]
    common: float = 0.0
    paths: tuple[ShownPath, ...] = ()
    counterfactual: Counterfactual | None = None
    kind: str = field(default="entity", init=False)


@dataclass(frozen=True, slots=True)
class EdgeReason:
    """A fact between a past item and the item itself: "it is a sequel of Alien".

    Attributes:
        value: exactly what goes through the fact as a direct path.
        share: of the positive score.
        past: the past item; its value is the reason's.
        relation: between the two.
        paths: the fact as the store confirmed it; empty where it did not, and then the reason is not said to people.
    """

    value: float
    share: float
    past: PastItem
    relation: Relation
    paths: tuple[ShownPath, ...] = ()
    kind: str = field(default="edge", init=False)


@dataclass(frozen=True, slots=True)
class PastItemReason:
    """What a past item adds by evidence other than explicit paths.

    Attributes:
        value: below 0 where it speaks against the item; of ``taken_together`` and ``taken_next`` that is also what
            others take back from what the paths promise.
        share: of the positive score; below 0 where the value is.
        evidence: ``taken_together`` (others who took the past item took this), ``taken_next`` (what follows on it),
            ``semantic_paths`` (their texts; exactly what goes when the past item's text goes. ``semantic`` in earlier
            bundles, of which that holds but nearly), ``knowledge`` (embeddings of the graph), ``dislikes``, or the
            name of a channel that a plug-in adds.
        past: the past item; its value is the reason's.
    """

    value: float
    share: float
    evidence: str
    past: PastItem
    kind: str = field(default="past_item", init=False)


@dataclass(frozen=True, slots=True)
class RefindReason:
    """What the item itself adds where the user met it before without taking it: "you put it in your cart".

    Attributes:
        past: the item as a past item; its value is the reason's.
        times: how often they did what its verb says.
        rate: chance that who met the item took it: the part who did, leaning towards the mean where few met it.
        taken: what taking it is, by language: 'bought'.
    """

    value: float
    share: float
    past: PastItem
    times: int
    rate: float
    taken: Mapping[str, str]
    kind: str = field(default="refind", init=False)


@dataclass(frozen=True, slots=True)
class PopularityReason:
    """What popularity adds: above 0 for an item that is taken more than the usual one.

    Attributes:
        expected: the item is cold, and its popularity is what its content makes expect.
    """

    value: float
    share: float
    expected: bool
    kind: str = field(default="popularity", init=False)


@dataclass(frozen=True, slots=True)
class TrendReason:
    """What the trend adds: above 0 for an item that is taken more lately than the usual one.

    Attributes:
        half_life_days: after so many days what was taken counts half.
    """

    value: float
    share: float
    half_life_days: float
    kind: str = field(default="trend", init=False)


@dataclass(frozen=True, slots=True)
class ContextReason:
    """What a circumstance adds: above 0 for an item that is taken more than usual in it.

    Attributes:
        column, circumstance: such as ``weekday`` and ``Friday``.
    """

    value: float
    share: float
    column: str
    circumstance: str
    kind: str = field(default="context", init=False)


@dataclass(frozen=True, slots=True)
class OtherFactsReason:
    """The sum of paths that are not named: through entities without readable names, and through those of least value.

    Attributes:
        entities: how many of them.
    """

    value: float
    share: float
    entities: int
    kind: str = field(default="other_facts", init=False)


SAID_FROM = 0.03
"""Share of the positive score from which on a fact is said."""
FACTS = "entity", "edge", "other_facts"
"""Kinds of reasons that are facts."""
Reason = (
    EntityReason
    | EdgeReason
    | PastItemReason
    | RefindReason
    | PopularityReason
    | TrendReason
    | ContextReason
    | OtherFactsReason
)
"""In ``Explanation.reasons`` the largest come first, what speaks against the item last."""
