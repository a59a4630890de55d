"""Tables that join items with things or with each other, as edges of a drafted schema."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from kgrec.extract.draft.behaviour_tables import is_statements
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.drafting import Drafting
from kgrec.extract.draft.header_words import CATEGORIES, means, noun_among, words_of
from kgrec.extract.draft.node_types import Joining, NodeDraft, joining_edge, joining_node
from kgrec.extract.draft.table_links import Link
from kgrec.extract.draft.typed_facts import FactEnd, add_typed_facts, type_column

_MOST_COLUMNS = 3


def add_link_tables(drafting: Drafting) -> None:
    """Put an edge type into a schema for every column that stands beside ids of items in a table of its own."""
    for key in drafting.item_keys:
        for column in drafting.profiles[key.table]:
            if column is not key and (link := _to_items(drafting, column)) is not None and link.key is key:
                _add_link(drafting, key, column)
    taken = drafting.used | {table.table for table in drafting.behaviour}
    for table, columns in drafting.profiles.items():
        if table in taken or is_statements(columns):
            continue
        start = next((link for column in columns if (link := _to_items(drafting, column)) is not None), None)
        if start is None:
            continue
        others = [column for column in columns if column is not start.column and _may_join(column, drafting)]
        for column in others[:_MOST_COLUMNS]:
            drafting.used.add(table)
            _add_link(drafting, start.column, column, start.evidence)


def add_statements(drafting: Drafting) -> None:
    """Put an edge type into a schema for every table of facts as head, relation and tail."""
    for table, columns in drafting.profiles.items():
        if not is_statements(columns):
            continue
        parts = {part: _part(columns, *names) for part, names in _PARTS.items()}
        head, tail, relation = parts["head"], parts["tail"], parts["relation"]
        types = {part: type_column(columns, *_PARTS[part]) for part in ("head", "tail")}
        if head is not None and tail is not None and any(types.values()):
            ends = [FactEnd(head, types["head"]), FactEnd(tail, types["tail"])]
            if add_typed_facts(drafting, ends[0], ends[1], relation):
                drafting.used.add(table)
                continue
            named = ", ".join(column.name for column in types.values() if column is not None)
            drafting.unsure(
                f"{table}: {named} may say of which type the ends are, which is not used: types are missing, many, or "
                "come later",
                "nodes",
            )
        if head is None or tail is None or not _known(drafting, head):
            drafting.unsure(
                f"{table} looks like facts, but its heads are no ids of items; the schema `triples` shows how facts "
                "are described",
                "nodes",
            )
            continue
        drafting.used.add(table)
        _add_facts(drafting, head, tail, relation)


_PARTS = {"head": ("head", "subject"), "relation": ("relation", "predicate"), "tail": ("tail", "object")}


def _part(columns: tuple[ColumnProfile, ...] | Any, *names: str) -> ColumnProfile | None:
    """The column that is one part of a statement, and not the type or kind of that part."""
    for column in columns:
        words = set(words_of(column.name))
        if words & set(names) and not words & {"type", "kind", "label"}:
            found: ColumnProfile = column
            return found
    return None


def _known(drafting: Drafting, column: ColumnProfile) -> int:
    """How many values of a column are ids of items."""
    return max(int(pc.sum(pc.is_in(column.values, value_set=key.values)).as_py() or 0) for key in drafting.item_keys)


def _to_items(drafting: Drafting, column: ColumnProfile) -> Link | None:
    link = drafting.links.get(column.called)
    return link if link is not None and link.key in drafting.item_keys else None


def _may_join(column: ColumnProfile, drafting: Drafting) -> bool:
    if column.form.kind not in ("text", "list", "whole") or column.distinct < 2 or means(column.name, "count", "stars"):
        return False
    if column.form.kind == "whole" and column.called not in drafting.links:
        return False
    return column.per_value >= 1.3 or column.called in drafting.links


def _add_link(drafting: Drafting, start: ColumnProfile, column: ColumnProfile, evidence: str = "") -> None:
    """Put an edge type into a schema that leads from the items of one column to what another one holds."""
    link = drafting.links.get(column.called)
    joining = Joining(column, None, noun_among(column.name, CATEGORIES), start)
    if link is not None and link.key in drafting.item_keys:
        said = link.evidence
        _, data = joining_edge(joining, drafting.platform, drafting.item_type, drafting.item_type, "")
        name, data["words"] = "LINKED_WITH", {"en": "is linked with"}
    else:
        if link is not None:
            target, said = drafting.described_by(link, joining.noun), link.evidence
        else:
            target, draft = joining_node(joining, drafting.platform, drafting.free_label)
            said = draft.said[0][1]
            drafting.add_node(target, draft, said)
        words = drafting.nodes[target]["words"]["en"]
        name, data = joining_edge(joining, drafting.platform, drafting.item_type, target, words)
    drafting.add_edge(name, data, f"{evidence}; {said}" if evidence else said)


def _add_facts(drafting: Drafting, head: ColumnProfile, tail: ColumnProfile, relation: ColumnProfile | None) -> None:
    found = _known(drafting, head)
    evidence = f"{found:,} of {head.distinct:,} values of {head.called} are ids of items"
    link = drafting.links.get(tail.called)
    if link is not None:
        target = drafting.item_type if link.key in drafting.item_keys else drafting.described_by(link, "entity")
    else:
        target = drafting.free_label("entity")
        source = {"table": tail.table, "platform": drafting.platform, "id": tail.name, "optional": True}
        source["columns"] = {"name": tail.name}
        data = {"words": {"en": "entity"}, "properties": {"name": {"type": "text", "embed": True}}, "sources": [source]}
        drafting.add_node(target, NodeDraft(data), f"{tail.called}: {tail.distinct:,} values")
    edge: dict[str, Any] = {"table": head.table, "platform": drafting.platform}
    edge["source"] = {"column": head.name, "type": drafting.item_type, "optional": True}
    edge["target"] = {"column": tail.name, "type": target, "optional": True}
    if relation is not None:
        edge["relation_column"] = relation.name
    words = {"en": "is linked with"}
    drafting.add_edge(
        "FACT", {"source": [drafting.item_type], "target": [target], "words": words, "sources": [edge]}, evidence
    )
