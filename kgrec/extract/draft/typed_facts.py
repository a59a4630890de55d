"""Facts whose columns say of which type their ends are, as edges of a drafted schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.drafting import Drafting
from kgrec.extract.draft.header_words import property_name, words_of
from kgrec.extract.draft.node_types import NodeDraft

_TYPE_WORDS = frozenset({"type", "kind", "label", "class"})
_MOST_TYPES = 12
_MOST_PAIRS = 40


@dataclass(frozen=True, eq=False)
class FactEnd:
    """One end of the facts of a table.

    Attributes:
        ids: column of what stands there.
        types: column that says of which type it is, None where there is none.
    """

    ids: ColumnProfile
    types: ColumnProfile | None

    def typed(self) -> list[tuple[str, str]]:
        """Type and id of each row; the type is empty where no column says it."""
        assert self.ids.texts is not None
        ids = self.ids.texts.to_pylist()
        if self.types is None:
            return [("", uid or "") for uid in ids]
        assert self.types.texts is not None
        return list(zip(self.types.texts.to_pylist(), (uid or "" for uid in ids), strict=True))

    def only(self, type: str) -> dict[str, list[str]]:
        """The filter that keeps one type."""
        return {} if self.types is None else {self.types.name: [type]}


def type_column(columns: Sequence[ColumnProfile], *names: str) -> ColumnProfile | None:
    """The column that says of which type one part of a statement is."""
    for column in columns:
        words = set(words_of(column.name))
        if words & set(names) and words & _TYPE_WORDS:
            return column
    return None


def add_typed_facts(drafting: Drafting, head: FactEnd, tail: FactEnd, relation: ColumnProfile | None) -> bool:
    """Put a node type into a schema for every type of the ends, and an edge type between them; whether it could.

    It cannot where a type may be missing or may come later, since rows of a type that is not named would be lost.
    """
    types = [end.types for end in (head, tail) if end.types is not None]
    complete = all(t.texts is not None and t.filled == t.rows and t.distinct <= _MOST_TYPES for t in types)
    table = head.ids.table
    if not complete or head.ids.texts is None or tail.ids.texts is None or not drafting.samples[table].whole:
        return False
    heads, tails = head.typed(), tail.typed()
    ends = Counter(zip((type for type, _ in heads), (type for type, _ in tails), strict=True))
    items = _types_of_items(drafting, {*heads, *tails})
    if len(ends) > _MOST_PAIRS or not items:
        return False
    nodes = dict.fromkeys(items, drafting.item_type)
    for type in dict.fromkeys(type for type, _ in (*heads, *tails)):
        if type not in nodes:
            found = [end for end, rows in ((head, heads), (tail, tails)) if any(one == type for one, _ in rows)]
            nodes[type] = _node(drafting, type, found)
    sources = []
    for one, other in ends:
        source: dict[str, Any] = {"table": table, "platform": drafting.platform}
        if where := head.only(one) | tail.only(other):
            source["where"] = where
        source["source"] = {"column": head.ids.name, "type": nodes[one], "optional": True}
        source["target"] = {"column": tail.ids.name, "type": nodes[other], "optional": True}
        if relation is not None:
            source["relation_column"] = relation.name
        sources.append(source)
    said = ", ".join(t.name for t in types)
    counted = ", ".join(
        f"{one or 'item'} to {other or 'entity'} ({count:,} rows)" for (one, other), count in ends.items()
    )
    data = {
        "source": list(dict.fromkeys(nodes[one] for one, _ in ends)),
        "target": list(dict.fromkeys(nodes[other] for _, other in ends)),
        "words": {"en": "is linked with"},
        "sources": sources,
    }
    drafting.add_edge("FACT", data, f"{said} of {table}: {counted}")
    return True


def _types_of_items(drafting: Drafting, ends: set[tuple[str, str]]) -> list[str]:
    """Types of which at least half of the ids are ids of items."""
    known = {value for key in drafting.item_keys for value in key.values.to_pylist()}
    all_of, known_of = Counter(type for type, _ in ends), Counter(type for type, uid in ends if uid in known)
    return [type for type, count in all_of.items() if 2 * known_of[type] >= count and known_of[type]]


def _node(drafting: Drafting, type: str, ends: Sequence[FactEnd]) -> str:
    """The node type of one type of ends, made where no table of its own describes it."""
    links = [link for end in ends if (link := drafting.links.get(end.ids.called)) is not None]
    other = next((link for link in links if link.key not in drafting.item_keys), None)
    if other is not None:
        return drafting.described_by(other, "entity")
    words = property_name(type, "").replace("_", " ") or "entity"
    name = drafting.free_label(words, "entity")
    sources = []
    for end in ends:
        source: dict[str, Any] = {"table": end.ids.table, "platform": drafting.platform}
        source |= {"id": end.ids.name, "optional": True, "columns": {"name": end.ids.name}}
        if where := end.only(type):
            source["where"] = where
        sources.append(source)
    data = {"words": {"en": words}, "properties": {"name": {"type": "text", "embed": True}}, "sources": sources}
    drafting.add_node(name, NodeDraft(data), f"ends of facts of type {type or 'entity'}")
    return name
