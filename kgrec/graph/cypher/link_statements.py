"""The Cypher that looks up links of accounts, one text for the embedded store and Neo4j 5."""

from __future__ import annotations

from kgrec.graph.cypher.schema_names import edge_property_names, edge_type, node_label, property_names, quoted
from kgrec.schema.model import GraphSchema


def link_types(schema: GraphSchema) -> tuple[str, ...]:
    """Edge types that say that two accounts are one person."""
    return tuple(name for name, edge in schema.edges.items() if edge.role == "same_person")


def key_names(schema: GraphSchema) -> tuple[str, ...]:
    """Properties of users that only accounts of one person share; ValueError for one that is not of the schema."""
    persons = schema.nodes[schema.user_type].persons
    keys = () if persons is None else persons.keys
    for name in keys:
        if name not in property_names(schema, schema.user_type)[1:]:
            raise ValueError(f"{name[:80]!r} is not a property of {schema.user_type} in the schema")
    return keys


def stated_links(schema: GraphSchema, type: str) -> str:
    """Edges of a type between the account ``$user`` and others, from either end."""
    user = node_label(schema, schema.user_type)
    known = edge_property_names(schema, type)
    columns = ", ".join(
        f"r.{quoted(name)} AS {name}" if name in known else f"null AS {name}" for name in ("confidence", "since")
    )
    return (
        f"MATCH (a:{user} {{uid: $user}})-[r:{edge_type(schema, type)}]-(b:{user})\n"
        "RETURN b.uid AS other, r.relation AS relation, startNode(r).uid = $user AS forward, "
        f"{columns}, coalesce(r.platforms, []) AS platforms ORDER BY other, relation, forward"
    )


def keys_of(schema: GraphSchema) -> str:
    """The keys of the account ``$user``, a column each."""
    columns = ", ".join(f"n.{quoted(name)} AS {quoted(name)}" for name in key_names(schema))
    return f"MATCH (n:{node_label(schema, schema.user_type)} {{uid: $user}}) RETURN {columns}"


def sharing_key(schema: GraphSchema, name: str) -> str:
    """Other accounts than ``$user`` whose key has the value ``$value``, at most ``$limit``."""
    user = node_label(schema, schema.user_type)
    return (
        f"MATCH (b:{user} {{{quoted(name)}: $value}}) WHERE b.uid <> $user "
        "RETURN b.uid AS other, coalesce(b.platforms, []) AS platforms LIMIT $limit"
    )


def key_indexes(schema: GraphSchema) -> list[str]:
    """One index for each key; creating it again changes nothing."""
    user = schema.user_type
    return [
        f"CREATE INDEX kgrec_{user}_{name}_key IF NOT EXISTS FOR (n:{node_label(schema, user)}) ON (n.{quoted(name)})"
        for name in key_names(schema)
    ]
