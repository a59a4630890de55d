"""What a recommender is asked with, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kgrec.explanation.explainer import Person
from kgrec.explanation.explanation import Explanation
from kgrec.recommendation.fold_in import PastInteraction
from kgrec.schema.naming import name_in_language

History = Sequence[str | PastInteraction]


@dataclass(frozen=True)
class Recommendation:
    """One place of a list.

    Attributes:
        rank: from 1.
        item, name: its id, and what people read.
        score: only differences within a list mean something.
        new: a cold item, without interactions when the model was learned.
        explanation: its reasons, where they were asked for.
        names: in further languages, by code, where it has a name of its own there.
    """

    rank: int
    item: str
    name: str
    score: float
    new: bool
    explanation: Explanation | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def name_in(self, language: str) -> str:
        """The name for who reads a language, ``name`` where it has none of its own there."""
        return name_in_language(self.names, language, self.name)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dicts, ready for JSON."""
        explanation = self.explanation.as_dict() if self.explanation else None
        return {**vars(self), "explanation": explanation}


@dataclass(frozen=True)
class RankChange:
    """Where an item of either list of a :class:`WhatIf` stands with and without the change.

    Attributes:
        rank_before, rank_after: from 1, among the items that passed the filters; None where it is no candidate, such as
            an item that was added to the history.
    """

    item: str
    name: str
    score_before: float
    score_after: float
    rank_before: int | None
    rank_after: int | None


@dataclass(frozen=True, slots=True)
class HistoryState:
    """What an answer for a user comes from: the history as it was read, which can be asked with in the user's place.

    Attributes:
        person: the user with the history.
        digest: of the history, and of why it may not be the newest; others are others.
        length: interactions.
    """

    user: str
    person: Person
    digest: bytes
    length: int


@dataclass(frozen=True)
class WhatIf:
    """The list of somebody as it is, and as it would be with a changed history.

    Attributes:
        before, after: the best items, each with its reasons where they were asked for.
        changes: the items of both lists, those of ``after`` first, and the item that was asked for.
        explained: of the item that was asked for, before and after; None where none was.
    """

    before: Sequence[Recommendation]
    after: Sequence[Recommendation]
    changes: Sequence[RankChange]
    explained: tuple[Explanation, Explanation] | None = None


@dataclass(frozen=True, slots=True)
class NameMatch:
    """Something whose name or id fits what was searched for."""

    kind: Literal["item", "user"]
    id: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict)

    def name_in(self, language: str) -> str:
        """The name for who reads a language, ``name`` where it has none of its own there."""
        return name_in_language(self.names, language, self.name)
