"""Names of a schema, checked and quoted, as they may stand in a Cypher text.

Labels, relationship types and property names cannot be parameters in Cypher: they reach a text only through
the functions below, which take nothing that the schema does not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kgrec.schema.model import GraphSchema
from kgrec.schema.rules import RESERVED_EDGE_PROPERTIES, RESERVED_LABEL_START, RESERVED_PROPERTIES

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_NO_TYPE = f"`{RESERVED_LABEL_START}None`"  # stands where a schema has no type of a kind; nothing carries it


def quoted(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:80]!r} cannot be a name in Cypher")
    return f"`{name}`"


def _allowed(name: str, known: Iterable[str], what: str) -> str:
    if name not in known:
        raise ValueError(f"{name[:80]!r} is not {what} of the schema")
    if name.startswith(RESERVED_LABEL_START):
        raise ValueError(f"{name!r}: names that start with {RESERVED_LABEL_START} are kept for kgrec itself")
    return quoted(name)


def node_label(schema: GraphSchema, type: str) -> str:
    """A node type ready for a text; ValueError where the schema has none of that name."""
    return _allowed(type, schema.nodes, "a node type")


def edge_type(schema: GraphSchema, type: str) -> str:
    """A fact's type ready for a text; ValueError where the schema has none of that name."""
    return _allowed(type, schema.edges, "an edge type")


def interaction_type(schema: GraphSchema, type: str) -> str:
    """An interaction's type ready for a text; ValueError where the schema has none of that name."""
    return _allowed(type, schema.interactions, "an interaction type")


def property_names(schema: GraphSchema, type: str) -> tuple[str, ...]:
    """``uid``, ``name`` and the properties of a node type, in file order; ValueError for a reserved one."""
    node_label(schema, type)
    declared = [name for name in schema.nodes[type].properties if name != "name"]
    for name in declared:
        if name in RESERVED_PROPERTIES:
            raise ValueError(f"property {name!r} of {type} is reserved for the store")
        quoted(name)
    return ("uid", "name", *declared)


def edge_property_names(schema: GraphSchema, type: str) -> tuple[str, ...]:
    """Properties of an edge type beside ``relation``; ValueError for a reserved one."""
    edge_type(schema, type)
    for name in schema.edges[type].properties:
        if name in RESERVED_EDGE_PROPERTIES:
            raise ValueError(f"property {name!r} of {type} is reserved for the store")
        quoted(name)
    return tuple(schema.edges[type].properties)


def fact_types(schema: GraphSchema) -> tuple[str, ...]:
    """Edge types that say something about items and entities: neither end is a user."""
    user = schema.user_type
    return tuple(name for name, edge in schema.edges.items() if user not in (*edge.source, *edge.target))


def any_fact(schema: GraphSchema) -> str:
    """All fact types, ready to stand in a pattern."""
    return "|".join(edge_type(schema, name) for name in fact_types(schema)) or _NO_TYPE


def any_interaction(schema: GraphSchema) -> str:
    """All interaction types, ready to stand in a pattern."""
    return "|".join(interaction_type(schema, name) for name in schema.interactions) or _NO_TYPE


def type_of(name: str, types: Sequence[str]) -> str:
    """A node's type as an expression: people may give nodes labels of their own beside it."""
    if len(types) == 1:
        return f"'{types[0]}'"
    return f"[label IN labels({name}) WHERE label IN {list(types)!r}][0]"
