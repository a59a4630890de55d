"""What requests ask: their parameters, with the limits and words of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.errors import ConfigError
from kgrec.recommendation.filters import ColdItems, Filters, Met
from kgrec.recommendation.fold_in import PastInteraction
from kgrec.schema.model import GraphSchema

LONGEST_LIST = 100
"""Items that one request may ask for: each that is explained costs look-ups in the graph."""
LONGEST_HISTORY = 1_000
"""Items of a history that one request may name, and of a filter."""
MOST_SCORED = 1_000
_MOST_CONDITIONS = 20
_MOST_CHANGES = 100

Explain = Literal["none", "short", "standard", "full"]
Id = Annotated[str, StringConstraints(max_length=512)]
Ids = Annotated[list[Id], Field(max_length=LONGEST_HISTORY)]


class Parameters(BaseModel):
    """Parameters of a request; a name that nobody knows is refused, because it would be a mistyped one."""

    model_config = ConfigDict(extra="forbid")


class PastEntry(Parameters):
    """One thing that somebody did."""

    item: Id = Field(description="Id of the item.")
    kind: Id | None = Field(None, description="As in the data, such as buy; the most frequent one where not given.")
    time: float | None = Field(None, allow_inf_nan=False, description="Unix seconds; recency counts if all have one.")
    weight: float | None = Field(None, allow_inf_nan=False, description="Strength: stars, play count.")
    platform: Id | None = Field(None, description="As in the data; the most frequent one where not given.")
    type: Id | None = Field(None, description="Interaction type of the graph schema; the one that has the kind.")


PastEntries = Annotated[list[Id | PastEntry], Field(max_length=LONGEST_HISTORY)]


@dataclass(frozen=True)
class AskedPerson:
    """Whom an answer is for.

    Attributes:
        user: id, None where a history was given.
        history: the part of the given history that the bundle knows, None where a user was given.
        ignored: items of the given history that the bundle does not know; they are passed over.
        context: the circumstances in which they ask.
    """

    user: str | None
    history: Sequence[str | PastInteraction] | None
    ignored: Sequence[str]
    context: Context


class PersonOptions(Parameters):
    """Whom the answer is for, and in which circumstances they ask."""

    user: Id | None = Field(None, description="Id of a user.", examples=["ada"])
    at: float | None = Field(
        None,
        allow_inf_nan=False,
        description="When they ask, unix seconds: how long they were away counts, and what is taken lately.",
    )
    platform: Id | None = Field(
        None, description="Items of this platform alone, as what is known of it ranks them; of all where not given."
    )

    context: Annotated[list[Id], Field(max_length=_MOST_CONDITIONS)] = Field(
        [], description="A circumstance by context column of the schema, such as weather=rain. Can be repeated."
    )

    def _person(self, bundle: Bundle, history: Sequence[str | PastEntry] | None) -> AskedPerson:
        """The person.

        Raises:
            ConfigError: neither user nor history is given, or both are.
        """
        if (self.user is None) == (history is None):
            raise ConfigError(
                "a person is named by user or by history.",
                where="user, history",
                found="neither" if self.user is None else "both",
                expected="one of them",
                next="write ?user=ID, or ?history=ITEM&history=ITEM; in a body, an empty history is somebody new",
            )
        context = Context.parse(self.at, self.platform, self.context)
        if history is None:
            return AskedPerson(self.user, None, (), context)
        kept, ignored = known_part(bundle, history)
        return AskedPerson(None, kept, ignored, context)


def known_part(bundle: Bundle, history: Sequence[str | PastEntry]) -> tuple[list[str | PastInteraction], list[str]]:
    """The entries of a history whose items the bundle knows, and the items that it does not."""
    kept: list[str | PastInteraction] = []
    ignored = []
    for entry in history:
        item = entry if isinstance(entry, str) else entry.item
        if bundle.items.row(item) is None:
            ignored.append(item)
        else:
            kept.append(entry if isinstance(entry, str) else PastInteraction(**entry.model_dump()))
    return kept, list(dict.fromkeys(ignored))


class PersonParameters(PersonOptions):
    """A person as an address names them."""

    history: Ids = Field([], description="Instead of a user: an item that somebody has chosen. Can be repeated.")

    def person(self, bundle: Bundle) -> AskedPerson:
        """The person; an empty history was not given."""
        return self._person(bundle, self.history or None)


class PersonBody(PersonOptions):
    """A person as a body names them."""

    history: PastEntries | None = Field(
        None, description="Instead of a user: what somebody did, ids or objects; empty for somebody new."
    )

    def person(self, bundle: Bundle) -> AskedPerson:
        """The person."""
        return self._person(bundle, self.history)


class TellOptions(Parameters):
    """How reasons are told."""

    explain: Explain = Field(
        "none",
        description="Reasons: none; short, a sentence without numbers; standard, two or three sentences and the "
        "reasons that add up to the score; full, all there is to say.",
    )
    language: Id = Field("en", description="Of sentences and names, such as en or zh.")


class ListOptions(TellOptions):
    """A list for somebody."""

    k: int = Field(10, ge=1, le=LONGEST_LIST, description="Length of the list.")
    where: Annotated[list[Id], Field(max_length=_MOST_CONDITIONS)] = Field(
        [], description="A condition such as year>=1990, asked of the graph. Can be repeated: all must hold."
    )
    allow: Ids = Field([], description="Only these items. Can be repeated.")
    deny: Ids = Field([], description="None of these items. Can be repeated.")
    cold_items: ColdItems = Field("include", description="Items that nobody had chosen when the model was learned.")
    include_seen: bool = Field(False, description="Items of the history may come back.")
    met: Met = Field(
        "include", description="Items of the history that may come back: viewed or put in a cart, but not bought."
    )

    @property
    def is_filtered(self) -> bool:
        """Whether some items may not come back, or items of the history may."""
        everything = self.cold_items == self.met == "include" and not self.include_seen
        return bool(self.where or self.allow or self.deny or not everything)

    def filters(self, schema: GraphSchema | None) -> Filters:
        """Which items may come back.

        Args:
            schema: of the bundle's graph, which says what properties are numbers.

        Raises:
            ConfigError: a condition cannot be read.
        """
        return Filters.parse(
            schema,
            allow=self.allow,
            deny=self.deny,
            where=self.where,
            cold_items=self.cold_items,
            include_seen=self.include_seen,
            met=self.met,
        )


class ListParameters(ListOptions, PersonParameters):
    """A list, asked for by an address."""


class ListBody(ListOptions, PersonBody):
    """A list, asked for by a body."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user": "ada", "k": 3, "explain": "short"}]})


class WhatIfBody(ListBody):
    """A list, and the same with a changed history."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user": "ada", "without": ["rope"], "k": 3}]})

    without: Annotated[list[Id], Field(max_length=_MOST_CHANGES)] = Field(
        [], description="Past items that never happened."
    )
    without_entities: Annotated[list[Id], Field(max_length=_MOST_CHANGES)] = Field(
        [], description="Type:id of nodes that no item has a fact with, such as Person:lucas."
    )
    add: Annotated[list[Id | PastEntry], Field(max_length=_MOST_CHANGES)] = Field(
        [], description="What was done besides, ids or objects."
    )
    item: Id | None = Field(None, description="An item that is explained in full before and after.")


class ScoreBody(PersonBody):
    """Scores of some items for somebody."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user": "ada", "items": ["tent-4", "rope"]}]})

    items: Annotated[list[Id], Field(max_length=MOST_SCORED)] = Field(description="The items to score.")


class ReasonOptions(Parameters):
    """A score and how it is told."""

    item: Id = Field(description="The item to explain.")
    explain: Literal["short", "standard", "full"] = Field("standard", description="As for /v1/recommend.")
    language: Id = Field("en", description="Of sentences and names, such as en or zh.")


class ReasonParameters(ReasonOptions, PersonParameters):
    """The score of an item, asked for by an address."""


class ReasonBody(ReasonOptions, PersonBody):
    """The score of an item, asked for by a body."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user": "ada", "item": "tent-4"}]})


class SimilarParameters(Parameters):
    """Items that are like one."""

    item: Id = Field(description="The item that the others are like.")
    k: int = Field(10, ge=1, le=LONGEST_LIST, description="Length of the list.")
    language: Id = Field("en", description="Of names, such as en or zh.")


class HistoryParameters(Parameters):
    """What somebody did."""

    language: Id = Field("en", description="Of names, such as en or zh.")


class SearchParameters(Parameters):
    """What has a name."""

    text: Id = Field(description="Words of a name or an id, as somebody types them.")
    kind: Literal["item", "user"] = Field("item", description="What to look for.")
    k: int = Field(10, ge=1, le=LONGEST_LIST, description="Length of the list.")
    language: Id = Field("en", description="Of names, such as en or zh.")
