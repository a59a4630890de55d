"""Records to the statements that write them; no store is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from kgrec.data.records import EdgeRecord, Interaction, Kind, NodeRecord, Record, Value
from kgrec.errors import shorten
from kgrec.graph.cypher import retract_statements as retracting
from kgrec.graph.cypher import statements as cypher
from kgrec.graph.cypher.schema_names import edge_property_names, property_names
from kgrec.graph.store_types import PreparedBatch
from kgrec.schema.model import GraphSchema

LONGEST_UID = 8_000
"""Bytes of a uid in UTF-8; what a range index of Neo4j takes is a little more."""


def prepare(schema: GraphSchema, kind: Kind, records: Sequence[Any]) -> PreparedBatch:
    """The statements that write records of one kind, which are checked.

    Raises:
        ValueError: a property that is not of the schema, or a uid that no index takes.
    """
    if kind == "nodes":
        return _nodes(schema, records)
    return _edges(schema, records) if kind == "edges" else _interactions(schema, records)


def _nodes(schema: GraphSchema, records: Sequence[NodeRecord]) -> PreparedBatch:
    texts, allowed = {}, {}
    for type in {record.type for record in records}:
        texts[type] = cypher.upsert_nodes(schema, type)
        allowed[type] = frozenset(property_names(schema, type)) - {"uid"}

    def row(record: NodeRecord) -> dict[str, Any]:
        if len(record.uid) > LONGEST_UID // 4 and len(record.uid.encode()) > LONGEST_UID:
            raise ValueError(f"a uid of {record.type} has more than {LONGEST_UID} bytes: {shorten(record.uid)}")
        return {
            "uid": record.uid,
            "props": _checked(record.properties, allowed[record.type], record.type),
            "aliases": list(dict.fromkeys(record.aliases)),
            "platforms": [record.platform] if record.platform else [],
        }

    return _prepared(((record.type, row(record)) for record in records), itemgetter("uid"), texts)


def prepare_nodes(schema: GraphSchema, records: Sequence[NodeRecord], known: dict[str, set[str]]) -> PreparedBatch:
    """As :func:`prepare` for nodes of which it is known which are in the store: the others need not be looked for.

    Args:
        known: uids by type; those of the records are added.
    """
    fresh, again = list[NodeRecord](), list[NodeRecord]()
    for record in records:
        of_type = known.setdefault(record.type, set())
        (again if record.uid in of_type else fresh).append(record)
        of_type.add(record.uid)
    texts = {cypher.upsert_nodes(schema, type): cypher.create_nodes(schema, type) for type in known}
    new = [(texts[text], [_created(row) for row in rows]) for text, rows in _nodes(schema, fresh).statements]
    merged = _nodes(schema, again)
    return PreparedBatch([*new, *merged.statements], len(records))


def _created(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is written of a node that is not there yet."""
    given = {name: row[name] for name in ("aliases", "platforms") if row[name]}
    return {"uid": row["uid"], "name": row["props"].get("name", row["uid"]), "props": row["props"] | given}


def _edges(schema: GraphSchema, records: Sequence[EdgeRecord]) -> PreparedBatch:
    texts = {
        ends: cypher.upsert_edges(schema, *ends)
        for ends in {(record.type, record.source_type, record.target_type) for record in records}
    }
    allowed = {type: frozenset(edge_property_names(schema, type)) for type in {record.type for record in records}}

    def row(record: EdgeRecord) -> list[Any]:
        properties = _checked(record.properties, allowed[record.type], record.type)
        platforms = [record.platform] if record.platform else []
        return [record.source, record.target, record.relation, properties, platforms]

    rows = (((record.type, record.source_type, record.target_type), row(record)) for record in records)
    return _prepared(rows, itemgetter(0, 1, 2), texts)


def _interactions(schema: GraphSchema, records: Sequence[Interaction]) -> PreparedBatch:
    texts = {type: cypher.upsert_interactions(schema, type) for type in {record.type for record in records}}
    rows = ((r.type, [r.user, r.item, r.key, r.kind, r.platform, r.time, r.weight, r.context or None]) for r in records)
    return _prepared(rows, itemgetter(0, 1, 2), texts)


def retraction(schema: GraphSchema, records: Sequence[Record]) -> list[tuple[str, list[list[str]]]]:
    """The statements that take records back, with their rows."""
    # Platform by platform: what two of them state goes with the second.
    groups: dict[tuple[str, tuple[str, ...]], list[list[str]]] = defaultdict(list)
    texts: tuple[str, ...]
    for record in records:
        if isinstance(record, NodeRecord):
            texts, row = retracting.retract_nodes(schema, record.type), [record.uid, record.platform]
        elif isinstance(record, EdgeRecord):
            texts = retracting.retract_edges(schema, record.type, record.source_type, record.target_type)
            row = [record.source, record.target, record.relation, record.platform]
        else:
            texts, row = retracting.retract_interactions(schema, record.type), [record.user, record.item, record.key]
        groups[record.platform, texts].append(row)
    return [(text, sorted(rows)) for (_, texts), rows in groups.items() for text in texts]


def _prepared(rows: Iterable[tuple[Any, Any]], order: Callable[[Any], Any], texts: Mapping[Any, str]) -> PreparedBatch:
    """One statement per group, rows in a fixed order: neither deadlocks nor surprises; later records win."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for name, row in rows:
        groups[name].append(row)
    for group in groups.values():
        group.sort(key=order)
    return PreparedBatch([(texts[name], groups[name]) for name in sorted(groups)], sum(map(len, groups.values())))


def _checked(properties: Any, allowed: frozenset[str], type: str) -> dict[str, Value]:
    """A copy of the properties; ValueError where one is not of the schema, so that none can replace a key."""
    if not properties.keys() <= allowed:
        foreign = sorted(properties.keys() - allowed)
        raise ValueError(f"{shorten(foreign[0])} is not a property of {type} in the schema")
    return dict(properties)
