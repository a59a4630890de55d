"""What requests ask: their parameters, with the limits and words of the command line."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from kgrec.data.context import Context
from kgrec.errors import ConfigError
from kgrec.explanation.wording.sentence import Length
from kgrec.recommendation.filters import ColdItems, Filters
from kgrec.schema.model import GraphSchema

LONGEST_LIST = 100
"""Items that one request may ask for: each that is explained costs look-ups in the graph."""


class Parameters(BaseModel):
    """Parameters of a request; a name that nobody knows is refused, because it would be a mistyped one."""

    model_config = ConfigDict(extra="forbid")


class PersonParameters(Parameters):
    """Whom the answer is for, and in which circumstances they ask."""

    user: str | None = Field(None, description="Id of a user.")
    history: list[str] = Field([], description="Instead of a user: an item that somebody has chosen. Can be repeated.")
    at: float | None = Field(
        None, allow_inf_nan=False, description="When they ask, unix seconds: how long they were away counts."
    )

    def person(self) -> tuple[str | None, list[str] | None]:
        """User and history, one of them None.

        Raises:
            ConfigError: neither is given, or both are.
        """
        if (self.user is None) == (not self.history):
            raise ConfigError(
                "a person is named by user or by history.",
                where="query",
                found="neither" if self.user is None else "both",
                expected="one of them",
                next="write ?user=ID, or ?history=ITEM&history=ITEM",
            )
        return self.user, self.history or None

    def context(self) -> Context:
        """The circumstances in which they ask."""
        return Context(self.at)


class ListParameters(PersonParameters):
    """A list for somebody."""

    k: int = Field(10, ge=1, le=LONGEST_LIST, description="Length of the list.")
    where: list[str] = Field(
        [], description="A condition such as year>=1990, asked of the graph. Can be repeated: all must hold."
    )
    allow: list[str] = Field([], description="Only these items. Can be repeated.")
    deny: list[str] = Field([], description="None of these items. Can be repeated.")
    cold_items: ColdItems = Field("include", description="Items that nobody had chosen when the model was learned.")
    include_seen: bool = Field(False, description="Items of the history may come back.")
    explain: bool = Field(True, description="Give each item its explanation; without, the answer comes faster.")
    length: Length = Field("short", description="Of the sentences: one line without numbers, two or three, or all.")

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
        )


class ExplanationParameters(PersonParameters):
    """The score of an item for somebody."""

    item: str = Field(description="The item to explain.")
    length: Length = Field("standard", description="Of the sentences: one line without numbers, two or three, or all.")


class SimilarParameters(Parameters):
    """Items that are like one."""

    item: str = Field(description="The item that the others are like.")
    k: int = Field(10, ge=1, le=LONGEST_LIST, description="Length of the list.")
