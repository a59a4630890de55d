"""The forms of values in a graph schema file: names, cells, separators, and the model that all its parts are."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
"""A label, type or property name: these reach Cypher text, so nothing but letters, digits and underscores."""

LANGUAGE_CODE = r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$"
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_CODE)]

Binary = Literal["uuid", "hex", "text"]

TimeUnit = Literal["s", "ms", "us", "ns", "position"]

Separator = Annotated[str, StringConstraints(min_length=1)]

Speaks = Literal["for", "against", "filter", "nothing"]
Repeats = Literal["sum", "last", "max", "each"]
Personal = Literal["drop", "mask"]


def _cell_text(value: Any) -> Any:
    """What YAML read as a number, a truth value or a day, as the text that a cell of it has."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float | date) else value


_CELL_KINDS = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
Cell = Annotated[str, BeforeValidator(_cell_text), WithJsonSchema({"anyOf": _CELL_KINDS})]
"""A cell that rows are chosen by, as text; the empty text stands for nothing."""


class SchemaPart(BaseModel):
    """A part of the file; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
