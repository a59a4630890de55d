"""What publishing writes, and that nothing else changes by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kgrec.data.records import Interaction
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import ConfigError, GraphError, SchemaMismatchError, UnknownUserError
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.store_types import PathLimits
from kgrec.pipeline import inspect
from kgrec.recommendation import Recommendation, Recommender
from kgrec.recommendation.publishing import publish
from kgrec.schema.model import EdgeType
from kgrec.testing.sample_graph import fact, node
from tests.support.bundles import FILMS, film_schema, film_store
from tests.support.published import LISTS, SERVER_AMONG_THE_SLOW, learned, left_of, list_of, quickly, rows

NEIGHBOURS = (
    "MATCH (m:KgrecModel {uid: 'current'}) MATCH (a:Film {uid: $film}) "
    "CALL db.index.vector.queryNodes('kgrec_Film_' + m.slot, $k, a['kgrec_embedding_' + m.slot]) "
    "YIELD node, score RETURN node.uid AS uid, score ORDER BY score DESC"
)


@pytest.fixture
def store(url: str) -> Iterator[Any]:
    with film_store(url=url) as opened:
        yield opened


def items_and_scores(recommendations: Iterable[Recommendation]) -> list[Any]:
    return [(recommendation.item, pytest.approx(recommendation.score)) for recommendation in recommendations]


@SERVER_AMONG_THE_SLOW
def test_the_lists_are_those_of_the_recommender(store: Any) -> None:
    """For a user whom the bundle does not know, too, and with what was done since."""
    store.upsert_nodes([node("User", "dora"), node("Film", "later", "Later")])
    done = [("dora", "alien", 5.0), ("dora", "later", 6.0), ("cold", "blade", 7.0)]
    store.upsert_interactions([Interaction("WATCHED", user, film, "watch", "tv", at) for user, film, at in done])
    bundle = learned(store)
    report = quickly(bundle, store)
    recommender = Recommender(bundle, store)
    for user in ("ann", "bob", "cold", "dora"):
        assert list_of(store, "RECOMMENDED", user) == items_and_scores(recommender.recommend(user, k=3))
    for film in FILMS:
        assert list_of(store, "SIMILAR", film) == items_and_scores(recommender.similar_items(film, k=2))
    assert (report.users, report.recommended, report.items, report.similar) == (4, 12, 7, 14)
    assert report.embeddings == {"Film": 7, "Genre": 1}
    assert report.skipped == {"users": 0, "items": 0, "nodes": 0}
    ranks = [row["rank"] for row in rows(store, LISTS) if row["owner"] == "ann"]
    assert ranks == [1, 2, 3]
    (at,) = {row["at"] for row in rows(store, "MATCH ()-[r:SIMILAR]->() RETURN DISTINCT r.at AS at")}
    (pointer,) = rows(store, "MATCH (m:KgrecModel) RETURN m.uid AS uid, m.model AS model, m.at AS at, m.k AS k")
    assert pointer == {"uid": "current", "model": report.model, "at": at, "k": 3}
    assert report.model.startswith("2026-01-01#")


@SERVER_AMONG_THE_SLOW
def test_who_and_what_has_left_the_graph_is_skipped(store: Any) -> None:
    bundle = learned(store)
    store.delete_user("bob")
    store._write("MATCH (f:Film {uid: 'empire'}) DETACH DELETE f", {})
    report = quickly(bundle, store)
    assert report.skipped == {"users": 1, "items": 1, "nodes": 1}
    assert (report.users, report.items) == (2, 6)
    everything = Recommender(bundle, store).recommend("ann", k=7)
    assert [item for item, _ in list_of(store, "RECOMMENDED", "ann")] == [
        one.item for one in everything if one.item != "empire"
    ][:3]


@SERVER_AMONG_THE_SLOW
def test_only_some_users(store: Any) -> None:
    assert quickly(learned(store), store, users=["cold", "ann"]).users == 2
    assert {r["owner"] for r in rows(store, LISTS) if r["type"] == "RECOMMENDED"} == {"ann", "cold"}


@SERVER_AMONG_THE_SLOW
def test_nothing_else_changes(url: str) -> None:
    def contents(store: Any) -> tuple[Any, ...]:
        data = read_dataset(store)
        nodes = [batch.to_pydict() for type in store.schema.nodes for batch in store.export_nodes(type)]
        tables = [(table.type, table.ends, list(table.rows)) for table in store.stored_tables()]
        facts = (*data.facts.head.tolist(), *data.facts.tail.tolist(), *data.interactions.item.tolist())
        paths = store.paths("star-wars", "empire", PathLimits(timeout_s=30))
        return (
            repr(data),
            facts,
            nodes,
            tables,
            store.counts(),
            store.history("ann"),
            store.node("Film", "alien"),
            paths,
        )

    with film_store(url=url) as store:
        before = contents(store)
        quickly(learned(store), store)
        assert contents(store) == before
        assert store.delete_user("ann") == 2
        assert list_of(store, "RECOMMENDED", "ann") == []
        store.upsert_nodes([node("User", "ann"), node("Film", "alien", "Alien")])
        assert store.upsert_edges([fact("SEQUEL_OF", "Film:aliens", "Film:alien")]).matched == 1
        assert quickly(learned(store), store).users == 3
        assert len(list_of(store, "RECOMMENDED", "ann")) == 3
    assert inspect(url)["nodes"] == {"User": 3, "Film": 7, "Person": 1, "Genre": 1}


@SERVER_AMONG_THE_SLOW
def test_the_same_again_changes_nothing_but_puts_back_what_is_missing(store: Any) -> None:
    bundle = learned(store)
    first = quickly(bundle, store)
    before = rows(store, LISTS)
    again = quickly(bundle, store)
    assert (again.model, again.at, again.slot, again.unchanged) == (first.model, first.at, "a", True)
    assert rows(store, LISTS) == before
    store._write("MATCH (:User {uid: 'ann'})-[r:RECOMMENDED]->() DELETE r", {})
    assert rows(store, LISTS) != before
    quickly(bundle, store)
    assert rows(store, LISTS) == before


def test_a_new_version_takes_the_place_of_the_old_one(store: Any) -> None:
    first = quickly(learned(store), store)
    second = quickly(learned(store, 1), store, batch_size=2)
    assert (first.slot, second.slot, second.unchanged, second.removed) == ("a", "b", False, 23)
    assert left_of(store) == ({second.model}, {"b"})
    names = {row["name"] for row in rows(store, "SHOW INDEXES YIELD name, type WHERE type = 'VECTOR' RETURN name")}
    assert names == {"kgrec_Film_b", "kgrec_Genre_b"}
    assert quickly(learned(store), store).slot == "a"


def test_neighbours_by_the_index_are_those_by_cosine(url: str) -> None:
    films = tuple(f"f{n}" for n in range(300))
    with film_store(url=url) as store:
        store.upsert_nodes([node("Film", film) for film in films])
        vectors = np.random.default_rng(1).normal(size=(300, 16)).astype(np.float32)
        vectors[7] = 0.0
        nodes = Vocabulary([*(f"Film:{film}" for film in (*FILMS, *films))])
        bundle = replace(
            learned(store), nodes=nodes, node_embeddings=np.vstack([np.zeros((7, 16), np.float32), vectors])
        )
        report = quickly(bundle, store)
        assert (report.without_embedding, report.embeddings, report.dimension) == (8, {"Film": 299}, 16)
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        common = 0
        for row in range(100, 120):
            cosine = unit @ unit[row]
            found = rows(store, NEIGHBOURS, film=f"f{row}", k=11)
            common += len({r["uid"] for r in found} & {f"f{n}" for n in np.argsort(-cosine)[:11]})
            assert found[0]["uid"] == f"f{row}"
            for each in found:
                wanted = float(cosine[int(each["uid"][1:])])
                shown = each["score"] if "kglite" in url else 2 * each["score"] - 1
                assert shown == pytest.approx(wanted, abs=1e-4)
        assert common >= 0.98 * 220
        (stored,) = rows(store, "MATCH (f:Film {uid: 'f3'}) RETURN f.kgrec_embedding_a AS v")
        assert np.array_equal(np.array(stored["v"], np.float32), vectors[3])


def test_a_server_without_vector_indexes(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.write_back

    def write_back(statement: str, *names: str, **parameters: Any) -> Any:
        if statement == "create_index":
            raise GraphError("the graph store refused a statement.", where=store.url, found="Invalid input 'VECTOR'")
        return real(statement, *names, **parameters)

    monkeypatch.setattr(store, "write_back", write_back)
    report = quickly(learned(store), store)
    assert not report.vector_index
    assert report.no_vector_index == "the graph store refused a statement. Invalid input 'VECTOR'"
    assert report.as_dict()["vector_index"] is False
    assert len(list_of(store, "SIMILAR", "alien")) == 2
    pointer = rows(store, "MATCH (m:KgrecModel) RETURN m.vector_index AS has, m.indexes AS names")
    assert pointer == [{"has": False, "names": []}]
    assert left_of(store)[1] == {"a"}


def test_what_is_refused() -> None:
    with film_store() as store:
        bundle = learned(store)
        with pytest.raises(SchemaMismatchError):
            publish(replace(bundle, manifest=replace(bundle.manifest, graph_id="other")), store)
        with pytest.raises(ConfigError) as caught:
            publish(bundle, store, similar=0)
        assert str(caught.value) == (
            "ConfigError: similar must be at least 1.\n  where     publish\n  found     0\n"
            "  next      ask for one or more"
        )
        with pytest.raises(UnknownUserError) as unknown:
            publish(bundle, store, users=["ann", "zoe"])
        assert str(unknown.value) == (
            "UnknownUserError: there is no such user in the graph.\n  where     kglite::memory:\n  found     'zoe'\n"
            "  next      correct the id, or publish for everybody"
        )
        assert rows(store, "MATCH (m:KgrecModel) RETURN m.uid AS uid") == []


def test_a_schema_with_our_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with film_store() as store:
        bundle = learned(store)
        edges = {**film_schema().edges, "SIMILAR": EdgeType(**film_schema().edges["SEQUEL_OF"].model_dump())}
        monkeypatch.setattr(store, "schema", film_schema().model_copy(update={"edges": edges}))
        with pytest.raises(ConfigError) as caught:
            publish(bundle, store)
    assert str(caught.value) == (
        "ConfigError: the graph schema uses a name that publishing writes itself.\n"
        "  where     kglite::memory:\n"
        "  found     type SIMILAR\n"
        "  expected  no type RECOMMENDED or SIMILAR, no property that starts with kgrec_embedding_\n"
        "  next      rename it in the graph schema and import again"
    )
