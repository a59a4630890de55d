"""Tiny graphs whose right answers are known by construction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kgrec.data.records import Batch, EdgeRecord, Interaction, Kind, NodeRecord, Record
from kgrec.errors import SourceError
from kgrec.graph.statement_notes import Stated
from kgrec.graph.store import GraphStore
from kgrec.schema.identity_rules import PersonRules
from kgrec.schema.model import EdgeType, GraphSchema, InteractionType, NodeType, PropertySpec, Words

TEXT = PropertySpec(type="text", embed=True)
NAME = PropertySpec(type="text")


def words(en: str, zh: str) -> Words:
    return Words(en=en, zh=zh)


def films_schema() -> GraphSchema:
    """Users, films, people and genres; WORKED_WITH joins people, FOLLOWS says something about users."""
    return GraphSchema(
        version=1,
        domain="films",
        platforms={"lens": words("Lens", "镜"), "wiki": words("Wiki", "维")},
        nodes={
            "User": NodeType(role="user", words=words("user", "用户")),
            "Film": NodeType(
                role="item",
                words=words("film", "电影"),
                properties={
                    "name": TEXT,
                    "year": PropertySpec(type="number"),
                    "tags": PropertySpec(type="category", embed=True),
                    "plot": TEXT,
                },
            ),
            "Person": NodeType(
                words=words("person", "人"), properties={"name": NAME, "born": PropertySpec(type="number")}
            ),
            "Genre": NodeType(words=words("genre", "类型"), properties={"name": NAME}),
        },
        edges={
            "DIRECTED_BY": EdgeType(source=("Film",), target=("Person",), words=words("directed by", "导演是")),
            "ACTED_IN": EdgeType(
                source=("Person",),
                target=("Film",),
                words=words("acted in", "出演"),
                properties={"role": PropertySpec(type="text")},
            ),
            "HAS_GENRE": EdgeType(source=("Film",), target=("Genre",), words=words("is of genre", "类型是")),
            "SEQUEL_OF": EdgeType(source=("Film",), target=("Film",), words=words("is a sequel of", "是续集")),
            "WORKED_WITH": EdgeType(source=("Person",), target=("Person",), words=words("worked with", "合作")),
            "FOLLOWS": EdgeType(source=("User",), target=("Person",), words=words("follows", "关注")),
        },
        interactions={
            "RATED": InteractionType(user="User", item="Film", words=words("rated", "评分")),
            "WATCHED": InteractionType(user="User", item="Film", words=words("watched", "看过")),
        },
    )


def node(type: str, uid: str, name: str = "", **properties: str | float | list[str]) -> NodeRecord:
    return NodeRecord(type, uid, {**({"name": name} if name else {}), **properties}, "wiki")


def fact(type: str, source: str, target: str, relation: str = "") -> EdgeRecord:
    """An edge between ``Type:uid`` and ``Type:uid``."""
    (source_type, _, source_uid), (target_type, _, target_uid) = source.partition(":"), target.partition(":")
    return EdgeRecord(type, source_type, source_uid, target_type, target_uid, relation or type, {}, "wiki")


@dataclass(frozen=True)
class SampleGraph:
    """A schema and its records; an extraction for :func:`kgrec.graph.ingest.ingest`."""

    schema: GraphSchema
    nodes: Sequence[NodeRecord]
    edges: Sequence[EdgeRecord] = ()
    interactions: Sequence[Interaction] = ()
    source_id: str = field(default="a world")
    source: str = "a source"

    @property
    def stated(self) -> dict[Stated, set[str]]:
        """That the source states whatever is here."""
        parts: dict[Kind, Sequence[Record]] = {
            "nodes": self.nodes,
            "edges": self.edges,
            "interactions": self.interactions,
        }
        stated: dict[Stated, set[str]] = {}
        for kind, records in parts.items():
            stated |= {(kind, record.type, record.platform): {self.source} for record in records}
        return stated

    def batches(self, batch_size: int) -> Iterator[Batch]:
        parts: list[tuple[Literal["nodes", "edges", "interactions"], Sequence[Record]]] = [
            ("nodes", self.nodes),
            ("edges", self.edges),
            ("interactions", self.interactions),
        ]
        for kind, records in parts:
            for start in range(0, len(records), batch_size):
                yield Batch(kind, f"{kind}.csv", records[start : start + batch_size])

    def read_again(self, source: str) -> Iterator[Batch]:
        """Nothing: there are no other sources."""
        raise SourceError("there is no such source.", found=source)

    def put_into(self, store: GraphStore) -> None:
        """Write everything at once."""
        store.apply_schema(self.schema)
        store.upsert_nodes(self.nodes)
        store.upsert_edges(self.edges)
        store.upsert_interactions(self.interactions)


def films_graph() -> SampleGraph:
    """Five films.

    alien and aliens: a sequel, one shared actress (weaver) and one shared actor without a name (m.0x1).
    alien and heat: only over scott, who worked with mann. heat and ronin: deniro, and the genre crime.
    solo has no facts. ann rated alien before aliens and watched heat at an unknown time; bob rated alien.
    """
    films = [("alien", 1979.0), ("aliens", 1986.0), ("heat", 1995.0), ("ronin", 1998.0), ("solo", 2001.0)]
    people = ["scott", "cameron", "mann", "weaver", "deniro"]
    return SampleGraph(
        films_schema(),
        nodes=[
            *(NodeRecord("User", uid, {"name": uid.title()}, "lens") for uid in ("ann", "bob")),
            *(node("Film", uid, uid.title(), year=year) for uid, year in films),
            *(node("Person", uid, uid.title()) for uid in people),
            node("Person", "m.0x1"),
            node("Genre", "crime", "Crime"),
        ],
        edges=[
            fact("SEQUEL_OF", "Film:aliens", "Film:alien"),
            fact("DIRECTED_BY", "Film:alien", "Person:scott"),
            fact("DIRECTED_BY", "Film:aliens", "Person:cameron"),
            fact("DIRECTED_BY", "Film:heat", "Person:mann"),
            fact("WORKED_WITH", "Person:mann", "Person:scott", "as producer"),
            *(fact("ACTED_IN", f"Person:{p}", f"Film:{f}") for p in ("weaver", "m.0x1") for f in ("alien", "aliens")),
            *(fact("ACTED_IN", "Person:deniro", f"Film:{f}") for f in ("heat", "ronin")),
            *(fact("HAS_GENRE", f"Film:{f}", "Genre:crime") for f in ("heat", "ronin")),
            fact("FOLLOWS", "User:ann", "Person:weaver"),
            fact("FOLLOWS", "User:bob", "Person:weaver"),
        ],
        interactions=[
            Interaction("WATCHED", "ann", "heat", "stream", "wiki"),
            Interaction("RATED", "ann", "aliens", "rate", "lens", 20.0, 5.0),
            Interaction("RATED", "ann", "alien", "rate", "lens", 10.0, 4.0),
            Interaction("RATED", "bob", "alien", "rate", "lens", 15.0, 3.0),
        ],
    )


def linked_films_schema() -> GraphSchema:
    """The schema of :func:`films_schema`, whose users may be accounts of one person."""
    schema = films_schema()
    user = schema.nodes["User"].model_copy(
        update={
            "properties": {"name": NAME, "email": PropertySpec(type="id")},
            "persons": PersonRules(keys=("email",), least_confidence=0.8, most_accounts=4),
        }
    )
    same = EdgeType(
        role="same_person",
        source=("User",),
        target=("User",),
        words=words("is the same person as", "与此人相同："),
        properties={"confidence": PropertySpec(type="number"), "since": PropertySpec(type="time")},
    )
    home = EdgeType(role="household", source=("User",), target=("User",), words=words("lives with", "同住"))
    return schema.model_copy(
        update={
            "nodes": {**schema.nodes, "User": user},
            "edges": {**schema.edges, "SAME_PERSON": same, "LIVES_WITH": home},
        }
    )


def link(
    account: str, other: str, confidence: float | None = None, since: float | None = None, platform: str = "lens"
) -> EdgeRecord:
    """An edge that says that two accounts are one person."""
    given = {"confidence": confidence, "since": since}
    stated = {name: value for name, value in given.items() if value is not None}
    return EdgeRecord("SAME_PERSON", "User", account, "User", other, "SAME_PERSON", stated, platform)


def linked_films_graph() -> SampleGraph:
    """The five films, and further accounts without a history.

    ann is anna by a link, anna is a.n. by an equal key; bob may be bert, which is not sure; bob and cid are at home
    together. dee and eve have a key that stands for nothing.
    """
    films = films_graph()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    keys = {"anna": "1f", "a.n.": "1f", "bert": "2e", "cid": "", "dee": empty, "eve": empty}
    accounts = [NodeRecord("User", uid, {"email": key} if key else {}, "wiki") for uid, key in keys.items()]
    return SampleGraph(
        linked_films_schema(),
        [*films.nodes, *accounts],
        [
            *films.edges,
            link("ann", "anna", since=1e9),
            link("bert", "bob", 0.5),
            EdgeRecord("LIVES_WITH", "User", "bob", "User", "cid", "LIVES_WITH", {}, "lens"),
        ],
        films.interactions,
    )


def hostile_strings() -> list[str]:
    """Fifty texts that have broken databases, none of which may break this one."""
    return [
        "", " ", " a", "a ", "1", "01", "1.0", "1e5", "-0", "true", "null", "NaN", "None", "[1, 2]", '{"a": 1}',
        "2020-01-01", "2020-01-01T00:00:00Z", "P1D", "POINT(1 2)", "é", "e\u0301", "İ", "ß", "😀", "\u202e", "\uffff",
        "\u200b", "\n", "\r\n", "\t", "\x01", "'", '"', "''", "`", "``", "\\", "\\'", "\\u0027", "$uid", "{x}", "}}",
        "O'Reilly & \"Sons\"", "`) DETACH DELETE n //", "'}) DETACH DELETE n //", '"}) MATCH (n) DETACH DELETE n //',
        "' OR 1=1 --", "Film:alien", "/* */ // --", "x" * 10_000,
    ]  # fmt: skip
