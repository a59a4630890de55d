"""What the graph schema calls things, as far as sentences need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kgrec.schema.model import GraphSchema
from kgrec.schema.naming import kind_of_names, words_of_text


@dataclass(frozen=True, slots=True)
class Terms:
    """What names and texts are.

    Attributes:
        items: node type of the items; None for a bundle from plain arrays.
        names: by node type, what its names are: ``titles`` of works, ``people`` or ``things``.
        texts: what the text of an item is made of, each by language: title, genres, plot.
    """

    items: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[Mapping[str, str], ...] = ()

    @classmethod
    def of(cls, schema: GraphSchema | None) -> Terms:
        """Those of a schema; none where there is no schema."""
        if schema is None:
            return cls()
        item = schema.item_type
        names = {node: kind_of_names(schema, node) for node in schema.nodes}
        return cls(item, names, tuple(words.model_dump() for words in words_of_text(schema, item)))
