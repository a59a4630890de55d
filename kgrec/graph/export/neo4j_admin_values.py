"""Values as the fields of an import file for ``neo4j-admin``, to the letter.

Neo4j's own rules, tried with the program: a field between quotes may hold anything, quotes doubled; a field without
quotes and without characters is an absent property, ``""`` an empty text. Parts of a list are joined by a delimiter
that cannot be escaped, and a list field that holds nothing is an absent property.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from kgrec.graph.stores.write_batches import LONGEST_UID

ColumnType = Literal["string", "long", "double", "boolean", "string[]", "long[]", "double[]", "boolean[]"]
"""Types of columns: those that the properties have in Neo4j after an import through Cypher."""

ARRAY_DELIMITER = "\x1f"
"""ASCII's own separator of units (``U+001F`` on the command line)."""


def id_field(uid: str) -> str:
    """A uid as a field; ValueError for one that is too long for the index behind the uniqueness constraint."""
    if len(uid) > LONGEST_UID // 4 and (size := len(uid.encode())) > LONGEST_UID:
        raise ValueError(f"a uid of {size} bytes")
    return _quoted(uid)


def field_of(value: Any) -> tuple[ColumnType | None, str]:
    """The kind of a value and its field; None and an empty field for an absent one.

    Raises:
        ValueError: what cannot be written; the message says what it is.
    """
    if value is None:
        return None, ""
    if value.__class__ is str:
        return "string", _quoted(value)
    if isinstance(value, list | tuple):
        return _list(list(value))
    return _single(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _single(value: Any) -> tuple[Literal["long", "double", "boolean"], str]:
    if isinstance(value, bool):
        return "boolean", "true" if value else "false"
    if isinstance(value, int):
        return "long", str(value)
    if isinstance(value, float):
        return "double", _double(value)
    raise ValueError(f"a value of type {type(value).__name__}")


def _double(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _list(parts: list[Any]) -> tuple[ColumnType, str]:
    if not parts or parts == [""]:
        raise ValueError("an empty list" if not parts else "a list of one empty text")
    if all(isinstance(part, str) for part in parts):
        if any(ARRAY_DELIMITER in part for part in parts):
            raise ValueError("a list with a text that holds the character U+001F")
        return "string[]", _quoted(ARRAY_DELIMITER.join(parts))
    fields = [_single(part) for part in parts] if not any(isinstance(part, str) for part in parts) else []
    kinds = {kind for kind, _ in fields}
    if kinds == {"long", "double"}:  # a server makes one kind of them, too
        return "double[]", ARRAY_DELIMITER.join(_double(float(part)) for part in parts)
    if len(kinds) != 1:
        raise ValueError("a list of values of several kinds")
    (kind,) = kinds
    lists: dict[str, ColumnType] = {"long": "long[]", "double": "double[]", "boolean": "boolean[]"}
    return lists[kind], ARRAY_DELIMITER.join(text for _, text in fields)
