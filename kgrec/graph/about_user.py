"""Everything that a graph holds of one user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kgrec.graph.cypher import statements as cypher
from kgrec.graph.cypher.publication_statements import lists_of_user
from kgrec.graph.store_types import AboutUser
from kgrec.schema.model import GraphSchema

Read = Callable[[str, dict[str, Any], float | None], list[dict[str, Any]]]
"""Runs a statement with its parameters, within some seconds or without a limit."""


def about_user(read: Read, schema: GraphSchema, uid: str) -> AboutUser | None:
    """Node, interactions, facts and lists of a user; None for an unknown one."""
    of = {"uid": uid}
    nodes = read(cypher.one_node(schema, schema.user_type), of, None)
    if not nodes:
        return None
    facts = []
    for type, ends in schema.edges.items():
        for outwards, end in ((True, ends.source), (False, ends.target)):
            if schema.user_type in end:
                rows = read(cypher.user_facts(schema, type, outwards), of, None)
                facts += [_as_fact(type, "to" if outwards else "from", row) for row in rows]
    interactions, lists = read(cypher.user_interactions(schema), of, None), read(lists_of_user(schema), of, None)
    return AboutUser(_present(nodes[0]), interactions, facts, lists)


def _as_fact(type: str, end: str, row: dict[str, Any]) -> dict[str, Any]:
    other = {name.removeprefix("_"): row.pop(name) for name in ("_type", "_uid", "_name")}
    return {"type": type, end: other, **_present(row)}


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
