"""Look-ups by name: what :meth:`GraphStore.run` knows, and what ``kgrec cypher`` prints to paste.

Each is one text for the embedded store and Neo4j 5. What it returns is in its RETURN; ``max_degree`` leaves out hubs,
``limit`` bounds the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kgrec.graph.cypher.schema_names import (
    any_fact,
    any_interaction,
    edge_property_names,
    edge_type,
    fact_types,
    interaction_type,
    node_label,
    type_of,
)
from kgrec.schema.meanings import VALIDITY
from kgrec.schema.model import GraphSchema

MOST_MIDDLES = 1_000
"""Nodes that paths of a user to an item are looked for through, those with the fewest facts first."""


@dataclass(frozen=True)
class ReadQuery:
    """A query that :meth:`GraphStore.run` knows.

    Attributes:
        about: what it answers, one line.
        text: writes the Cypher for a schema, given the values of ``types``.
        parameters: what must be given beside the types.
        types: parameters that are names of the schema: checked against it and written into the text.
    """

    about: str
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
    return "\nUNION ALL\n".join(
        # A subquery of its own, so that the store counts without a look at each of them.
        f"CALL () {{ MATCH {pattern} RETURN count(n) AS n }} RETURN '{part}' AS part, '{name}' AS type, n"
        for part, name, pattern in parts
    )


def _history_of_user(schema: GraphSchema) -> str:
    return (
        f"MATCH (u:{node_label(schema, schema.user_type)} {{uid: $user}})-[r:{any_interaction(schema)}]->(i) "
        "RETURN type(r) AS type, i.uid AS item, i.name AS name, r.kind AS kind, r.platform AS platform, "
        "r.time AS time, r.weight AS weight, r.key AS key ORDER BY time, type, item, key"
    )


def _who_else(schema: GraphSchema) -> str:
    item, user = node_label(schema, schema.item_type), node_label(schema, schema.user_type)
    return (
        f"MATCH (i:{item} {{uid: $item}})<-[r:{any_interaction(schema)}]-(u:{user}) "
        "RETURN u.uid AS user, count(r) AS times, max(r.time) AS last ORDER BY times DESC, user LIMIT $limit"
    )


def _items_sharing_facts(schema: GraphSchema) -> str:
    item, facts = node_label(schema, schema.item_type), any_fact(schema)
    return (
        f"MATCH (a:{item} {{uid: $item}})-[:{facts}]-(x)\n"
        f"WITH DISTINCT a, x WHERE COUNT {{ (x)-[:{facts}]-() }} <= $max_degree\n"
        f"MATCH (x)-[:{facts}]-(b:{item}) WHERE b.uid <> $item\n"
        "RETURN b.uid AS item, b.name AS name, count(DISTINCT x) AS shared ORDER BY shared DESC, item LIMIT $limit"
    )


def _paths_of_user(schema: GraphSchema) -> str:
    item, user, facts = node_label(schema, schema.item_type), node_label(schema, schema.user_type), any_fact(schema)
    return (
        f"MATCH (b:{item} {{uid: $item}})-[r2:{facts}]-(x)\n"
        f"WITH b, r2, x, COUNT {{ (x)-[:{facts}]-() }} AS degree WHERE degree > 1 AND degree <= $max_degree\n"
        f"WITH b, r2, x, degree ORDER BY degree, x.uid LIMIT {MOST_MIDDLES}\n"
        f"MATCH (x)-[r1:{facts}]-(a:{item})<-[r:{any_interaction(schema)}]-(:{user} {{uid: $user}})\n"
        "WHERE a <> b AND a <> x\n"
        "RETURN a.uid AS past, a.name AS past_name, count(DISTINCT r) AS times, type(r1) AS first, "
        "r1.relation AS first_relation, labels(x)[0] AS middle_type, x.uid AS middle, x.name AS name, "
        "type(r2) AS second, r2.relation AS second_relation, degree\n"
        "ORDER BY degree, middle_type, middle, past, first, first_relation, second, second_relation LIMIT $limit"
    )


def _paths_2(schema: GraphSchema) -> str:
    item, facts = node_label(schema, schema.item_type), any_fact(schema)
    return (
        f"MATCH (a:{item} {{uid: $source}})-[r1:{facts}]-(x)-[r2:{facts}]-(b:{item} {{uid: $target}})\n"
        f"WITH r1, x, r2, COUNT {{ (x)-[:{facts}]-() }} AS degree WHERE degree <= $max_degree\n"
        "RETURN type(r1) AS first, labels(x)[0] AS middle_type, x.uid AS middle, x.name AS name, type(r2) AS second, "
        "degree ORDER BY degree, middle_type, middle, first, second LIMIT $limit"
    )


def _paths_3(schema: GraphSchema) -> str:
    item, facts = node_label(schema, schema.item_type), any_fact(schema)
    return (
        f"MATCH (a:{item} {{uid: $source}})-[r1:{facts}]-(x)\n"
        f"WITH a, r1, x, COUNT {{ (x)-[:{facts}]-() }} AS degree1 WHERE degree1 <= $max_degree\n"
        f"MATCH (x)-[r2:{facts}]-(y)-[r3:{facts}]-(b:{item} {{uid: $target}})\n"
        "WHERE x <> b AND y <> a AND x <> y\n"
        f"WITH r1, x, degree1, r2, y, r3, COUNT {{ (y)-[:{facts}]-() }} AS degree2 WHERE degree2 <= $max_degree\n"
        "RETURN type(r1) AS first, x.uid AS middle1, type(r2) AS second, y.uid AS middle2, type(r3) AS third, "
        "degree1 + degree2 AS degree ORDER BY degree, middle1, middle2, first, second, third LIMIT $limit"
    )


def ending_types(schema: GraphSchema) -> tuple[str, ...]:
    """Fact types whose facts may say until when they hold."""
    return tuple(name for name in fact_types(schema) if VALIDITY[1] in edge_property_names(schema, name))


def _ending_facts(schema: GraphSchema) -> str:
    until, parts = VALIDITY[1], []
    for name in ending_types(schema):
        ends = type_of("a", schema.edges[name].source), type_of("b", schema.edges[name].target)
        parts.append(
            f"MATCH (a)-[r:{edge_type(schema, name)}]->(b) WHERE r.{until} IS NOT NULL RETURN '{name}' AS type, "
            f"r.relation AS relation, {ends[0]} AS source_type, a.uid AS source, {ends[1]} AS target_type, "
            f"b.uid AS target, r.{until} AS until ORDER BY until DESC, source, relation, target LIMIT $limit"
        )
    return "\nUNION ALL\n".join(parts)


def _node_degree(schema: GraphSchema, type: str) -> str:
    label = node_label(schema, type)
    return (
        f"MATCH (n:{label} {{uid: $uid}}) RETURN COUNT {{ (n)-[:{any_fact(schema)}]-() }} AS facts, "
        f"COUNT {{ (n)-[:{any_interaction(schema)}]-() }} AS interactions"
    )


def _nodes_named(schema: GraphSchema, type: str) -> str:
    return (
        f"MATCH (n:{node_label(schema, type)}) WHERE toLower(n.name) CONTAINS toLower($name) "
        "RETURN n.uid AS uid, n.name AS name ORDER BY size(name), name, uid LIMIT $limit"
    )


READ_QUERIES: Mapping[str, ReadQuery] = {
    "counts": ReadQuery("how many nodes, facts and interactions of each type there are", _counts),
    "history_of_user": ReadQuery("what a user did, oldest first", _history_of_user, ("user",)),
    "who_else": ReadQuery("users who interacted with an item, the most frequent first", _who_else, ("item", "limit")),
    "items_sharing_facts": ReadQuery(
        "items that share facts with an item, most shared first", _items_sharing_facts, ("item", "max_degree", "limit")
    ),
    "paths_of_user_to_item": ReadQuery(
        "what joins the past items of a user with an item, over one node",
        _paths_of_user,
        ("user", "item", "max_degree", "limit"),
    ),
    "paths_between_items_2": ReadQuery(
        "what joins two items over one node", _paths_2, ("source", "target", "max_degree", "limit")
    ),
    "paths_between_items_3": ReadQuery(
        "what joins two items over two nodes", _paths_3, ("source", "target", "max_degree", "limit")
    ),
    "node_degree": ReadQuery("how many facts and interactions a node has", _node_degree, ("uid",), ("type",)),
    "nodes_named": ReadQuery("nodes whose name contains a text", _nodes_named, ("name", "limit"), ("type",)),
}
ALL_QUERIES: Mapping[str, ReadQuery] = {
    **READ_QUERIES,
    "ending_facts": ReadQuery(
        "facts that ended or will end, of each type those that end last first, unix seconds", _ending_facts, ("limit",)
    ),
}
"""Those that answering asks for besides."""
NUMBERS: Mapping[str, int] = {"max_degree": 500, "limit": 25}
"""Parameters that are whole numbers, with values that suit most graphs; every other one is a text."""
