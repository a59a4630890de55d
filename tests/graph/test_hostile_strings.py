"""Two hundred texts that mean something to some machine, everywhere a text can be: kept to the letter or refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.errors import KgrecError
from kgrec.graph import open_store
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import GraphCounts
from kgrec.graph.stores.cypher_store import CypherStore
from kgrec.schema.model import GraphSchema, NodeType, PropertySpec
from kgrec.testing.sample_graph import SampleGraph, films_schema, hostile_strings, words

_CYPHER = (
    "MATCH (n) DETACH DELETE n", "') MATCH (n) DETACH DELETE n RETURN ('", "\\') DELETE n //", "\\u0027}) DELETE n //",
    "`) DROP CONSTRAINT kgrec_Film_uid //", "Film`:`Person", "Film {uid: 'alien'}", "a} SET n:Hacked //", "$rows",
    "${uid}", "{{uid}}", "$$", "`$uid`", "row.uid", "n.uid", "UNWIND [1] AS x CREATE (:X)", "CALL db.labels()",
    "CALL { CREATE (:X) }", "LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l", "; CREATE (:X) ;",
    ":use system", ":exit",
    "RETURN 1 UNION RETURN 2", "// comment", "/* open", "*/ close", "EXPLAIN", "PROFILE MATCH (n)", "USE neo4j",
    "DROP DATABASE neo4j", "ALTER USER neo4j SET PASSWORD 'x'", "SHOW USERS", "apoc.load.json('http://x')",
)  # fmt: skip
_SIGNS = (
    *"!\"#$%&'()*+,-./:;<=>?@[\\]^_{|}~", "\u2018", "\u2019", "\u201c", "\u00b4", "\u02bc", "\uff07", "\uff40",
    "\\\\", "\\`", "\\n", "\\u0000", "\\u0060", "\\uD800", "\\x00", "%27", "%60", "%00", "&#39;",
    "&lt;", "\\0", "'''", '"""',
)  # fmt: skip
_NUMBERS = (
    "0", "-1", "+1", "0x10", "0o7", "1_000", "1.", ".5", "1e309", "-inf", "Infinity", "9223372036854775808", "1L", "١",
    "½", "TRUE", "False", "NULL", "undefined", "[]", "{}", "[null]", "1979-01-01T00:00:00+01:00", "P1Y", "00:00",
)  # fmt: skip
_LETTERS = (
    "A\u030a", "\u00c5", "\u212b", "ﬁ", "fi", "I", "ı", "i\u0307", "ǅ", "ΐ", "ẞ", "SS", "ſ", "K", "\u212a", "漢字",
    "汉字", "カ\u3099", "ガ", "ｶﾞ", "한", "\u1112\u1161\u11ab", "نص عربي", "\u202eevil\u202c", "\u2066x\u2069",
    "\u200f", "\u200e",
    "👩\u200d👩\u200d👧", "🏳️\u200d🌈", "👍🏽", "🇩🇪", "\U00010000", "\U0010ffff",
    "\U0001f4a9" * 100, "z\u0300\u0301\u0302" * 50,
    "\ufeff", "\ufffd", "\ufffe", "\ufdd0", "\ue000",
)  # fmt: skip
_SPACES = (
    "  ", "\u00a0", "\u2003", "\u3000", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1b[31mred", "\x7f", "\x08", "\r",
    "\n\n", " alien", "alien ", "\talien", "ali\u00aden", "ali\u200ben", "a\nb", "a\r\nb", "\x1c", "\x1f", "\u180e",
)  # fmt: skip
_LONG = ("y" * 7_999, "é" * 3_999, "漢" * 2_600, "`" * 7_000, "'" * 7_000, "\\" * 7_000)
NO_TEXT = ("\ud800", "a\udfffb", "\udc80", "\ud83d")
"""Halves of characters: no encoding of them exists."""


def texts() -> list[str]:
    """All that can be written down and used as a uid."""
    own = [text for text in hostile_strings() if len(text) < 8_000]
    return list(dict.fromkeys((*own, *_CYPHER, *_SIGNS, *_NUMBERS, *_LETTERS, *_SPACES, *_LONG, "\x00", "a\x00b")))


@pytest.fixture(params=["kglite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def store(request: pytest.FixtureRequest) -> Iterator[GraphStore]:
    url = "kglite::memory:" if request.param == "kglite" else request.getfixturevalue("neo4j_url")
    with open_store(url) as opened:
        opened.apply_schema(films_schema())
        yield opened


def structure(store: GraphStore) -> dict[str, list[str]]:
    """Labels and relationship types that something carries, and constraints."""
    assert isinstance(store, CypherStore)
    asked = {
        "labels": "MATCH (n) UNWIND labels(n) AS x RETURN DISTINCT x",
        "types": "MATCH ()-[r]->() RETURN DISTINCT type(r) AS x",
        "constraints": "SHOW CONSTRAINTS",
    }
    found = {name: store._read(text, {}, None) for name, text in asked.items()}
    return {name: sorted(str(row.get("x", row.get("name"))) for row in rows) for name, rows in found.items()}


def test_there_are_enough_of_them() -> None:
    assert len(texts()) + len(NO_TEXT) >= 200


def test_kept_to_the_letter(store: GraphStore) -> None:
    hostile = texts()
    n = len(hostile)
    before = structure(store)
    nodes = [NodeRecord("Film", t, {"name": t, "plot": t, "tags": [t, "x", t]}, t, [t]) for t in hostile]
    nodes += [NodeRecord(type, t) for type in ("User", "Person") for t in hostile]
    edges = [EdgeRecord("ACTED_IN", "Person", t, "Film", t, t, {"role": t}, t) for t in hostile]
    behaviour = [Interaction("RATED", t, t, t, t, 1.0) for t in hostile]
    for _ in range(2):
        SampleGraph(films_schema(), nodes, edges, behaviour).put_into(store)
    assert store.counts() == GraphCounts(
        {"User": n, "Film": n, "Person": n, "Genre": 0},
        {"DIRECTED_BY": 0, "ACTED_IN": n, "HAS_GENRE": 0, "SEQUEL_OF": 0, "WORKED_WITH": 0, "FOLLOWS": 0},
        {"RATED": n, "WATCHED": 0},
    )
    stored = {(table.type, table.ends): {row.get("uid", row.get("_source")): row for row in table.rows}
              for table in store.stored_tables()}  # fmt: skip
    for t in hostile:
        film = stored["Film", None][t]
        assert (film["name"], film["plot"], film["tags"], film["aliases"], film["platforms"]) == (
            t, t, [t, "x", t], [t], [t] if t else None,
        )  # fmt: skip
        acted = stored["ACTED_IN", ("Person", "Film")][t]
        assert (acted["_target"], acted["relation"], acted["role"]) == (t, t, t)
    for t in hostile[:: 1 if n < 60 else 6]:
        assert store.history(t) == [Interaction("RATED", t, t, t, t, 1.0)]
        found = store.node("Film", t)
        assert found is not None
        assert found["uid"] == t
    after = structure(store)
    assert after["constraints"] == before["constraints"]
    assert after["labels"] == ["Film", "KgrecGraph", "Person", "User"]
    assert after["types"] == ["ACTED_IN", "RATED"]


@pytest.mark.parametrize("text", NO_TEXT)
def test_what_is_no_text_is_refused_before_anything_is_written(store: GraphStore, text: str) -> None:
    good = NodeRecord("Film", "alien")
    for bad in (
        NodeRecord("Film", text),
        NodeRecord("Film", "x", {"plot": text}),
        NodeRecord("Film", "x", {"tags": ["fine", text]}),
        NodeRecord("Film", "x", {}, text),
        NodeRecord("Film", "x", {}, "", [text]),
    ):
        with pytest.raises((ValueError, KgrecError)):
            store.upsert_nodes([good, bad])
    store.upsert_nodes([good, NodeRecord("Person", "p"), NodeRecord("User", "u")])
    with pytest.raises((ValueError, KgrecError)):
        store.upsert_edges([EdgeRecord("ACTED_IN", "Person", "p", "Film", "alien", text)])
    with pytest.raises((ValueError, KgrecError)):
        store.upsert_interactions([Interaction("RATED", "u", "alien", text)])
    counts = store.counts()
    assert (sum(counts.nodes.values()), sum(counts.edges.values()), sum(counts.interactions.values())) == (3, 0, 0)


def schema_with(name: str) -> Iterator[GraphSchema]:
    """The films with a hostile name for a node type, an edge type, and a property of each."""
    plain, text = films_schema(), PropertySpec(type="text")
    kind, edge = NodeType(words=words("x", "x")), plain.edges["HAS_GENRE"]
    yield plain.model_copy(update={"nodes": plain.nodes | {name: kind}})
    yield plain.model_copy(update={"nodes": plain.nodes | {"X": kind.model_copy(update={"properties": {name: text}})}})
    yield plain.model_copy(update={"edges": plain.edges | {name: edge}})
    yield plain.model_copy(update={"edges": plain.edges | {"X": edge.model_copy(update={"properties": {name: text}})}})
    yield plain.model_copy(update={"interactions": plain.interactions | {name: plain.interactions["RATED"]}})


@pytest.mark.parametrize("url", ["kglite::memory:", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def test_as_labels_types_and_property_names(url: str, request: pytest.FixtureRequest) -> None:
    refused = [*texts(), *NO_TEXT, "x" * 8_001, "KgrecGraph"]
    refused = [name for name in refused if not (name.isascii() and name.isidentifier() and len(name) < 64)]
    assert len(refused) > 200
    with open_store(request.getfixturevalue("neo4j_url") if url == "neo4j" else url) as store:
        before = structure(store)
        for name in refused:
            for schema in schema_with(name):
                with pytest.raises((ValueError, KgrecError)):
                    store.apply_schema(schema)
        assert (store.schema, structure(store)) == (None, before)
        assert (before["labels"], before["types"]) == ([], [])
