"""What sentences say, before a language says it: reasons, each with its share of what speaks for the item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Name:
    """What people call something.

    Attributes:
        text: the name itself.
        kind: ``title`` of a work, ``thing`` that is an item, or any other ``word``: what languages put quotation
            marks around differs.
    """

    text: str
    kind: Literal["title", "thing", "word"] = "title"


@dataclass(frozen=True, slots=True)
class Past:
    """A past item and what somebody did with it.

    Attributes:
        verb: by language.
        stars: how many they gave it, if any.
        liked: they gave it more than the middle of the stars.
    """

    name: Name
    verb: Mapping[str, str]
    stars: float | None = None
    liked: bool = False

    @property
    def lukewarm(self) -> bool:
        """They gave it stars, but not many."""
        return self.stars is not None and not self.liked


@dataclass(frozen=True, slots=True)
class Shared:
    """Entities to which the past items and the item have the same relation.

    Attributes:
        entities: at least one, the largest first.
        words: of the relation, read between source and target, by language.
        nouns: what the entities are to their source, by language: *director*, *writer*; none where there is no word
            for one of the relations.
        from_item: the items are the source; else the entities are.
        share: of what speaks for the item.
        more: how many further past items have the same relation to them.
    """

    entities: tuple[Name, ...]
    words: Mapping[str, str]
    nouns: tuple[Mapping[str, str], ...]
    from_item: bool
    share: float
    more: int = 0


@dataclass(frozen=True, slots=True)
class SharedFacts:
    """What the item has in common with past items.

    Attributes:
        past: those that are named, at least one; every fact is true of each.
        facts: at least one, the largest first.
    """

    past: tuple[Past, ...]
    facts: tuple[Shared, ...]

    @property
    def share(self) -> float:
        """Of what speaks for the item."""
        return sum(fact.share for fact in self.facts)


@dataclass(frozen=True, slots=True)
class DirectFact:
    """A fact between a past item and the item: a sequel.

    Attributes:
        words: read between source and target, by language.
        from_item: the item is the source.
    """

    past: Past
    words: Mapping[str, str]
    from_item: bool
    share: float


@dataclass(frozen=True, slots=True)
class OtherFacts:
    """Facts in common that have no names, or little share each."""

    share: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What past items say otherwise than by facts.

    Attributes:
        kind: ``taken_together``, ``taken_next``, ``semantic_paths``, ``knowledge`` or the name of a plug-in's channel.
        past: those that are named, at least one.
        others: further ones say a good part of it.
        share: of what speaks for the item; below 0 where this speaks against it.
        texts: what the texts of items are made of, each by language.
        cold: nobody has chosen the item, so it is things like it that are chosen.
    """

    kind: str
    past: tuple[Past, ...]
    others: bool
    share: float
    texts: tuple[Mapping[str, str], ...] = ()
    cold: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """The person met the item itself before, and did not take it.

    Attributes:
        past: what they did with it.
        times: how often.
        rate: part of all who met it who took it.
        taken: what taking it is, read between user and item, by language.
        share: of what speaks for the item.
    """

    past: Past
    times: int
    rate: float
    taken: Mapping[str, str]
    share: float


@dataclass(frozen=True, slots=True)
class Popularity:
    """The item is popular.

    Attributes:
        expected: that is what its content makes expect of an item that nobody has chosen.
    """

    share: float
    expected: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """The item is chosen a lot lately.

    Attributes:
        days: after so many, a choice counts half.
    """

    share: float
    days: float


@dataclass(frozen=True, slots=True)
class InContext:
    """The item is chosen more than usual in the circumstances in which somebody asks.

    Attributes:
        column, circumstance: such as ``weekday`` and ``Friday``.
    """

    share: float
    column: str
    circumstance: str


SEEN = 100
"""Ranks that somebody may look at."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The rank of the item without a past item, or without an entity; computed by scoring again.

    Attributes:
        is_itself: the past item is the item, which was met before.
    """

    name: Name
    is_entity: bool
    rank_before: int
    rank_after: int
    is_itself: bool = False

    @property
    def far(self) -> bool:
        """To twice its rank or beyond."""
        return self.rank_after >= 2 * self.rank_before

    @property
    def out_of_sight(self) -> bool:
        """Out of the :data:`SEEN` first, beyond which a rank tells nobody anything."""
        return self.rank_before <= SEEN < self.rank_after


def past_of(reason: Statement) -> tuple[tuple[Past, ...], bool]:
    """The past items that a reason names, and whether it rests on others as well."""
    match reason:
        case SharedFacts():
            return reason.past, False
        case Evidence():
            return reason.past, reason.others
        case DirectFact() | Again():
            return (reason.past,), False
        case _:
            return (), False


def is_personal(reason: Statement) -> bool:
    """Whether a reason names what the person did."""
    return not isinstance(reason, Popularity | Trend | InContext | OtherFacts)


Statement = SharedFacts | DirectFact | OtherFacts | Evidence | Again | Popularity | Trend | InContext
