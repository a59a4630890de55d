"""Statements to paste into Neo4j Browser, cypher-shell or a program: values stand in the text as literals.

What kgrec itself runs has parameters instead, see :mod:`kgrec.graph.cypher.statements`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from kgrec.graph.cypher.look_ups import NUMBERS, READ_QUERIES
from kgrec.graph.cypher.schema_names import any_interaction, edge_type, node_label
from kgrec.graph.store_types import GraphPath, NodeRef
from kgrec.schema.model import GraphSchema

Literal = str | int | float | bool | Sequence["Literal"] | None

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WHOLE_NUMBERS = range(-(2**63), 2**63)


def literal(value: Literal) -> str:
    """A value as Cypher 5 text; it reads back as the same value on Neo4j and on the embedded store.

    A server replaces ``\\uXXXX`` wherever it stands in a text, but not where the backslash is itself escaped: so
    every backslash is. Characters that cannot be seen, and so would be lost in pasting, are written as ``\\uXXXX``.

    Raises:
        ValueError: a lone surrogate, which no store can hold; a number that is not finite or not of 64 bits.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if value in _WHOLE_NUMBERS:
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case str():
            return f"'{''.join(map(_escaped, value))}'"
        case int() | float():
            raise ValueError(f"{value!r:.80} cannot be a number in Cypher")
    return f"[{', '.join(map(literal, value))}]"


def _escaped(sign: str) -> str:
    if "\ud800" <= sign <= "\udfff":
        raise ValueError(f"{sign!r} alone is half a character and cannot be stored")
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    return sign if sign.isprintable() or sign > "\uffff" else _utf16(sign)


def ascii_only(statement: str) -> str:
    """The same statement for a place that takes ASCII only; other characters stand in literals only, as ``\\uXXXX``."""
    return re.sub(r"[^\x00-\x7f]", lambda found: _utf16(found[0]), statement)


def _utf16(sign: str) -> str:
    return re.sub("(....)", r"\\u\1", sign.encode("utf-16-be").hex().upper())


def explanation_statement(
    schema: GraphSchema,
    accounts: Sequence[str],
    item: str,
    past: Sequence[str] = (),
    kinds: Sequence[str] = (),
    paths: Sequence[GraphPath] = (),
) -> str:
    """One read that returns exactly what an explanation rests on, as paths and nodes that Neo4j Browser draws.

    These are the interactions of the user with the past items, every path edge by edge, and the explained
    item itself. Each part is a branch of its own: rows add up instead of multiplying, and a part that is no longer in
    the graph is missing alone. Neo4j Browser's own setting "Connect result nodes" draws further relationships between
    the nodes that come back; switch it off to see the explanation and nothing else.

    Args:
        accounts: of the user; none for a history that was given, whose past items are shown without one.
        past: ids of the past items that speak most for the item.
        kinds: of interactions that counted.
        paths: over facts, from past items to the item.

    Raises:
        ValueError: a path names a type that the schema does not have, or an id cannot be stored.
    """
    item_label = node_label(schema, schema.item_type)
    nodes, branches = [item], []
    if not accounts:
        nodes += past
    elif past:
        user = node_label(schema, schema.user_type)
        who, of_whom = f"(:{user} {{uid: {literal(accounts[0])}}})", ""
        if len(accounts) > 1:
            who, of_whom = f"(u:{user})", f"u.uid IN {literal(accounts)} AND "
        branches.append(
            f"MATCH shown = {who}-[r:{any_interaction(schema)}]->(i:{item_label})\n"
            f"WHERE {of_whom}i.uid IN {literal(past)} AND r.kind IN {literal(kinds)}"
        )
    branches += [f"MATCH shown = {_pattern(schema, path)}" for path in paths]
    branches.append(f"MATCH (shown:{item_label})\nWHERE shown.uid IN {literal(nodes)}")
    return "\nUNION ALL\n".join(f"{branch}\nRETURN shown" for branch in branches) + ";"


def _pattern(schema: GraphSchema, path: GraphPath) -> str:
    text = _node(schema, path.nodes[0])
    for step in path.steps:
        edge = f"-[:{edge_type(schema, step.type)} {{relation: {literal(step.relation)}}}]-"
        text += (f"{edge}>" if step.forward else f"<{edge}") + _node(schema, step.target)
    return text


def _node(schema: GraphSchema, node: NodeRef) -> str:
    return f"(:{node_label(schema, node.type)} {{uid: {literal(node.uid)}}})"


def look_up_statement(schema: GraphSchema, name: str, values: Mapping[str, str | int] | None = None) -> str:
    """A look-up by name, its parameters as ``:param`` lines before it.

    Args:
        values: of parameters; a text that is left out stands there in capitals, to be replaced.

    Raises:
        KeyError: no look-up of that name.
        TypeError: a parameter that it does not have.
        ValueError: a type that the schema does not have.
    """
    query = READ_QUERIES[name]
    usual = {parameter: NUMBERS.get(parameter, parameter.upper()) for parameter in query.parameters}
    types = dict.fromkeys(query.types, schema.item_type)
    text, bound = query.bind(schema, {**usual, **types, **(values or {})})
    return "".join(f":param {parameter} => {literal(value)};\n" for parameter, value in bound.items()) + f"{text};"
