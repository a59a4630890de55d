"""The Cypher that takes statements back: the reverse of the upserts, one text for the embedded store and Neo4j 5.

Each takes ``$rows`` and returns how many nodes or relationships went as ``removed``. A node or a fact that several
platforms state goes with the last of them; until then it only loses the platform.
"""

from __future__ import annotations

from kgrec.graph.cypher.publication_statements import RECOMMENDED, SIMILAR
from kgrec.graph.cypher.schema_names import (
    edge_property_names,
    edge_type,
    interaction_type,
    node_label,
    property_names,
    quoted,
)
from kgrec.schema.model import GraphSchema


def _others(owner: str, platform: str) -> str:
    """The platforms that state something beside one."""
    return f"[x IN coalesce({owner}.platforms, []) WHERE x <> {platform}]"


def retract_nodes(schema: GraphSchema, type: str) -> tuple[str, str]:
    """Rows of uid, platform. A node stays as long as it has relationships; lists that were published do not count."""
    found = f"UNWIND $rows AS row\nMATCH (n:{node_label(schema, type)} {{uid: row[0]}})\n"
    return (
        f"{found}WHERE size({_others('n', 'row[1]')}) = 0\n"
        f"AND NOT EXISTS {{ MATCH (n)-[r]-() WHERE NOT type(r) IN ['{RECOMMENDED}', '{SIMILAR}'] }}\n"
        "DETACH DELETE n\nRETURN count(*) AS removed",
        f"{found}WHERE row[1] IN coalesce(n.platforms, [])\n"
        f"SET n.platforms = {_others('n', 'row[1]')}\nRETURN 0 AS removed",
    )


def unset_property(schema: GraphSchema, type: str, name: str) -> str:
    """Rows of uid. A node without a name is called by its uid again."""
    label = node_label(schema, type)
    if name not in property_names(schema, type)[1:]:
        raise ValueError(f"{name[:80]!r} is not a property of {type} in the schema")
    value = "n.uid" if name == "name" else "null"
    return (
        f"UNWIND $rows AS row\nMATCH (n:{label} {{uid: row[0]}})\n"
        f"SET n.{quoted(name)} = {value}\nRETURN count(*) AS removed"
    )


def retract_edges(schema: GraphSchema, type: str, source_type: str, target_type: str) -> tuple[str, str]:
    """Rows of source, target, relation, platform."""
    found = (
        "UNWIND $rows AS row\n"
        f"MATCH (a:{node_label(schema, source_type)} {{uid: row[0]}})\n"
        f"MATCH (b:{node_label(schema, target_type)} {{uid: row[1]}})\n"
        f"MATCH (a)-[r:{edge_type(schema, type)} {{relation: row[2]}}]->(b)\n"
    )
    return (
        f"{found}WHERE size({_others('r', 'row[3]')}) = 0\nDELETE r\nRETURN count(*) AS removed",
        f"{found}WHERE row[3] IN coalesce(r.platforms, [])\n"
        f"SET r.platforms = {_others('r', 'row[3]')}\nRETURN 0 AS removed",
    )


def unset_fact_property(schema: GraphSchema, type: str, source_type: str, target_type: str, name: str) -> str:
    """Rows of source, target, relation."""
    if name not in edge_property_names(schema, type):
        raise ValueError(f"{name[:80]!r} is not a property of {type} in the schema")
    return (
        "UNWIND $rows AS row\n"
        f"MATCH (a:{node_label(schema, source_type)} {{uid: row[0]}})\n"
        f"MATCH (b:{node_label(schema, target_type)} {{uid: row[1]}})\n"
        f"MATCH (a)-[r:{edge_type(schema, type)} {{relation: row[2]}}]->(b)\n"
        f"SET r.{quoted(name)} = null\nRETURN count(*) AS removed"
    )


def retract_interactions(schema: GraphSchema, type: str) -> tuple[str, ...]:
    """Rows of user, item, key, in which the platform is."""
    ends = schema.interactions[type]
    return (
        "UNWIND $rows AS row\n"
        f"MATCH (a:{node_label(schema, ends.user)} {{uid: row[0]}})\n"
        f"MATCH (b:{node_label(schema, ends.item)} {{uid: row[1]}})\n"
        f"MATCH (a)-[r:{interaction_type(schema, type)} {{key: row[2]}}]->(b)\n"
        "DELETE r\nRETURN count(*) AS removed",
    )
