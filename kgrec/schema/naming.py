"""What people call the parts of a graph: nouns of relations, titles of works, parts of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from kgrec.schema.model import GraphSchema, Words

_TITLES = (
    "album anime article book comic documentary drama ebook episode film game magazine manga movie musical news novel "
    "opera paper play podcast poem publication recording series show single song story track video work"
)
_NAME_IN = re.compile(r"name_(?P<code>[a-z]{2,3}(_[A-Za-z0-9]+)*)")
_PEOPLE = "actor actress artist author band composer creator director musician performer person player singer writer"


def relation_noun(schema: GraphSchema, edge_type: str, relation: str) -> Words | None:
    """What the target of a relation is to its source, such as *director*; None where there is no word for it.

    Where the schema does not say it, the words of the target serve, if no other edge leads to such nodes: what has a
    genre, has one thing only to do with it. A person may have written, directed or played. A finer relation that the
    schema does not know serves itself, if it is one plain word.
    """
    edge = schema.edges[edge_type]
    if relation != edge_type:
        known = relation in edge.nouns or relation in edge.relations
        return edge.nouns.get(relation) if known else _noun_in(relation)
    if edge.noun is not None or len(edge.target) > 1 or edge.relations:
        return edge.noun
    target = edge.target[0]
    edges_there = [name for name, other in schema.edges.items() if target in (*other.target, *other.source)]
    if schema.nodes[target].role is not None or edges_there != [edge_type]:
        return None
    return schema.nodes[target].words


def _noun_in(relation: str) -> Words | None:
    """A relation's own name where it is one plain word: ``brand``, but not ``also_bought`` or ``directedBy``."""
    last = re.split(r"[./#:]", relation)[-1]
    return Words(en=last) if re.fullmatch(r"[a-z]{3,}(?<!ed)(?<!ing)(?<!s)(?<!by)", last) else None


def kind_of_names(schema: GraphSchema, node_type: str) -> Literal["titles", "people", "things"]:
    """Whether names of a node type are titles of works, names of people, or of anything else.

    Where the schema does not say it, its English words do: ``film``, ``feature film``, ``person of film``.
    """
    node = schema.nodes[node_type]
    if node.names is not None:
        return node.names
    head = node.words.en.lower().split(" of ")[0].split() or [""]
    singular = {head[-1], head[-1].removesuffix("s")}
    return (
        "titles"
        if singular.intersection(_TITLES.split())
        else "people"
        if singular.intersection(_PEOPLE.split())
        else "things"
    )


def names_in_languages(schema: GraphSchema, node_type: str) -> dict[str, str]:
    """Properties with a node's name in one language, by code: ``name_zh`` for ``zh``, ``name_pt_BR`` for ``pt-BR``."""
    properties = schema.nodes[node_type].properties
    named = {name: _NAME_IN.fullmatch(name) for name, spec in properties.items() if spec.type in ("text", "category")}
    return {found["code"].replace("_", "-"): name for name, found in named.items() if found}


def name_in_language(names: Mapping[str, str], language: str, otherwise: str) -> str:
    """The name for who reads a language, of names by code; ``otherwise`` where there is none in it."""
    near = [name for code, name in names.items() if name and same_language(code, language)]
    return names.get(language) or next(iter(near), otherwise)


def same_language(code: str, wanted: str) -> bool:
    """Whether who reads one language reads the other: ``zh`` and ``zh-Hans``."""
    return code.partition("-")[0] == wanted.partition("-")[0]


def words_of_text(schema: GraphSchema, node_type: str) -> tuple[Words, ...]:
    """What the text of such nodes is made of, in the words of people: title, genres, plot."""
    of_name = {
        "titles": Words.model_validate({"en": "title", "zh": "标题"}),
        "people": Words.model_validate({"en": "name", "zh": "名字"}),
        "things": Words.model_validate({"en": "name", "zh": "名称"}),
    }[kind_of_names(schema, node_type)]
    properties = schema.nodes[node_type].properties
    return tuple(
        properties[name].words or (of_name if name == "name" else Words(en=name.replace("_", " ")))
        for name in schema.embedded_properties(node_type)
    )
