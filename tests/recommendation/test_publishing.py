"""What publishing writes, that nothing else changes by it, and that readers see whole versions only."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.records import Interaction
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import ConfigError, GraphError, SchemaMismatchError, UnknownUserError
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.publication import Publication
from kgrec.graph.store_types import PathLimits
from kgrec.pipeline import inspect
from kgrec.recommendation import Recommendation, Recommender
from kgrec.recommendation.publishing import PublishReport, publish
from kgrec.schema.model import EdgeType
from kgrec.testing.sample_graph import fact, node
from tests.support.bundles import FILMS, film_bundle, film_schema, film_store
from tools.neo4j.server import Neo4jServer

LISTS = (
    "MATCH (m:KgrecModel {uid: 'current'}) MATCH (a)-[r:RECOMMENDED|SIMILAR {model: m.model}]->(b) "
    "RETURN m.model AS model, type(r) AS type, a.uid AS owner, r.rank AS rank, b.uid AS item, r.score AS score "
    "ORDER BY type, owner, rank"
)
NEIGHBOURS = (
    "MATCH (m:KgrecModel {uid: 'current'}) MATCH (a:Film {uid: $film}) "
    "CALL db.index.vector.queryNodes('kgrec_Film_' + m.slot, $k, a['kgrec_embedding_' + m.slot]) "
    "YIELD node, score RETURN node.uid AS uid, score ORDER BY score DESC"
)


@pytest.fixture(params=["kglite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"kglite:{tmp_path / 'g.kgl'}" if request.param == "kglite" else request.getfixturevalue("neo4j_url")


@pytest.fixture
def store(url: str) -> Iterator[Any]:
    with film_store(url=url) as opened:
        yield opened


def learned(store: Any, seed: int = 0) -> Bundle:
    """The film bundle of a store, with embeddings; another seed gives another model of the same graph."""
    bundle = film_bundle(store.schema, store.graph_id)
    rng = np.random.default_rng(seed)
    prior = bundle.model.prior + rng.normal(scale=0.01 * seed, size=7).astype(np.float32)
    return replace(
        bundle,
        model=replace(bundle.model, prior=prior),
        nodes=Vocabulary([*(f"Film:{film}" for film in FILMS), "Genre:horror"]),
        node_embeddings=rng.normal(size=(8, 4)).astype(np.float32),
    )


def quickly(bundle: Bundle, store: Any, **settings: Any) -> PublishReport:
    return publish(bundle, store, **{"k": 3, "similar": 2, "grace_s": 0.0, **settings})


def rows(store: Any, text: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store._read(text, parameters, None)
    return found


def list_of(store: Any, type: str, owner: str) -> list[tuple[str, float]]:
    return [(r["item"], r["score"]) for r in rows(store, LISTS) if (r["type"], r["owner"]) == (type, owner)]


def left_of(store: Any) -> tuple[set[str], set[str]]:
    """Models that relationships carry, and slots that hold embeddings."""
    models = rows(store, "MATCH ()-[r:RECOMMENDED|SIMILAR]->() RETURN DISTINCT r.model AS model")
    slots = [
        slot
        for slot in "ab"
        if rows(store, f"MATCH (n:Film) WHERE n.kgrec_embedding_{slot} IS NOT NULL RETURN n.uid AS uid")
    ]
    return {row["model"] for row in models}, set(slots)


def items_and_scores(recommendations: Iterable[Recommendation]) -> list[Any]:
    return [(recommendation.item, pytest.approx(recommendation.score)) for recommendation in recommendations]


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


def test_only_some_users(store: Any) -> None:
    assert quickly(learned(store), store, users=["cold", "ann"]).users == 2
    assert {r["owner"] for r in rows(store, LISTS) if r["type"] == "RECOMMENDED"} == {"ann", "cold"}


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


def stopping(monkeypatch: pytest.MonkeyPatch, store: Any, at: int) -> None:
    """Lets a number of statements through, then it is ctrl-c."""
    real, done = type(store).write_back, iter(range(at))

    def write_back(statement: str, *names: str, **parameters: Any) -> Any:
        if statement != "index_states" and next(done, None) is None:  # how often that is asked depends on the server
            raise KeyboardInterrupt
        return real(store, statement, *names, **parameters)

    monkeypatch.setattr(store, "write_back", write_back)


def test_stopped_anywhere_readers_have_a_whole_version_and_another_run_finishes(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = learned(store), learned(store, 1)
    quickly(new, store)
    whole = [rows(store, LISTS)]
    quickly(old, store)
    whole.append(rows(store, LISTS))
    seen = set()
    for at in range(100) if "kglite" in store.url else range(5, 100, 5):
        with monkeypatch.context() as patch:
            stopping(patch, store, at)
            try:
                quickly(new, store)
                break
            except KeyboardInterrupt:
                pass
        found = rows(store, LISTS)
        seen.add(whole.index(found))
        report = quickly(new, store)
        assert rows(store, LISTS) == whole[0]
        assert left_of(store) == ({report.model}, {report.slot})
        assert [row["uid"] for row in rows(store, "MATCH (m:KgrecModel) RETURN m.uid AS uid")] == ["current"]
        quickly(old, store)
    assert seen == {0, 1}
    assert at > 20


KILLED = """
import os, pickle, signal, sys
from kgrec.graph import open_store
from kgrec.graph.stores.cypher_store import CypherStore
from kgrec.recommendation.publishing import publish
real, left = CypherStore.write_back, iter(range(int(sys.argv[3])))
def write_back(*given, **parameters):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **parameters)
CypherStore.write_back = write_back
with open(sys.argv[2], "rb") as file, open_store(sys.argv[1]) as store:
    publish(pickle.load(file), store, k=3, similar=2, grace_s=0.0)
"""


def test_killed_while_it_writes(url: str, tmp_path: Path) -> None:
    import pickle

    with film_store(url=url) as store:
        quickly(learned(store), store)
        before = rows(store, LISTS)
        bundle = learned(store, 1)
    (tmp_path / "bundle").write_bytes(pickle.dumps(bundle))
    done = subprocess.run([sys.executable, "-c", KILLED, url, str(tmp_path / "bundle"), "6"], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_store(url) as again:
        assert rows(again, LISTS) == before
        assert len(left_of(again)[0]) == 2
        report = quickly(bundle, again)
        assert left_of(again) == ({report.model}, {"b"})


@pytest.mark.neo4j
def test_a_reader_of_neo4j_never_sees_a_mixture(neo4j_url: str, neo4j_server: Neo4jServer) -> None:
    """It polls through the pointer, in a session of its own, while versions follow each other."""
    stop, seen = threading.Event(), list[tuple[tuple[Any, ...], ...]]()

    def poll() -> None:
        with neo4j_server.driver() as driver, driver.session(database="neo4j") as session:
            while not stop.is_set():
                seen.append(tuple(tuple(row.values()) for row in session.run(LISTS)))

    with film_store(url=neo4j_url) as store:
        whole = set()
        quickly(learned(store), store)
        reader = threading.Thread(target=poll)
        reader.start()
        try:
            for seed in (1, 2):
                whole.add(tuple(tuple(row.values()) for row in rows(store, LISTS)))
                quickly(learned(store, seed), store, batch_size=4, grace_s=0.2)
            whole.add(tuple(tuple(row.values()) for row in rows(store, LISTS)))
        finally:
            stop.set()
            reader.join()
    assert set(seen) <= whole
    assert len(whole) == 3
    assert {len(each) for each in whole} == {23}


def test_of_two_that_overlap_the_later_one_wins(store: Any) -> None:
    quickly(learned(store), store)
    before = rows(store, LISTS)
    first = Publication(store, store.schema, "first", "now", 10)
    second = Publication(store, store.schema, "second", "now", 10)
    batch = [{"uid": "ann", "items": [{"uid": "blade", "rank": 1, "score": 1.0}]}]
    overtaken: list[Callable[[], Any]] = [
        lambda: first.put_lists("RECOMMENDED", batch),
        lambda: first.put_embeddings("Film", [{"uid": "alien", "vector": [1.0] * 4}]),
        lambda: first.take_into_use(),
    ]
    for act in overtaken:
        with pytest.raises(GraphError) as caught:
            act()
        assert str(caught.value) == (
            "GraphError: another publishing has begun meanwhile.\n"
            f"  where     {store.url}\n"
            "  found     its claim on the graph\n"
            "  expected  one at a time\n"
            "  next      let that one finish; readers have a whole version all the time"
        )
    assert rows(store, LISTS) == before
    assert second.put_lists("RECOMMENDED", batch) == 1
    second.take_into_use()
    second.finish(0.0)
    assert [(row["owner"], row["item"]) for row in rows(store, LISTS)] == [("ann", "blade")]


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
