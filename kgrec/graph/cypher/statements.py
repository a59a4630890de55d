"""The Cypher statements of the stores, one text for the embedded store and Neo4j 5.

Those that people run by name are in :mod:`kgrec.graph.cypher.look_ups`, those to paste in
:mod:`kgrec.graph.cypher.pasteable`, those of paths in :mod:`kgrec.graph.cypher.path_statements`.

Names come from :mod:`kgrec.graph.cypher.schema_names`; values are parameters always. Patterns have a fixed length;
whatever may meet a hub has a degree cap and a LIMIT.
"""

from __future__ import annotations

from collections.abc import Iterable

from kgrec.graph.cypher.link_statements import key_indexes
from kgrec.graph.cypher.schema_names import (
    any_interaction,
    edge_property_names,
    edge_type,
    interaction_type,
    node_label,
    property_names,
    quoted,
    type_of,
)
from kgrec.schema.meanings import VALIDITY
from kgrec.schema.model import GraphSchema

# --- bookkeeping: labels that start with Kgrec, in no count and no export ---

PING = "RETURN 1 AS answer"
READ_GRAPH = (
    "MATCH (m:KgrecGraph {uid: 'graph'}) RETURN m.format AS format, m.graph_id AS graph_id, "
    "m.fingerprint AS fingerprint, m.schema_json AS schema_json, m.pseudonym_key AS pseudonym_key"
)
CREATE_GRAPH = "MERGE (m:KgrecGraph {uid: 'graph'}) ON CREATE SET m.graph_id = $graph_id, m += $props"
WRITE_GRAPH = "MATCH (m:KgrecGraph {uid: 'graph'}) SET m += $props"
READ_LEDGER = "MATCH (m:KgrecImport {uid: $source}) RETURN m.batches AS batches"
ANY_RELATIONSHIP = "MATCH ()-[r]->() RETURN 1 AS found LIMIT 1"
WRITE_LEDGER = "MERGE (m:KgrecImport {uid: $source}) SET m.batches = $batches"


def constraints(schema: GraphSchema) -> list[str]:
    """One uniqueness constraint per node type and for the bookkeeping, and an index per key of accounts.

    Creating them again changes nothing.
    """
    labels = {name: node_label(schema, name) for name in schema.nodes}
    labels |= {name: f"`{name}`" for name in ("KgrecGraph", "KgrecImport")}
    return [
        f"CREATE CONSTRAINT kgrec_{name}_uid IF NOT EXISTS FOR (n:{label}) REQUIRE n.uid IS UNIQUE"
        for name, label in labels.items()
    ] + key_indexes(schema)


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


def create_nodes(schema: GraphSchema, type: str) -> str:
    """Rows of ``uid``, ``name``, ``props`` with everything else of a node that is not there yet."""
    return (
        "UNWIND $rows AS row\n"
        f"CREATE (n:{node_label(schema, type)} {{uid: row.uid, name: row.name}})\n"
        "SET n += row.props\n"
        "RETURN count(*) AS written"
    )


# Rows that come by the million are lists: the names in maps would be half of what is sent and read.


def upsert_edges(schema: GraphSchema, type: str, source_type: str, target_type: str) -> str:
    """Rows of source, target, relation, properties (a map), platforms."""
    edge = edge_type(schema, type)
    if source_type not in schema.edges[type].source or target_type not in schema.edges[type].target:
        raise ValueError(f"{type} does not lead from {source_type[:80]!r} to {target_type[:80]!r} in the schema")
    return (
        "UNWIND $rows AS row\n"
        f"MATCH (a:{node_label(schema, source_type)} {{uid: row[0]}})\n"
        f"MATCH (b:{node_label(schema, target_type)} {{uid: row[1]}})\n"
        f"MERGE (a)-[r:{edge} {{relation: row[2]}}]->(b)\n"
        "SET r += row[3]\n" + _merged("r", "platforms", "row[4]") + "RETURN count(*) AS written"
    )


def upsert_interactions(schema: GraphSchema, type: str) -> str:
    """Rows of user, item, key, kind, platform, time, weight, context."""
    interaction, ends = interaction_type(schema, type), schema.interactions[type]
    return (
        "UNWIND $rows AS row\n"
        f"MATCH (a:{node_label(schema, ends.user)} {{uid: row[0]}})\n"
        f"MATCH (b:{node_label(schema, ends.item)} {{uid: row[1]}})\n"
        f"MERGE (a)-[r:{interaction} {{key: row[2]}}]->(b)\n"
        "SET r.kind = row[3], r.platform = row[4], r.time = row[5], r.weight = row[6], "
        "r.context = row[7]\n"
        "RETURN count(*) AS written"
    )


def delete_expired(schema: GraphSchema, type: str) -> str:
    """Remove ``$most`` interactions of a type that were done from ``$first`` on and before ``$before``; ``removed``.

    Of ``$kinds``, or where these are none of all kinds but ``$others``.
    """
    return (
        f"MATCH ()-[r:{interaction_type(schema, type)}]->() WHERE r.time >= $first AND r.time < $before "
        "AND (size($kinds) = 0 OR r.kind IN $kinds) AND NOT r.kind IN $others\n"
        "WITH r LIMIT $most DELETE r RETURN count(*) AS removed"
    )


def delete_user(schema: GraphSchema) -> str:
    """Remove the user ``$uid`` with every edge; one row with the interactions ``removed``, none for an unknown user."""
    return (
        f"MATCH (n:{node_label(schema, schema.user_type)} {{uid: $uid}})\n"
        f"OPTIONAL MATCH (n)-[r:{any_interaction(schema)}]->()\n"
        "WITH n, count(r) AS removed\n"
        "DETACH DELETE n\n"
        "RETURN removed"
    )


# --- everything about one user, as rows of maps: each takes ``$uid`` ---


def user_interactions(schema: GraphSchema) -> str:
    """What the user did, oldest first, with the names of the items."""
    return (
        f"MATCH (n:{node_label(schema, schema.user_type)} {{uid: $uid}})-[r:{any_interaction(schema)}]->(i)\n"
        "RETURN type(r) AS type, i.uid AS item, i.name AS name, r.kind AS kind, r.platform AS platform, "
        "r.time AS time, r.weight AS weight, r.key AS key, r.context AS context ORDER BY time, type, item, key"
    )


def user_facts(schema: GraphSchema, type: str, outwards: bool) -> str:
    """Facts of a type that start at the user, or lead there: ``relation``, the other end and the properties."""
    user, edge = node_label(schema, schema.user_type), edge_type(schema, type)
    names = "".join(f", r.{quoted(name)} AS {quoted(name)}" for name in edge_property_names(schema, type))
    others = schema.edges[type].target if outwards else schema.edges[type].source
    pattern = f"(n:{user} {{uid: $uid}})-[r:{edge}]->(x)" if outwards else f"(x)-[r:{edge}]->(n:{user} {{uid: $uid}})"
    return (
        f"MATCH {pattern}\nRETURN r.relation AS relation, {type_of('x', others)} AS _type, x.uid AS _uid, "
        f"x.name AS _name, r.platforms AS platforms{names} ORDER BY relation, _type, _uid"
    )


# --- reading whole types, in the order of the exports ---


def _node_columns(schema: GraphSchema, type: str) -> str:
    return ", ".join(f"n.{quoted(name)} AS {quoted(name)}" for name in property_names(schema, type))


def one_node(schema: GraphSchema, type: str) -> str:
    """The node ``$uid``: its schema properties, ``aliases`` and ``platforms``."""
    return (
        f"MATCH (n:{node_label(schema, type)} {{uid: $uid}}) "
        f"RETURN {_node_columns(schema, type)}, n.aliases AS aliases, n.platforms AS platforms"
    )


# A driver spends most of its time per record: what a node has comes as one record with a list of rows, as wide as the
# names say. Nodes come one after the other, so neither side ever holds a whole type.

INTERACTION_ROW = ("item", "kind", "platform", "time", "weight")
"""What a history is read from; an export has the ``context`` besides."""


def edges_of(schema: GraphSchema, type: str) -> str:
    """Facts of a type from a node: ``source`` and its ``rows`` of relation, type of the target, target and validity."""
    edge, declared = edge_type(schema, type), edge_property_names(schema, type)
    holds = ", ".join(f"r.{name}" if name in declared else "null" for name in VALIDITY)
    return (
        f"CALL (n) {{ MATCH (n)-[r:{edge}]->(b) "
        f"WITH r, r.relation AS relation, {type_of('b', schema.edges[type].target)} AS target_type, b.uid AS target "
        f"ORDER BY relation, target_type, target RETURN collect([relation, target_type, target, {holds}]) AS rows }}\n"
        "WITH n, rows WHERE size(rows) > 0 RETURN n.uid AS source, rows"
    )


def interactions_of(schema: GraphSchema, type: str) -> str:
    """Interactions of a type of a user: ``user`` and their ``rows``, INTERACTION_ROW and context."""
    return (
        f"CALL (n) {{ MATCH (n)-[r:{interaction_type(schema, type)}]->(b) "
        "WITH b.uid AS item, r ORDER BY item, r.key "
        "RETURN collect([item, r.kind, r.platform, r.time, r.weight, r.context]) AS rows }\n"
        "WITH n, rows WHERE size(rows) > 0 RETURN n.uid AS user, rows"
    )


def history_of(schema: GraphSchema) -> str:
    """Interactions of the user ``$user``, oldest first: one record, ``rows`` of type and INTERACTION_ROW."""
    return (
        f"MATCH (u:{node_label(schema, schema.user_type)} {{uid: $user}})-[r:{any_interaction(schema)}]->(i)\n"
        "WITH type(r) AS type, i.uid AS item, r ORDER BY r.time, type, item, r.key\n"
        "RETURN collect([type, item, r.kind, r.platform, r.time, r.weight]) AS rows"
    )


def node_of(schema: GraphSchema, type: str) -> str:
    """The schema properties of a node."""
    return f"RETURN {_node_columns(schema, type)}"


def _by_uid(label: str, name: str) -> str:
    """Nodes in the order of their key's index: what follows is sorted within a node only, whatever the type's size."""
    return f"MATCH ({name}:{label}) WHERE {name}.uid IS NOT NULL WITH {name} ORDER BY {name}.uid"


# --- a whole graph with everything that is stored, for copies of it: each goes on from nodes `n`, all or some ---

READ_LEDGERS = "MATCH (m:KgrecImport) RETURN m.uid AS uid, m.batches AS batches ORDER BY uid"


def all_of(schema: GraphSchema, type: str) -> str:
    """The nodes of a type, by uid."""
    return _by_uid(node_label(schema, type), "n")


def some_of(schema: GraphSchema, type: str) -> str:
    """The nodes of a type whose uid is in ``$uids``, in that order."""
    return f"UNWIND $uids AS wanted MATCH (n:{node_label(schema, type)} {{uid: wanted}})"


def whole_node(schema: GraphSchema, type: str) -> str:
    """A node as it is stored: its schema properties, ``aliases`` and ``platforms``."""
    return f"RETURN {_node_columns(schema, type)}, n.aliases AS aliases, n.platforms AS platforms"


def whole_edges(schema: GraphSchema, type: str, target_type: str) -> str:
    """Facts from a node to a type: ``_source`` and ``_target`` (uids), ``relation``, properties, ``platforms``."""
    names = ("relation", *edge_property_names(schema, type), "platforms")
    return _whole_relationships(edge_type(schema, type), node_label(schema, target_type), names)


def whole_interactions(schema: GraphSchema, type: str) -> str:
    """Interactions of a user as they are stored, with the uids of their ends as ``_source`` and ``_target``."""
    item = node_label(schema, schema.interactions[type].item)
    return _whole_relationships(
        interaction_type(schema, type), item, ("key", "kind", "platform", "time", "weight", "context")
    )


def _whole_relationships(relationship: str, target: str, names: Iterable[str]) -> str:
    # No property starts with _, so that none can be taken for an end.
    columns = ", ".join(f"r.{quoted(name)} AS {quoted(name)}" for name in names)
    return (
        f"MATCH (n)-[r:{relationship}]->(b:{target}) WHERE b.uid IS NOT NULL "
        f"RETURN n.uid AS _source, b.uid AS _target, {columns}"
    )
