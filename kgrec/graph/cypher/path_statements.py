"""The Cypher of the path look-up: neighbourhoods, edges in the middle, and whether edges exist."""

from __future__ import annotations

from collections.abc import Sequence

from kgrec.graph.cypher.schema_names import any_fact, edge_type, fact_types, interaction_type, node_label, type_of
from kgrec.schema.model import GraphSchema


def neighbours(schema: GraphSchema) -> str:
    """Facts of the items ``$ends`` (maps of ``uid`` and ``far``), both directions, without hubs, the rarest first.

    One record per item that has any, with ``rows`` of edge, relation, forward, type, uid, name, degree.

    The items ``far``, where paths are to end, are kept whatever their degree: nobody walks through them.
    """
    item, facts = node_label(schema, schema.item_type), any_fact(schema)
    return (
        f"UNWIND $ends AS one CALL (one) {{ MATCH (a:{item} {{uid: one.uid}})-[r:{facts}]-(x)\n"
        f"WITH one, a, r, x, COUNT {{ (x)-[:{facts}]-() }} AS degree\n"
        f"WHERE degree <= $max_degree OR (x.uid IN one.far AND x:{item})\n"
        "WITH a.name AS start_name, type(r) AS edge, r.relation AS relation, startNode(r) = a AS forward, "
        f"{type_of('x', _fact_ends(schema))} AS type, x.uid AS uid, x.name AS name, degree "
        "ORDER BY degree, type, uid, edge, relation, forward LIMIT $most\n"
        "RETURN start_name, collect([edge, relation, forward, type, uid, name, degree]) AS rows }\n"
        "RETURN one.uid AS start, start_name, rows"
    )


def links(schema: GraphSchema, type: str) -> str:
    """Facts between the nodes ``$uids`` of a type and any node whose uid is in ``$others``.

    One record, with ``rows`` of source, edge, relation, forward, type, uid.
    """
    return (
        "UNWIND $uids AS wanted\n"
        f"MATCH (x:{node_label(schema, type)} {{uid: wanted}})-[r:{any_fact(schema)}]-(y) WHERE y.uid IN $others\n"
        "WITH x.uid AS source, type(r) AS edge, r.relation AS relation, startNode(r) = x AS forward, "
        f"{type_of('y', _fact_ends(schema))} AS type, y.uid AS uid "
        "ORDER BY source, type, uid, edge, relation, forward LIMIT $most\n"
        "RETURN collect([source, edge, relation, forward, type, uid]) AS rows"
    )


def _fact_ends(schema: GraphSchema) -> list[str]:
    """Node types that facts lead from or to."""
    return sorted(
        {end for name in fact_types(schema) for end in (*schema.edges[name].source, *schema.edges[name].target)}
    )


def edges_that_exist(schema: GraphSchema, ends: Sequence[tuple[str, str, str]]) -> str:
    """Those of some rows (lists of source, target, relation and a number) that are edges in the graph.

    One record for each edge type with its source and target types in ``ends``, whose rows are ``$rows0``, ``$rows1``
    and so on; ``held`` are the numbers of those that are there. For an interaction the relation is a kind, or the
    type's own name for any kind.
    """
    return "\nUNION ALL\n".join(_edges_that_exist(schema, f"$rows{n}", *one) for n, one in enumerate(ends))


def _edges_that_exist(schema: GraphSchema, rows: str, type: str, source_type: str, target_type: str) -> str:
    if type in schema.interactions:
        edge, condition = interaction_type(schema, type), "row[2] = type(r) OR r.kind = row[2]"
    else:
        edge, condition = edge_type(schema, type), "r.relation = row[2]"
    return (
        f"UNWIND {rows} AS row MATCH (a:{node_label(schema, source_type)} {{uid: row[0]}})-[r:{edge}]->"
        f"(b:{node_label(schema, target_type)} {{uid: row[1]}}) WHERE {condition} "
        "RETURN collect(DISTINCT row[3]) AS held"
    )
