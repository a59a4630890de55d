"""The shape of a graph: what its schema says of how things are kept, beside words and sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgrec.schema.model import EdgeType, GraphSchema, NodeType, PropertySpec


def shape_of(schema: GraphSchema) -> dict[str, Any]:
    """Types with their roles, properties and ends, as plain data; a pseudonym is another thing than what it is of."""
    return {
        "nodes": {name: _of_node(node) for name, node in schema.nodes.items()},
        "edges": {name: _of_edge(edge) for name, edge in schema.edges.items()},
        "interactions": {name: {"user": of.user, "item": of.item} for name, of in schema.interactions.items()},
    }


def makes_pseudonyms(schema: GraphSchema) -> bool:
    """Whether an import needs the key of pseudonyms."""
    masked = any(spec.personal == "mask" for specs in properties_of(schema).values() for spec in specs.values())
    return masked or pseudonymous_users(schema)


def properties_of(schema: GraphSchema) -> dict[str, dict[str, PropertySpec]]:
    """Properties of each node and edge type."""
    of_nodes = {name: node.properties for name, node in schema.nodes.items()}
    return of_nodes | {name: edge.properties for name, edge in schema.edges.items()}


def pseudonymous_users(schema: GraphSchema) -> bool:
    """Whether the ids of users are pseudonyms."""
    return schema.nodes[schema.user_type].pseudonymise


def _of_node(node: NodeType) -> dict[str, Any]:
    shape: dict[str, Any] = {"role": node.role, "properties": {n: _kept(of) for n, of in node.properties.items()}}
    return shape | ({"pseudonymise": True} if node.pseudonymise else {})


def _of_edge(edge: EdgeType) -> dict[str, Any]:
    shape: dict[str, Any] = {"source": edge.source, "target": edge.target}
    personal = {name: of.personal for name, of in edge.properties.items() if of.personal}
    return shape | ({"personal": personal} if personal else {})


def _kept(spec: PropertySpec) -> str:
    return spec.type if spec.personal is None else f"{spec.type}, {spec.personal}"
