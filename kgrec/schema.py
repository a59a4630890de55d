"""GraphSchema: what a graph is, as data. One YAML file per domain says which columns become what.

Read one with :func:`load_schema`; the field reference in ``graph_schemas/README.md`` and the JSON Schema beside it are
generated from the models below.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LANGUAGES = ("en", "zh")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
"""A label, type or property name: these reach Cypher text, so nothing but letters, digits and underscores."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Model):
    """How people say it, in every language of the explanations."""

    en: str
    zh: str


class PropertySpec(_Model):
    """One property of a node or edge type."""

    type: Literal["id", "category", "number", "time", "text", "embedding"]
    embed: bool = Field(False, description="Part of the text that the language model reads; for text and category.")
    required: bool = Field(False, description="A row without it is refused; otherwise the property is left out.")
    missing: tuple[str, ...] = Field((), description="Source values that mean 'nothing', beside the empty string.")


class NodeSource(_Model):
    """Which table describes nodes of this type, and how."""

    table: str
    platform: str
    id: str = Field(description="Column of the identity.")
    prefix: str = Field("", description="Put before the id, where ids of two platforms could collide.")
    split: str | None = Field(None, description="Separator, where one cell holds several ids.")
    type_column: str | None = Field(None, description="Take only rows whose cell here equals the node type's name.")
    columns: dict[str, str] = Field(default_factory=dict, description="Property name: column name.")
    list_columns: dict[str, str] = Field(default_factory=dict, description="Property name: separator to split it by.")


class Alignment(_Model):
    """When nodes of two platforms are the same thing."""

    keys: tuple[Name, ...] = Field((), description="Properties whose equality is enough.")
    title: Name | None = Field(None, description="Property compared after normalisation, together with `year`.")
    year: Name | None = Field(None, description="Number property that must agree with `title`.")
    year_tolerance: int = Field(0, ge=0, description="Largest difference of years that may still be the same thing.")
    also: tuple[Name, ...] = Field((), description="Properties that break ties between several candidates.")


class NodeType(_Model):
    """A label of the graph."""

    role: Literal["user", "item"] | None = None
    words: Words
    properties: dict[Name, PropertySpec] = Field(default_factory=dict)
    sources: tuple[NodeSource, ...] = ()
    align: Alignment | None = None


class Endpoint(_Model):
    """One end of an edge in a table."""

    column: str
    type: Name | None = Field(None, description="Node type, when it is always the same.")
    type_column: str | None = Field(None, description="Column that names the node type, when it differs by row.")
    prefix: str = ""
    split: str | None = None


class EdgeSource(_Model):
    """Which table holds edges of this type, and how."""

    table: str
    platform: str
    source: Endpoint
    target: Endpoint
    relation_column: str | None = Field(None, description="Column of the finer relation name, if any.")
    only: tuple[str, ...] = Field((), description="Keep only rows with these relation names.")
    skip: tuple[str, ...] = Field((), description="Leave out rows with these relation names (inverses, say).")
    columns: dict[str, str] = Field(default_factory=dict)


class EdgeType(_Model):
    """A relationship type of the graph that states a fact."""

    source: tuple[Name, ...] = Field(description="Node types it may start from.")
    target: tuple[Name, ...] = Field(description="Node types it may lead to.")
    words: Words = Field(description="Read between source and target: 'directed by'.")
    relations: dict[str, Words] = Field(default_factory=dict, description="Words for finer relation names.")
    properties: dict[Name, PropertySpec] = Field(default_factory=dict)
    sources: tuple[EdgeSource, ...] = ()


class InteractionSource(_Model):
    """Which table holds interactions of this type, and how."""

    table: str
    platform: str
    user: str
    item: str
    user_prefix: str = ""
    item_prefix: str = ""
    kind: str | None = Field(None, description="The kind of all rows.")
    kind_column: str | None = Field(None, description="Column of the kind, when it differs by row.")
    time: str | None = Field(None, description="Column of unix seconds, ISO dates or positions.")
    weight: str | None = Field(None, description="Column of stars, counts ...")


class InteractionType(_Model):
    """A relationship type of the graph that records behaviour."""

    user: Name
    item: Name
    words: Words = Field(description="Read between user and item: 'watched'.")
    kinds: tuple[str, ...] = Field((), description="Kinds that may occur; empty: any.")
    sources: tuple[InteractionSource, ...] = ()


class GraphSchema(_Model):
    """A whole graph: node types, edge types, interaction types and the platforms they come from."""

    version: Literal[1]
    domain: str
    platforms: dict[str, Words]
    nodes: dict[Name, NodeType]
    edges: dict[Name, EdgeType] = Field(default_factory=dict)
    interactions: dict[Name, InteractionType]

    @property
    def user_type(self) -> str:
        """Label of the users."""
        return next(name for name, node in self.nodes.items() if node.role == "user")

    @property
    def item_type(self) -> str:
        """Label of the items."""
        return next(name for name, node in self.nodes.items() if node.role == "item")

    def relation_words(self, edge_type: str, relation: str) -> Words:
        """Words for a relation: the finer name's own, else the edge type's."""
        edge = self.edges[edge_type]
        return edge.relations.get(relation, edge.words)

    def embedded_properties(self, node_type: str) -> tuple[str, ...]:
        """Names of the properties that make a node's text, in file order."""
        return tuple(name for name, spec in self.nodes[node_type].properties.items() if spec.embed)

    def fingerprint(self) -> str:
        """Hash of everything that decides the graph's shape; words and sources may change freely."""
        shape = {
            "nodes": {
                n: {"role": t.role, "properties": {p: s.type for p, s in t.properties.items()}}
                for n, t in self.nodes.items()
            },
            "edges": {n: {"source": t.source, "target": t.target} for n, t in self.edges.items()},
            "interactions": {n: {"user": t.user, "item": t.item} for n, t in self.interactions.items()},
        }
        return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:16]
