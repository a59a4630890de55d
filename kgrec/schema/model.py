"""GraphSchema: what a graph is, as data. One YAML file per domain says which columns become what.

Read one with :func:`kgrec.schema.load.load_schema`; the field reference in ``graph_schemas/README.md`` and the JSON
Schema beside it are generated from the models below.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal

from pydantic import ConfigDict, Field, PrivateAttr

from kgrec.schema.forms import Binary, Cell, Language, Name, Personal, Repeats, SchemaPart, Separator, Speaks, TimeUnit
from kgrec.schema.identity_rules import Alignment, PersonRules
from kgrec.schema.origins import Origin
from kgrec.schema.shape import shape_of

_WRITTEN_AS_NAME = re.compile(r"[A-Z][a-z]{2,}([ &'-]+[A-Za-z][a-z]+)*")


class Words(SchemaPart):
    """How people say it: in English, and in any further language of the explanations.

    A further language has its code as the key, such as `zh` or `fr`; where it is absent, English is taken.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[Language, str] = Field(init=False)

    en: str = Field(description="English.")


class PropertySpec(SchemaPart):
    """One property of a node or edge type.

    The types: `id` and `category` are short texts, `text` is prose, `number` is finite, `time` is unix time, an ISO
    date or a position, `embedding` is a list of numbers of one length.
    """

    type: Literal["id", "category", "number", "time", "text", "embedding"] = Field(description="What values it holds.")
    embed: bool = Field(False, description="Part of the text that the language model reads; for text and category.")
    required: bool = Field(False, description="A row without it is refused; otherwise the property is left out.")
    missing: tuple[str, ...] = Field((), description="Source values that mean 'nothing', beside the empty cell.")
    binary: Binary | None = Field(None, description="What cells of bytes are; without it they are refused.")
    format: str | None = Field(None, description="Of dates that are not ISO 8601, as `strptime` reads it: `%m/%d/%Y`.")
    zone: str | None = Field(None, description="Time zone of dates that state none, such as `Europe/Berlin`; else UTC.")
    unit: TimeUnit | None = Field(None, description="Unit of times that are numbers; else recognised by their size.")
    words: Words | None = Field(None, description="What people call it: 'plot'; by default its name.")
    personal: Personal | None = Field(
        None, description="It says who somebody is: `drop` leaves it out, `mask` keeps a pseudonym of it, see above."
    )


class TableRows(SchemaPart):
    """Which rows of which table are read."""

    table: str = Field(description="Name of the table as the loader yields it; capitals do not count.")
    where: dict[str, tuple[Cell, ...]] = Field(
        default_factory=dict, description="Column: cells; keep only rows that have one of them there."
    )
    where_not: dict[str, tuple[Cell, ...]] = Field(
        default_factory=dict, description="Column: cells; leave out rows that have one of them there."
    )
    optional_columns: tuple[str, ...] = Field(
        (), description="Columns that the table may lack: its rows have nothing there."
    )


class NodeSource(TableRows):
    """Which table describes nodes of this type, and how."""

    platform: str = Field(description="Where it comes from: one of the schema's platforms.")
    id: str = Field(description="Column of the identity.")
    prefix: str = Field("", description="Put before the id, where ids of two platforms could collide.")
    split: Separator | None = Field(
        None, description="Separator, where one text holds several ids; each part is its own `name`. Lists need none."
    )
    binary: Binary | None = Field(None, description="What ids of bytes are; without it they are refused.")
    rename: dict[str, str] = Field(
        default_factory=dict, description="Id in the source: id in the graph; the empty text leaves it out."
    )
    optional: bool = Field(False, description="An empty id means that the row describes no node; else it is an error.")
    type_column: str | None = Field(None, description="Take only rows whose cell here equals the node type's name.")
    columns: dict[str, str] = Field(default_factory=dict, description="Property name: column name.")
    list_columns: dict[str, Separator] = Field(
        default_factory=dict, description="Property name: separator to split its column by; makes it a list."
    )


class NodeType(SchemaPart):
    """A label of the graph."""

    role: Literal["user", "item"] | None = Field(None, description="Exactly one type is the user, one the item.")
    words: Words = Field(description="What people call such a thing.")
    names: Literal["titles", "people", "things"] | None = Field(
        None, description="What its names are, for quotation marks; by default by its words: a film has a title."
    )
    properties: dict[Name, PropertySpec] = Field(
        default_factory=dict, description="By name; `name` is what people read of a node."
    )
    sources: tuple[NodeSource, ...] = Field((), description="Tables that describe such nodes.")
    from_interactions: bool = Field(
        False, description="Where none of these tables is there, users or items come from the interactions."
    )
    from_edges: bool = Field(False, description="Where none of these tables is there, such nodes come from the edges.")
    align: Alignment | None = Field(None, description="Merge nodes of several platforms by this; not users.")
    persons: PersonRules | None = Field(None, description="Of users: when accounts are one person.")
    pseudonymise: bool = Field(
        False, description="Of users: their ids become pseudonyms by a key outside the store, see above."
    )


class Endpoint(SchemaPart):
    """One end of an edge in a table."""

    column: str = Field(description="Column of the node's id.")
    type: Name | None = Field(None, description="Node type, when it is always the same.")
    type_column: str | None = Field(None, description="Column that names the node type, when it differs by row.")
    prefix: str = Field("", description="Put before the id, as in the node's source.")
    split: Separator | None = Field(None, description="Separator, where one text holds several ids. Lists need none.")
    binary: Binary | None = Field(None, description="What ids of bytes are; without it they are refused.")
    rename: dict[str, str] = Field(
        default_factory=dict, description="Id in the source: id in the graph; the empty text leaves the edge out."
    )
    optional: bool = Field(False, description="An empty cell means that there is no such edge; else it is an error.")


class EdgeSource(TableRows):
    """Which table holds edges of this type, and how."""

    platform: str = Field(description="Where it comes from, and whose ids the ends are.")
    source: Endpoint = Field(description="Where the edge starts.")
    target: Endpoint = Field(description="Where the edge leads.")
    relation_column: str | None = Field(None, description="Column of the finer relation name, if any.")
    only: tuple[str, ...] = Field((), description="Keep only rows with these relation names.")
    skip: tuple[str, ...] = Field((), description="Leave out rows with these relation names (inverses, say).")
    columns: dict[str, str] = Field(default_factory=dict, description="Property name: column name.")


class EdgeType(SchemaPart):
    """A relationship type of the graph that states a fact.

    A link of accounts is an edge between users with a role. Its properties may be `confidence`, a number from 0 to 1,
    and `since`, a time; where it comes from is the platform of its source. Any edge may have the properties
    `valid_from` and `valid_to`, times from which on and before which it holds: it counts while it does.
    """

    role: Literal["same_person", "household"] | None = Field(
        None, description="Both users are one person; or users of one household, who stay persons of their own."
    )
    source: tuple[Name, ...] = Field(description="Node types it may start from.")
    target: tuple[Name, ...] = Field(description="Node types it may lead to.")
    words: Words = Field(description="Read between source and target: 'directed by'.")
    relations: dict[str, Words] = Field(default_factory=dict, description="Words for finer relation names.")
    noun: Words | None = Field(
        None,
        description="What the target is to the source: 'director'; by default its words, if only this edge has it.",
    )
    nouns: dict[str, Words] = Field(default_factory=dict, description="The same for finer relation names.")
    properties: dict[Name, PropertySpec] = Field(default_factory=dict, description="By name.")
    sources: tuple[EdgeSource, ...] = Field((), description="Tables that hold such edges.")


class InteractionSource(TableRows):
    """Which table holds interactions of this type, and how."""

    platform: str = Field(description="Where it comes from, and whose ids user and item are.")
    user: str = Field(description="Column of the user's id.")
    item: str = Field(description="Column of the item's id; a list is an interaction with each.")
    item_split: Separator | None = Field(
        None, description="Separator, where one text holds several items: an interaction with each. Lists need none."
    )
    user_prefix: str = Field("", description="Put before the user's id, as in the user's node source.")
    item_prefix: str = Field("", description="Put before the item's id, as in the item's node source.")
    kind: str | None = Field(None, description="The kind of all rows.")
    kind_column: str | None = Field(None, description="Column of the kind, when it differs by row.")
    user_binary: Binary | None = Field(None, description="What users' ids of bytes are; without it they are refused.")
    item_binary: Binary | None = Field(None, description="What items' ids of bytes are; without it they are refused.")
    time: str | None = Field(None, description="Column of unix time, ISO dates or positions.")
    time_format: str | None = Field(
        None, description="Of dates that are not ISO 8601, as `strptime` reads it: `%m/%d/%Y %H:%M`."
    )
    time_zone: str | None = Field(
        None, description="Time zone of dates that state none, such as `Europe/Berlin`; otherwise UTC."
    )
    time_unit: TimeUnit | None = Field(
        None, description="Unit of times that are numbers; otherwise recognised by their size."
    )
    weight: str | None = Field(None, description="Column of stars, counts ...; 1 where there is none.")
    context: dict[Name, str] = Field(
        {},
        description="Columns of circumstances that are known before the choice, by name: `device: device_type`. Of "
        "each, the most frequent values are told apart.",
    )


class WeightMeaning(SchemaPart):
    """What the weight of an interaction says.

    Where nothing is set, a weight below 0 speaks against the item, one of 0 says nothing, and any other speaks for it.
    """

    against_up_to: float | None = Field(None, description="Weights up to here speak against: 2, of 5 stars, say.")
    for_from: float | None = Field(None, description="Weights from here on speak for it; those between say nothing.")
    stars: int | None = Field(None, ge=1, le=10, description="The weight is stars, of so many; sentences show them.")


class InteractionKind(SchemaPart):
    """What interactions of one kind say of their item; what is left out is as the interaction type has it."""

    speaks: Speaks | None = Field(
        None, description="For the item, against it, `filter`: not this one again, or nothing; by default by its name."
    )
    words: Words | None = Field(None, description="Read between user and item: 'bought'.")
    weights: WeightMeaning | None = Field(None, description="What the weight says, where the kind speaks for its item.")
    repeats: Repeats | None = Field(None, description="How rows with the same user, item, kind and time add up.")
    keep_days: float | None = Field(None, gt=0, description="Days for which they are kept; else as the type has it.")


class InteractionType(SchemaPart):
    """A relationship type of the graph that records behaviour."""

    user: Name = Field(description="The node type with the role user.")
    item: Name = Field(description="The node type with the role item.")
    words: Words = Field(description="Read between user and item: 'watched'.")
    kinds: tuple[str, ...] | dict[str, InteractionKind] = Field(
        (), description="Kinds that may occur, as names or with what each says; empty: any."
    )
    speaks: Speaks | None = Field(None, description="What all its kinds say that do not say otherwise.")
    weights: WeightMeaning = Field(default_factory=WeightMeaning, description="What a weight says.")
    repeats: Repeats | None = Field(
        None, description="How rows with the same user, item, kind and time add up, see above."
    )
    keep_days: float | None = Field(
        None,
        gt=0,
        description="Days for which they are kept; `kgrec forget --expired` removes older ones.",
    )
    sources: tuple[InteractionSource, ...] = Field((), description="Tables that hold such interactions.")


class GraphSchema(SchemaPart):
    """A whole graph: node types, edge types, interaction types and the platforms they come from."""

    version: Literal[1] = Field(description="Version of this form: 1.")
    domain: str = Field(description="What it is about, in one word.")
    platforms: dict[str, Words] = Field(
        description="Where data comes from. The order counts: of merged nodes, the first platform gives the id."
    )
    nodes: dict[Name, NodeType] = Field(description="Node types by label.")
    edges: dict[Name, EdgeType] = Field(default_factory=dict, description="Edge types by name.")
    interactions: dict[Name, InteractionType] = Field(description="Interaction types by name.")

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Where it was read, for messages that point to a line."""
        return self._origin

    @property
    def user_type(self) -> str:
        """Label of the users."""
        return next(name for name, node in self.nodes.items() if node.role == "user")

    @property
    def item_type(self) -> str:
        """Label of the items."""
        return next(name for name, node in self.nodes.items() if node.role == "item")

    def relation_words(self, edge_type: str, relation: str) -> Words:
        """Words for a relation: those the schema gives its finer name, else those of the edge type.

        The latter have the finer name behind them, where it can be read: *is linked with (brand)*.
        """
        edge = self.edges[edge_type]
        if relation in edge.relations or relation == edge_type:
            return edge.relations.get(relation, edge.words)
        last = re.split(r"[./#:]", relation)[-1].replace("_", " ").strip()
        if not last or re.fullmatch(r"(relation )?\d+", last):
            return edge.words
        return Words.model_validate({code: f"{words} ({last})" for code, words in edge.words.model_dump().items()})

    def has_names(self, node_type: str) -> bool:
        """Whether nodes of a type have names for people: a property ``name``, or ids that are parts of a cell."""
        node = self.nodes[node_type]
        return "name" in node.properties or any(source.split for source in node.sources)

    def is_readable(self, node_type: str, uid: str, name: str) -> bool:
        """Whether a node's name says more to a person than an id.

        It does not where the type has no names, or where the name is but the id; unless the ids of the type are
        names, as those are that come from a cell with several values or from the column of the names, or it reads as
        one: ``Fjall``, but not ``m.0x1`` or ``fjall``.
        """
        node = self.nodes[node_type]
        own = any(source.split or source.columns.get("name") == source.id for source in node.sources)
        return self.has_names(node_type) and (name != uid or own or _WRITTEN_AS_NAME.fullmatch(name) is not None)

    def embedded_properties(self, node_type: str) -> tuple[str, ...]:
        """Names of the properties that make a node's text, in file order."""
        return tuple(name for name, spec in self.nodes[node_type].properties.items() if spec.embed)

    def fingerprint(self) -> str:
        """Hash of everything that decides the graph's shape; words and sources may change freely."""
        return hashlib.sha256(json.dumps(shape_of(self), sort_keys=True).encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """The whole schema as JSON text, for a store or a bundle to keep."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> GraphSchema:
        """Read back what :meth:`to_json` wrote."""
        return cls.model_validate_json(text)
