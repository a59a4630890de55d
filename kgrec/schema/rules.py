"""What must hold between the parts of a graph schema, beside the form of each part.

The rules read plain data, not models: so a misspelt word in one place does not hide a broken reference in another.
Whatever has not the expected form is passed over here, because the models report it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgrec.errors import did_you_mean
from kgrec.schema.meanings import VALIDITY
from kgrec.schema.origins import Location, SchemaProblem
from kgrec.schema.person_checks import link_problems, person_problems
from kgrec.schema.time_rules import time_problems

RESERVED_PROPERTIES = ("uid", "aliases", "platforms", "id", "title", "type")
"""Kept by the graph store for itself. ``name`` is free: it is what people read."""

RESERVED_EDGE_PROPERTIES = (*RESERVED_PROPERTIES, "relation", "platform")
RESERVED_LABEL_START = "Kgrec"
_TEXT_TYPES = ("id", "category", "text")


def broken_rules(data: Any) -> Iterator[SchemaProblem]:
    """Yield every broken rule of a schema given as plain data."""
    nodes, edges, interactions = (_mapping(data, part) for part in ("nodes", "edges", "interactions"))
    platforms = _mapping(data, "platforms")
    for platform in platforms:
        if any(sign in str(platform) for sign in ":|"):
            yield SchemaProblem(("platforms", platform), "a platform's name has no ':' or '|'")
    yield from _roles(nodes)
    yield from _names(nodes, edges, interactions)
    for name, node in nodes.items():
        yield from _node(("nodes", name), node, platforms)
    for name, edge in edges.items():
        yield from _edge(("edges", name), edge, nodes, platforms)
        yield from link_problems(("edges", name), edge, nodes)
    for name, interaction in interactions.items():
        yield from _interaction(("interactions", name), interaction, nodes, platforms)


def _mapping(data: Any, key: str) -> dict[Any, Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}


def _list(data: Any, key: str) -> list[Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, list) else []


def _unknown(location: Location, word: Any, known: dict[Any, Any] | list[Any], what: str) -> Iterator[SchemaProblem]:
    """A problem where ``word`` is text and none of the known words."""
    if isinstance(word, str) and word not in known:
        names = [str(name) for name in known]
        hint = did_you_mean(word, names, before=", ") or f", expected one of {', '.join(names) or '(none is declared)'}"
        yield SchemaProblem(location, f"found '{word}', which is not {what}{hint}")


def _roles(nodes: dict[Any, Any]) -> Iterator[SchemaProblem]:
    for role in ("user", "item"):
        having = [name for name, node in nodes.items() if isinstance(node, dict) and node.get("role") == role]
        if not having:
            yield SchemaProblem(("nodes",), f"found no node type with `role: {role}`, expected exactly one")
        for name in having[1:]:
            text = f"found a second node type with `role: {role}` beside {having[0]}, expected exactly one"
            yield SchemaProblem(("nodes", name, "role"), text)


def _names(*parts: dict[Any, Any]) -> Iterator[SchemaProblem]:
    taken: dict[Any, str] = {}
    for part, types in zip(("nodes", "edges", "interactions"), parts, strict=True):
        for name in types:
            if name in taken:
                yield SchemaProblem((part, name), f"the name is taken by {taken[name]}.{name}")
            taken.setdefault(name, part)
            if str(name).startswith(RESERVED_LABEL_START):
                text = f"names that start with {RESERVED_LABEL_START} are kept for the graph's own bookkeeping"
                yield SchemaProblem((part, name), text)


def _properties(location: Location, properties: dict[Any, Any], reserved: tuple[str, ...]) -> Iterator[SchemaProblem]:
    for name, spec in properties.items():
        here = (*location, "properties", name)
        if name in reserved:
            yield SchemaProblem(here, f"the name is reserved ({', '.join(reserved)}), expected another")
        if isinstance(spec, dict) and spec.get("embed") is True and spec.get("type") in ("number", "time", "embedding"):
            yield SchemaProblem((*here, "embed"), f"a {spec['type']} is not text, expected type text or category")
        if isinstance(spec, dict):
            yield from _personal(here, spec)
            yield from time_problems(here, spec, {"format": "format", "zone": "zone", "unit": "unit"})
            for key, types in (("binary", _TEXT_TYPES), *((key, ("time",)) for key in ("format", "zone", "unit"))):
                if key in spec and spec.get("type") not in types:
                    text = f"a {spec.get('type')} has no `{key}`, expected type {' or '.join(types)}"
                    yield SchemaProblem((*here, key), text)


def _personal(location: Location, spec: dict[Any, Any]) -> Iterator[SchemaProblem]:
    """What says who somebody is, is neither read by the language model nor counted with."""
    personal, here = spec.get("personal"), (*location, "personal")
    if personal == "mask" and spec.get("type", "text") not in _TEXT_TYPES:
        text = f"a pseudonym is no {spec.get('type')}, expected type {', '.join(_TEXT_TYPES)}, or `personal: drop`"
        yield SchemaProblem(here, text)
    if personal and spec.get("embed") is True:
        yield SchemaProblem(here, "the language model would read it, expected `embed: false`")
    if personal == "drop" and spec.get("required") is True:
        yield SchemaProblem(here, "it is left out of every row, expected `required: false`")


def _pseudonyms(location: Location, node: dict[Any, Any], properties: dict[Any, Any]) -> Iterator[SchemaProblem]:
    """Ids of users only are made pseudonyms, and what is left out of every row cannot be compared."""
    if node.get("pseudonymise") is True and node.get("role") != "user":
        yield SchemaProblem((*location, "pseudonymise"), "ids of users only are made pseudonyms, expected `role: user`")
    align, persons = _mapping(node, "align"), _mapping(node, "persons")
    named: list[tuple[Location, Any]] = [(("align", key), align.get(key)) for key in ("title", "year")]
    for part, of, key in (("align", align, "keys"), ("align", align, "also"), ("persons", persons, "keys")):
        named += [((part, key, place), name) for place, name in enumerate(_list(of, key))]
    for place, name in named:
        if isinstance(name, str) and _mapping(properties, name).get("personal") == "drop":
            text = f"property '{name}' is left out of every row, expected another, or `personal: mask`"
            yield SchemaProblem((*location, *place), text)


def _columns(location: Location, source: Any, properties: dict[Any, Any]) -> Iterator[SchemaProblem]:
    for part in ("columns", "list_columns"):
        for name in _mapping(source, part):
            yield from _unknown((*location, part, name), name, properties, "a declared property")


def _optional(location: Location, source: dict[Any, Any]) -> Iterator[SchemaProblem]:
    """Columns that may be absent are columns that are read, and no ids."""
    ends = [_mapping(source, end) for end in ("source", "target")]
    needed = [source.get(key) for key in ("id", "user", "item")]
    needed += [end.get(key) for end in ends for key in ("column", "type_column")]
    read = [source.get(key) for key in ("type_column", "relation_column", "kind_column", "time", "weight")]
    read += _mapping(source, "columns").values()
    read += [name for name in _mapping(source, "list_columns") if name not in _mapping(source, "columns")]
    read += [*_mapping(source, "where"), *_mapping(source, "where_not")]
    for position, name in enumerate(_list(source, "optional_columns")):
        here = (*location, "optional_columns", position)
        if name in needed:
            yield SchemaProblem(here, f"found '{name}', which holds an id, expected a column that rows can do without")
        else:
            yield from _unknown(here, name, [column for column in read if isinstance(column, str)], "a column it reads")


def _node(location: Location, node: Any, platforms: dict[Any, Any]) -> Iterator[SchemaProblem]:
    properties = _mapping(node, "properties")
    yield from _properties(location, properties, RESERVED_PROPERTIES)
    for position, source in enumerate(_list(node, "sources")):
        here = (*location, "sources", position)
        yield from _columns(here, source, properties)
        if isinstance(source, dict):
            yield from _unknown((*here, "platform"), source.get("platform"), platforms, "a declared platform")
            yield from _optional(here, source)
    if isinstance(node, dict) and node.get("from_interactions") is True and not node.get("role"):
        text = "interactions have users and items only, expected a node type with `role: user` or `role: item`"
        yield SchemaProblem((*location, "from_interactions"), text)
    if isinstance(node, dict):
        yield from _pseudonyms(location, node, properties)
    align = _mapping(node, "align")
    for key in ("title", "year"):
        yield from _unknown((*location, "align", key), align.get(key), properties, "a declared property")
    for key in ("keys", "also"):
        for position, name in enumerate(_list(align, key)):
            yield from _unknown((*location, "align", key, position), name, properties, "a declared property")
    if align and not align.get("keys") and not align.get("title"):
        yield SchemaProblem((*location, "align"), "found neither `keys` nor `title`, expected at least one")
    yield from person_problems(location, node)
    year = align.get("year")
    if isinstance(year, str) and _mapping(properties, year).get("type", "number") != "number":
        yield SchemaProblem((*location, "align", "year"), f"property '{year}' must have type number")


def _edge(location: Location, edge: Any, nodes: dict[Any, Any], platforms: dict[Any, Any]) -> Iterator[SchemaProblem]:
    properties = _mapping(edge, "properties")
    yield from _properties(location, properties, RESERVED_EDGE_PROPERTIES)
    for name in VALIDITY:
        if name in properties and _mapping(properties, name).get("type") != "time":
            text = f"must have type time: it says when a fact holds, see `{'` and `'.join(VALIDITY)}`"
            yield SchemaProblem((*location, "properties", name), text)
    for end in ("source", "target"):
        for position, name in enumerate(_list(edge, end)):
            yield from _unknown((*location, end, position), name, nodes, "a node type")
    for position, source in enumerate(_list(edge, "sources")):
        here = (*location, "sources", position)
        if not isinstance(source, dict):
            continue
        yield from _columns(here, source, properties)
        yield from _optional(here, source)
        yield from _unknown((*here, "platform"), source.get("platform"), platforms, "a declared platform")
        for end in ("source", "target"):
            point = _mapping(source, end)
            if point and ("type" in point) == ("type_column" in point):
                yield SchemaProblem((*here, end), "expected either `type` or `type_column`")
            allowed = _list(edge, end)
            if all(name in nodes for name in allowed):  # otherwise that is reported already
                yield from _unknown((*here, end, "type"), point.get("type"), allowed, f"in the edge type's `{end}`")
        for key in ("only", "skip"):
            if source.get(key) and not source.get("relation_column"):
                yield SchemaProblem((*here, key), "needs `relation_column`, the column whose values are compared")


def _interaction(
    location: Location, interaction: Any, nodes: dict[Any, Any], platforms: dict[Any, Any]
) -> Iterator[SchemaProblem]:
    if not isinstance(interaction, dict):
        return
    for role in ("user", "item"):
        name = interaction.get(role)
        yield from _unknown((*location, role), name, nodes, "a node type")
        if name in nodes and _mapping(nodes, str(name)).get("role") != role:
            yield SchemaProblem((*location, role), f"found '{name}', expected the node type with `role: {role}`")
    kinds = _list(interaction, "kinds") or list(_mapping(interaction, "kinds"))
    yield from _weights((*location, "weights"), _mapping(interaction, "weights"))
    for name, kind in _mapping(interaction, "kinds").items():
        yield from _weights((*location, "kinds", name, "weights"), _mapping(kind, "weights"))
    for position, source in enumerate(_list(interaction, "sources")):
        here = (*location, "sources", position)
        if not isinstance(source, dict):
            continue
        yield from _unknown((*here, "platform"), source.get("platform"), platforms, "a declared platform")
        yield from time_problems(here, source, {key: f"time_{key}" for key in ("format", "zone", "unit")})
        for key in ("time_format", "time_zone", "time_unit"):
            if key in source and "time" not in source:
                yield SchemaProblem((*here, key), "needs `time`, the column that it is about")
        yield from _optional(here, source)
        if ("kind" in source) == ("kind_column" in source):
            yield SchemaProblem(here, "expected either `kind` or `kind_column`")
        if kinds:
            yield from _unknown((*here, "kind"), source.get("kind"), kinds, "one of `kinds`")


def _weights(location: Location, weights: dict[Any, Any]) -> Iterator[SchemaProblem]:
    against, least = weights.get("against_up_to"), weights.get("for_from")
    if isinstance(against, (int, float)) and isinstance(least, (int, float)) and least <= against:
        text = f"found {least}, expected more than `against_up_to`, {against}: a weight cannot speak for and against"
        yield SchemaProblem((*location, "for_from"), text)
