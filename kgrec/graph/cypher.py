"""Every Cypher statement of kgrec, one text for the embedded store and Neo4j 5.

Labels, relationship types and property names cannot be parameters in Cypher: they reach a text only through
:func:`node_label`, :func:`edge_type` and :func:`property_names`, which take nothing that the schema does not name.
Values are parameters always. Patterns have a fixed length; whatever may meet a hub has a degree cap and a LIMIT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kgrec.schema import GraphSchema
from kgrec.schema_rules import RESERVED_EDGE_PROPERTIES, RESERVED_LABEL_START, RESERVED_PROPERTIES

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_NO_TYPE = f"`{RESERVED_LABEL_START}None`"  # stands where a schema has no type of a kind; nothing carries it


def _quoted(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:80]!r} cannot be a name in Cypher")
    return f"`{name}`"


def _allowed(name: str, known: Iterable[str], what: str) -> str:
    if name not in known:
        raise ValueError(f"{name[:80]!r} is not {what} of the schema")
    if name.startswith(RESERVED_LABEL_START):
        raise ValueError(f"{name!r}: names that start with {RESERVED_LABEL_START} are kept for kgrec itself")
    return _quoted(name)


def node_label(schema: GraphSchema, type: str) -> str:
    """A node type ready for a text; ValueError where the schema has none of that name."""
    return _allowed(type, schema.nodes, "a node type")


def edge_type(schema: GraphSchema, type: str) -> str:
    """A fact's type ready for a text; ValueError where the schema has none of that name."""
    return _allowed(type, schema.edges, "an edge type")


def interaction_type(schema: GraphSchema, type: str) -> str:
    """A behaviour's type ready for a text; ValueError where the schema has none of that name."""
    return _allowed(type, schema.interactions, "an interaction type")


def property_names(schema: GraphSchema, type: str) -> tuple[str, ...]:
    """``uid``, ``name`` and the properties of a node type, in file order; ValueError for a reserved one."""
    node_label(schema, type)
    declared = [name for name in schema.nodes[type].properties if name != "name"]
    for name in declared:
        if name in RESERVED_PROPERTIES:
            raise ValueError(f"property {name!r} of {type} is reserved for the store")
        _quoted(name)
    return ("uid", "name", *declared)


def edge_property_names(schema: GraphSchema, type: str) -> tuple[str, ...]:
    """Properties of an edge type beside ``relation``; ValueError for a reserved one."""
    edge_type(schema, type)
    for name in schema.edges[type].properties:
        if name in RESERVED_EDGE_PROPERTIES:
            raise ValueError(f"property {name!r} of {type} is reserved for the store")
        _quoted(name)
    return tuple(schema.edges[type].properties)


def fact_types(schema: GraphSchema) -> tuple[str, ...]:
    """Edge types that say something about items and entities: neither end is a user."""
    user = schema.user_type
    return tuple(name for name, edge in schema.edges.items() if user not in (*edge.source, *edge.target))


def _facts(schema: GraphSchema) -> str:
    return "|".join(edge_type(schema, name) for name in fact_types(schema)) or _NO_TYPE


def _behaviour(schema: GraphSchema) -> str:
    return "|".join(interaction_type(schema, name) for name in schema.interactions) or _NO_TYPE


# --- bookkeeping: labels that start with Kgrec, in no count and no export ---

READ_GRAPH = (
    "MATCH (m:KgrecGraph {uid: 'graph'}) RETURN m.format AS format, m.graph_id AS graph_id, "
    "m.fingerprint AS fingerprint, m.schema_json AS schema_json"
)
WRITE_GRAPH = "MERGE (m:KgrecGraph {uid: 'graph'}) SET m += $props"
READ_LEDGER = "MATCH (m:KgrecImport {uid: $source}) RETURN m.batches AS batches"
WRITE_LEDGER = "MERGE (m:KgrecImport {uid: $source}) SET m.batches = $batches"


def constraints(schema: GraphSchema) -> list[str]:
    """One uniqueness constraint per node type, and for the ledger; creating them again changes nothing."""
    labels = {name: node_label(schema, name) for name in schema.nodes}
    labels["KgrecImport"] = "`KgrecImport`"
    return [
        f"CREATE CONSTRAINT kgrec_{name}_uid IF NOT EXISTS FOR (n:{label}) REQUIRE n.uid IS UNIQUE"
        for name, label in labels.items()
    ]


# --- writing: each takes $rows, sorted, and returns how many rows found their nodes as `written` ---


def _merged(owner: str, name: str, addition: str) -> str:
    """SET that adds what is new to a list property and leaves the property out while there is nothing in it."""
    return (
        f"SET {owner}.{name} = CASE WHEN size({addition}) = 0 THEN {owner}.{name} ELSE coalesce({owner}.{name}, []) "
        f"+ [x IN {addition} WHERE NOT x IN coalesce({owner}.{name}, [])] END\n"
    )


def upsert_nodes(schema: GraphSchema, type: str) -> str:
    """Rows of ``uid``, ``props``, ``aliases``, ``platforms``; a node without a name is called by its uid."""
    return (
        "UNWIND $rows AS row\n"
        f"MERGE (n:{node_label(schema, type)} {{uid: row.uid}})\n"
        "ON CREATE SET n.name = row.uid\n"
        "SET n += row.props\n"
        + _merged("n", "aliases", "row.aliases")
        + _merged("n", "platforms", "row.platforms")
        + "RETURN count(*) AS written"
    )


def upsert_edges(schema: GraphSchema, type: str, source_type: str, target_type: str) -> str:
    """Rows of ``source``, ``target``, ``relation``, ``props``, ``platforms``."""
    edge = edge_type(schema, type)
    if source_type not in schema.edges[type].source or target_type not in schema.edges[type].target:
        raise ValueError(f"{type} does not lead from {source_type[:80]!r} to {target_type[:80]!r} in the schema")
    return (
        "UNWIND $rows AS row\n"
        f"MATCH (a:{node_label(schema, source_type)} {{uid: row.source}})\n"
        f"MATCH (b:{node_label(schema, target_type)} {{uid: row.target}})\n"
        f"MERGE (a)-[r:{edge} {{relation: row.relation}}]->(b)\n"
        "SET r += row.props\n" + _merged("r", "platforms", "row.platforms") + "RETURN count(*) AS written"
    )


def upsert_interactions(schema: GraphSchema, type: str) -> str:
    """Rows of ``user``, ``item``, ``key``, ``kind``, ``platform``, ``time``, ``weight``."""
    behaviour, ends = interaction_type(schema, type), schema.interactions[type]
    return (
        "UNWIND $rows AS row\n"
        f"MATCH (a:{node_label(schema, ends.user)} {{uid: row.user}})\n"
        f"MATCH (b:{node_label(schema, ends.item)} {{uid: row.item}})\n"
        f"MERGE (a)-[r:{behaviour} {{key: row.key}}]->(b)\n"
        "SET r.kind = row.kind, r.platform = row.platform, r.time = row.time, r.weight = row.weight\n"
        "RETURN count(*) AS written"
    )


def delete_user(schema: GraphSchema) -> str:
    """Remove the user ``$uid`` with every edge; one row with the interactions ``removed``, none for an unknown user."""
    return (
        f"MATCH (n:{node_label(schema, schema.user_type)} {{uid: $uid}})\n"
        f"OPTIONAL MATCH (n)-[r:{_behaviour(schema)}]->()\n"
        "WITH n, count(r) AS removed\n"
        "DETACH DELETE n\n"
        "RETURN removed"
    )


# --- reading whole types, in the order of the exports ---


def _node_columns(schema: GraphSchema, type: str) -> str:
    return ", ".join(f"n.{_quoted(name)} AS {_quoted(name)}" for name in property_names(schema, type))


def one_node(schema: GraphSchema, type: str) -> str:
    """The node ``$uid``: its schema properties, ``aliases`` and ``platforms``."""
    return (
        f"MATCH (n:{node_label(schema, type)} {{uid: $uid}}) "
        f"RETURN {_node_columns(schema, type)}, n.aliases AS aliases, n.platforms AS platforms"
    )


def all_nodes(schema: GraphSchema, type: str) -> str:
    """Every node of a type, by uid."""
    return f"MATCH (n:{node_label(schema, type)}) RETURN {_node_columns(schema, type)} ORDER BY uid"


def all_edges(schema: GraphSchema, type: str) -> str:
    """Every fact of a type."""
    return (
        f"MATCH (a)-[r:{edge_type(schema, type)}]->(b) RETURN labels(a)[0] AS source_type, a.uid AS source, "
        "r.relation AS relation, labels(b)[0] AS target_type, b.uid AS target "
        "ORDER BY source_type, source, relation, target_type, target"
    )


def all_interactions(schema: GraphSchema, type: str) -> str:
    """Every interaction of a type."""
    return (
        f"MATCH (a)-[r:{interaction_type(schema, type)}]->(b) RETURN a.uid AS user, b.uid AS item, r.kind AS kind, "
        "r.platform AS platform, r.time AS time, r.weight AS weight, r.key AS key ORDER BY user, item, key"
    )


# --- pieces of the path look-up ---


def neighbours(schema: GraphSchema) -> str:
    """Facts of the item ``$uid``, both directions, those with rare other ends first, without hubs.

    The item ``$far``, where the path is to end, is kept whatever its degree: nobody walks through it.
    """
    item, facts = node_label(schema, schema.item_type), _facts(schema)
    return (
        f"MATCH (a:{item} {{uid: $uid}})-[r:{facts}]-(x)\n"
        f"WITH a, r, x, COUNT {{ (x)-[:{facts}]-() }} AS degree\n"
        f"WHERE degree <= $max_degree OR (x.uid = $far AND x:{item})\n"
        "RETURN type(r) AS edge, r.relation AS relation, startNode(r) = a AS forward, labels(x)[0] AS type, "
        "x.uid AS uid, x.name AS name, degree ORDER BY degree, type, uid, edge, relation, forward LIMIT $most"
    )


def links(schema: GraphSchema, type: str) -> str:
    """Facts between the nodes ``$uids`` of a type and any node whose uid is in ``$others``."""
    return (
        "UNWIND $uids AS wanted\n"
        f"MATCH (x:{node_label(schema, type)} {{uid: wanted}})-[r:{_facts(schema)}]-(y) WHERE y.uid IN $others\n"
        "RETURN x.uid AS source, type(r) AS edge, r.relation AS relation, startNode(r) = x AS forward, "
        "labels(y)[0] AS type, y.uid AS uid LIMIT $most"
    )


def edge_exists(schema: GraphSchema, type: str, source_type: str, target_type: str) -> str:
    """How many edges of a type and ``$relation`` lead from ``$source`` to ``$target``, as ``found``.

    For behaviour ``$relation`` is a kind, or the type's own name for any kind.
    """
    if type in schema.interactions:
        edge, condition = interaction_type(schema, type), "$relation = type(r) OR r.kind = $relation"
    else:
        edge, condition = edge_type(schema, type), "r.relation = $relation"
    return (
        f"MATCH (a:{node_label(schema, source_type)} {{uid: $source}})-[r:{edge}]->"
        f"(b:{node_label(schema, target_type)} {{uid: $target}}) WHERE {condition} RETURN count(r) AS found"
    )


# --- read queries by name ---


@dataclass(frozen=True)
class ReadQuery:
    """A query that :meth:`GraphStore.run` knows.

    Attributes:
        text: writes the Cypher for a schema, given the values of ``types``.
        parameters: what must be given beside the types.
        types: parameters that are names of the schema: checked against it and written into the text.
    """

    text: Callable[..., str]
    parameters: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def bind(self, schema: GraphSchema, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The text and its parameters; TypeError where one is missing or unknown."""
        expected = {*self.parameters, *self.types}
        if set(given) != expected:
            raise TypeError(f"the query takes {sorted(expected)}, found {sorted(given)}")
        values = {name: given[name] for name in self.parameters}
        return self.text(schema, *(given[name] for name in self.types)), values


def _counts(schema: GraphSchema) -> str:
    parts = [("nodes", name, f"(n:{node_label(schema, name)})") for name in schema.nodes]
    parts += [("edges", name, f"()-[n:{edge_type(schema, name)}]->()") for name in schema.edges]
    parts += [("interactions", name, f"()-[n:{interaction_type(schema, name)}]->()") for name in schema.interactions]
    return " UNION ALL ".join(
        f"MATCH {pattern} WITH count(n) AS n RETURN '{part}' AS part, '{name}' AS type, n"
        for part, name, pattern in parts
    )


def _history_of_user(schema: GraphSchema) -> str:
    return (
        f"MATCH (u:{node_label(schema, schema.user_type)} {{uid: $user}})-[r:{_behaviour(schema)}]->(i) "
        "RETURN type(r) AS type, i.uid AS item, i.name AS name, r.kind AS kind, r.platform AS platform, "
        "r.time AS time, r.weight AS weight, r.key AS key ORDER BY time, type, item, key"
    )


def _who_else(schema: GraphSchema) -> str:
    item, user = node_label(schema, schema.item_type), node_label(schema, schema.user_type)
    return (
        f"MATCH (i:{item} {{uid: $item}})<-[r:{_behaviour(schema)}]-(u:{user}) "
        "RETURN u.uid AS user, count(r) AS times, max(r.time) AS last ORDER BY times DESC, user LIMIT $limit"
    )


def _items_sharing_facts(schema: GraphSchema) -> str:
    item, facts = node_label(schema, schema.item_type), _facts(schema)
    return (
        f"MATCH (a:{item} {{uid: $item}})-[:{facts}]-(x)\n"
        f"WITH DISTINCT a, x WHERE COUNT {{ (x)-[:{facts}]-() }} <= $max_degree\n"
        f"MATCH (x)-[:{facts}]-(b:{item}) WHERE b.uid <> $item\n"
        "RETURN b.uid AS item, b.name AS name, count(DISTINCT x) AS shared ORDER BY shared DESC, item LIMIT $limit"
    )


def _paths_2(schema: GraphSchema) -> str:
    item, facts = node_label(schema, schema.item_type), _facts(schema)
    return (
        f"MATCH (a:{item} {{uid: $source}})-[r1:{facts}]-(x)-[r2:{facts}]-(b:{item} {{uid: $target}})\n"
        f"WITH r1, x, r2, COUNT {{ (x)-[:{facts}]-() }} AS degree WHERE degree <= $max_degree\n"
        "RETURN type(r1) AS first, labels(x)[0] AS middle_type, x.uid AS middle, x.name AS name, type(r2) AS second, "
        "degree ORDER BY degree, middle_type, middle, first, second LIMIT $limit"
    )


def _paths_3(schema: GraphSchema) -> str:
    item, facts = node_label(schema, schema.item_type), _facts(schema)
    return (
        f"MATCH (a:{item} {{uid: $source}})-[r1:{facts}]-(x)\n"
        f"WITH a, r1, x, COUNT {{ (x)-[:{facts}]-() }} AS degree1 WHERE degree1 <= $max_degree\n"
        f"MATCH (x)-[r2:{facts}]-(y)-[r3:{facts}]-(b:{item} {{uid: $target}})\n"
        "WHERE x <> b AND y <> a AND x <> y\n"
        f"WITH r1, x, degree1, r2, y, r3, COUNT {{ (y)-[:{facts}]-() }} AS degree2 WHERE degree2 <= $max_degree\n"
        "RETURN type(r1) AS first, x.uid AS middle1, type(r2) AS second, y.uid AS middle2, type(r3) AS third, "
        "degree1 + degree2 AS degree ORDER BY degree, middle1, middle2, first, second, third LIMIT $limit"
    )


def _node_degree(schema: GraphSchema, type: str) -> str:
    label = node_label(schema, type)
    return (
        f"MATCH (n:{label} {{uid: $uid}}) RETURN COUNT {{ (n)-[:{_facts(schema)}]-() }} AS facts, "
        f"COUNT {{ (n)-[:{_behaviour(schema)}]-() }} AS interactions"
    )


def _nodes_named(schema: GraphSchema, type: str) -> str:
    return (
        f"MATCH (n:{node_label(schema, type)}) WHERE toLower(n.name) CONTAINS toLower($name) "
        "RETURN n.uid AS uid, n.name AS name ORDER BY size(name), name, uid LIMIT $limit"
    )


READ_QUERIES: Mapping[str, ReadQuery] = {
    "counts": ReadQuery(_counts),
    "history_of_user": ReadQuery(_history_of_user, ("user",)),
    "who_else": ReadQuery(_who_else, ("item", "limit")),
    "items_sharing_facts": ReadQuery(_items_sharing_facts, ("item", "max_degree", "limit")),
    "paths_between_items_2": ReadQuery(_paths_2, ("source", "target", "max_degree", "limit")),
    "paths_between_items_3": ReadQuery(_paths_3, ("source", "target", "max_degree", "limit")),
    "node_degree": ReadQuery(_node_degree, ("uid",), ("type",)),
    "nodes_named": ReadQuery(_nodes_named, ("name", "limit"), ("type",)),
}
"""What each returns is in its RETURN; ``max_degree`` leaves out hubs, ``limit`` bounds the rows."""
