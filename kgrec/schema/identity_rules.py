"""When records are about the same thing, or accounts of the same person."""

from __future__ import annotations

from pydantic import Field

from kgrec.schema.forms import Name, SchemaPart


class Alignment(SchemaPart):
    """When nodes of two platforms are the same thing."""

    keys: tuple[Name, ...] = Field((), description="Properties whose equality is enough.")
    title: Name | None = Field(None, description="Property compared after normalisation, together with `year`.")
    year: Name | None = Field(None, description="Number property that must agree with `title`.")
    year_tolerance: int = Field(0, ge=0, description="Largest difference of years that may still be the same thing.")
    also: tuple[Name, ...] = Field((), description="Properties that break ties between several candidates.")


class PersonRules(SchemaPart):
    """When accounts are one person: by edges with `role: same_person`, and by equal keys.

    Nodes stay as they are: who is one person is worked out whenever the graph is read, so a link that goes is as if it
    had never been. Links lead on: of three accounts, two links make one person.
    """

    keys: tuple[Name, ...] = Field(
        (), description="Properties that only accounts of one person share, such as a hash of the e-mail address."
    )
    least_confidence: float = Field(
        1.0, gt=0, le=1, description="Links with less are proposals; one that states none has 1."
    )
    most_accounts: int = Field(
        20, ge=2, description="Where more would be one person, by a key or by links, all stay apart, and it is told."
    )
