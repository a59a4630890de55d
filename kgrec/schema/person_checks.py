"""What must hold of a schema that says when accounts are one person: rules of plain data, as all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgrec.errors import did_you_mean
from kgrec.schema.origins import Location, SchemaProblem

_KEY_TYPES = ("id", "category", "text")
_LINK_PROPERTIES = {"confidence": "number", "since": "time"}


def person_problems(location: Location, node: Any) -> Iterator[SchemaProblem]:
    """Yield what is wrong with how a node type says who is one person."""
    if not isinstance(node, dict):
        return
    if node.get("role") == "user" and node.get("align"):
        text = "users are not merged, which could not be taken back, expected `persons`: when accounts are one person"
        yield SchemaProblem((*location, "align"), text)
    persons = node.get("persons")
    if not isinstance(persons, dict):
        return
    if node.get("role") != "user":
        yield SchemaProblem((*location, "persons"), "only users are persons, expected the node type with `role: user`")
    properties = node.get("properties")
    known = properties if isinstance(properties, dict) else {}
    sources = node.get("sources")
    lists = [source.get("list_columns") for source in sources if isinstance(source, dict)] if sources else []
    keys = persons.get("keys")
    for position, name in enumerate(keys if isinstance(keys, list) else ()):
        here = (*location, "persons", "keys", position)
        if not isinstance(name, str):
            continue
        if name not in known:
            hint = did_you_mean(name, list(map(str, known)), before=", ")
            yield SchemaProblem(here, f"found '{name}', which is not a declared property{hint}")
        elif isinstance(known[name], dict) and known[name].get("type") not in (*_KEY_TYPES, None):
            text = f"a {known[name]['type']} is no key, expected type {' or '.join(_KEY_TYPES)}"
            yield SchemaProblem(here, text)
        if any(name in columns for columns in lists if isinstance(columns, dict)):
            yield SchemaProblem(here, "found a list, expected a key that is one value")


def link_problems(location: Location, edge: Any, nodes: dict[Any, Any]) -> Iterator[SchemaProblem]:
    """Yield what is wrong with an edge type that links accounts."""
    role = edge.get("role") if isinstance(edge, dict) else None
    if role is None:
        return
    users = [name for name, node in nodes.items() if isinstance(node, dict) and node.get("role") == "user"]
    ends = ("source", "target") if role == "same_person" else ("source",)
    for end in ends:
        if isinstance(edge.get(end), list) and edge[end] != users[:1]:
            text = f"a link of accounts has users there, expected [{', '.join(map(str, users[:1]))}]"
            yield SchemaProblem((*location, end), text)
    properties = edge.get("properties")
    for name, type in _LINK_PROPERTIES.items():
        spec = properties.get(name) if isinstance(properties, dict) else None
        if isinstance(spec, dict) and spec.get("type") not in (type, None):
            text = f"found type {spec['type']}, expected {type}: kgrec reads it of links"
            yield SchemaProblem((*location, "properties", name), text)
