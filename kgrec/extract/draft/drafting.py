"""What is known while a schema is put together, and how a type gets into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kgrec.extract.draft.behaviour_tables import BehaviourTable
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.header_words import EDGE_WORDS, english, label, noun_among, words_of
from kgrec.extract.draft.node_types import Description, NodeDraft, node_draft
from kgrec.extract.draft.sampled_tables import SampledTable
from kgrec.extract.draft.sheet import Sheet
from kgrec.extract.draft.table_links import Link, Profiles


@dataclass(frozen=True)
class Guess:
    """One part of a drafted schema.

    Attributes:
        what: the part, in the schema's words.
        source: where it was read from.
        evidence: what speaks for it.
    """

    what: str
    source: str
    evidence: str


@dataclass
class Drafting:
    """A schema on the way.

    Attributes:
        links: by ``table.column``, the ids of which table the column holds.
        used: tables that have become something.
        item_keys: columns of the items' ids, one of each table that describes them.
        doubts: what a person should look at first, as sentences.
    """

    samples: Mapping[str, SampledTable]
    profiles: Profiles
    links: Mapping[str, Link]
    behaviour: Sequence[BehaviourTable]
    platform: str
    sheet: Sheet = field(default_factory=Sheet)
    guesses: list[Guess] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    item_keys: list[ColumnProfile] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    user_type: str = "User"
    item_type: str = "Item"

    @property
    def nodes(self) -> dict[str, Any]:
        """The node types so far."""
        nodes: dict[str, Any] = self.sheet.data["nodes"]
        return nodes

    def unsure(self, doubt: str, *place: str | int) -> None:
        """Note a guess that a person should look at, at its place and at the top."""
        self.doubts.append(doubt)
        self.sheet.say(*place, because=f"LOOK HERE: {doubt}")

    def add_node(self, name: str, draft: NodeDraft, evidence: str) -> None:
        """Put a node type into the schema."""
        self.nodes[name] = draft.data
        for place, text in draft.said:
            self.sheet.say("nodes", name, *place, because=text)
        if draft.left_out:
            self.sheet.say("nodes", name, because=f"left out: {'; '.join(draft.left_out)}")
        columns = [f"{source['table']}.{source['id']}" for source in draft.data["sources"]]
        role = f" ({draft.data['role']})" if "role" in draft.data else ""
        self.guesses.append(Guess(f"node {name}{role}", ", ".join(columns), evidence))

    def add_edge(self, name: str, data: Mapping[str, Any], evidence: str) -> None:
        """Put an edge type into the schema; one of the same name and ends gets a source more."""
        edges = self.sheet.data["edges"]
        free = next(
            one
            for one in (name, *(f"{name}_{n}" for n in range(2, 99)))
            if one not in edges or all(edges[one][key] == data[key] for key in ("source", "target"))
        )
        source = data["sources"][0]
        if free in edges:
            edges[free]["sources"].append(source)
        else:
            edges[free] = dict(data)
        if evidence not in self.sheet.comments.get(("nodes", data["target"][0]), ()):
            self.sheet.say("edges", free, because=evidence)
        ends = f"{source['table']}: {source['source']['column']}, {source['target']['column']}"
        self.guesses.append(Guess(f"edge {free}", ends, evidence))

    def free_label(self, words: str, *others: str) -> str:
        """A name of a node type that is not taken, from English words or else from others."""
        wanted = [label(each, "") for each in (words, *others)]
        first = next((one for one in wanted if one), "Thing")
        return next(one for one in (*wanted, *(f"{first}{n}" for n in range(2, 99))) if one and one not in self.nodes)

    def described_by(self, link: Link, noun: str | None) -> str:
        """The node type that a linked table describes; it is made where there is none yet."""
        key = link.key
        for name, node in self.nodes.items():
            if any(source["table"] == key.table and source["id"] == key.name for source in node["sources"]):
                return name
        words = noun or noun_among(key.table, frozenset(EDGE_WORDS)) or english(key.table) or "thing"
        name = self.free_label(words, " ".join(words_of(key.table)))
        others = [column for column in self.profiles[key.table] if column is not key]
        draft = node_draft(None, words, [Description(key, others, own=True, why=(link.evidence,))], self.platform)
        self.used.add(key.table)
        self.add_node(name, draft, link.evidence)
        return name
