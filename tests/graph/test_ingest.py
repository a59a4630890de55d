"""Importing: once, twice, interrupted."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import Interaction, NodeRecord
from kgrec.graph import open_store
from kgrec.graph.export.to_networkx import to_networkx
from kgrec.graph.ingest import ingest
from kgrec.graph.ingest_report import BatchWritten
from kgrec.graph.store import GraphStore
from kgrec.testing.sample_graph import SampleGraph, fact, films_graph, films_schema, node
from tests.support.imports import StoppedReading


def fresh() -> GraphStore:
    return open_store("kglite::memory:")


def edges_and_nodes(store: GraphStore) -> tuple[object, object]:
    graph = to_networkx(store)
    return dict(graph.nodes.items()), sorted(graph.edges(keys=True, data=True), key=repr)


def test_the_report_of_a_first_import() -> None:
    world = films_graph()
    dangling = replace(world, edges=[*world.edges, fact("ACTED_IN", "Person:nobody", "Film:heat")])
    with fresh() as store:
        report = ingest(dangling, store, batch_size=7)
        assert store.counts().edges["ACTED_IN"] == 6
    assert [(t.kind, t.table, t.rows, t.created, t.matched, t.dangling) for t in report.tables] == [
        ("nodes", "nodes.csv", 14, 14, 0, 0),
        ("edges", "edges.csv", 16, 15, 0, 1),
        ("interactions", "interactions.csv", 4, 4, 0, 0),
    ]
    assert (report.batches, report.skipped_batches, report.completed_before) == (6, 0, False)
    assert (report.created, report.dangling) == (33, 1)
    assert all(table.seconds > 0 and table.rows_per_s > 0 for table in report.tables)
    assert report.as_dict()["tables"][1]["dangling"] == 1


def test_progress_is_told_after_every_batch() -> None:
    told: list[BatchWritten] = []
    with fresh() as store:
        ingest(films_graph(), store, batch_size=8, progress=told.append)
    assert [progress.batch for progress in told] == [1, 2, 3, 4, 5]


def test_a_completed_import_is_written_again_and_creates_nothing() -> None:
    with fresh() as store:
        ingest(films_graph(), store, batch_size=5)
        before = edges_and_nodes(store)
        again = ingest(films_graph(), store, batch_size=5)
        assert edges_and_nodes(store) == before
        assert (again.created, again.skipped_batches, again.completed_before) == (0, 0, True)
        assert sum(table.matched for table in again.tables) == 33
        store.delete_user("ann")
        assert ingest(films_graph(), store, batch_size=5).created == 5
        assert edges_and_nodes(store) == before


@pytest.mark.parametrize("before", range(9))
def test_an_interrupted_import_continues(before: int) -> None:
    world = films_graph()
    with fresh() as undisturbed, fresh() as store:
        ingest(world, undisturbed, batch_size=4)
        with pytest.raises(KeyboardInterrupt):
            ingest(StoppedReading(world, before), store, batch_size=4)
        report = ingest(world, store, batch_size=4)
        assert report.skipped_batches == before
        assert report.skipped_rows == sum(len(b.records) for b in itertools.islice(world.batches(4), before))
        assert report.batches == 9
        assert edges_and_nodes(store) == edges_and_nodes(undisturbed)


def test_a_note_for_other_batches_is_not_used() -> None:
    world = films_graph()
    for other in (
        replace(world, source_id="changed"),
        replace(world, schema=films_schema().model_copy(update={"domain": "cinema"})),
    ):
        with fresh() as store:
            with pytest.raises(KeyboardInterrupt):
                ingest(StoppedReading(world, 3), store, batch_size=4)
            assert ingest(other, store, batch_size=4).skipped_batches == 0
    with fresh() as store:
        with pytest.raises(KeyboardInterrupt):
            ingest(StoppedReading(world, 3), store, batch_size=4)
        assert ingest(world, store, batch_size=5).skipped_batches == 0


NAMES = st.sampled_from("abcd")
TIMES = st.none() | st.integers(0, 2).map(float)
SMALL_WORLDS = st.builds(
    SampleGraph,
    st.just(films_schema()),
    st.lists(
        st.builds(node, st.sampled_from(["Film", "Person"]), NAMES, st.sampled_from(["", "A", "B"]))
        | st.builds(lambda uid, alias: NodeRecord("User", uid, {}, "lens", [alias]), NAMES, NAMES),
        max_size=12,
    ),
    st.lists(
        st.builds(lambda f, p, r: fact("DIRECTED_BY", f"Film:{f}", f"Person:{p}", r), NAMES, NAMES, NAMES)
        | st.builds(lambda f, g: fact("SEQUEL_OF", f"Film:{f}", f"Film:{g}"), NAMES, NAMES),
        max_size=12,
    ),
    st.lists(
        st.builds(
            Interaction,
            st.sampled_from(["RATED", "WATCHED"]),
            NAMES,
            NAMES,
            st.sampled_from(["rate", "click"]),
            time=TIMES,
            weight=st.integers(1, 5).map(float),
        ),
        max_size=12,
    ),
)


@settings(max_examples=40, deadline=None)
@given(world=SMALL_WORLDS, batch_size=st.integers(1, 6))
def test_twice_is_once(world: SampleGraph, batch_size: int) -> None:
    with fresh() as once, fresh() as twice:
        first = ingest(world, once, batch_size=batch_size)
        ingest(world, twice, batch_size=batch_size)
        assert ingest(world, twice, batch_size=batch_size + 1).created == 0
        assert edges_and_nodes(once) == edges_and_nodes(twice)
        counts = once.counts()
        held = [sum(part.values()) for part in (counts.nodes, counts.edges, counts.interactions)]
        assert first.created == sum(held)
        users, films, people = ({n.uid for n in world.nodes if n.type == type} for type in ("User", "Film", "Person"))
        ends = {"DIRECTED_BY": people, "SEQUEL_OF": films}
        kept_edges = {
            (e.type, e.source, e.target, e.relation)
            for e in world.edges
            if e.source in films and e.target in ends[e.type]
        }
        kept = {(i.type, i.user, i.item, i.key) for i in world.interactions if i.user in users and i.item in films}
        assert held == [len({(n.type, n.uid) for n in world.nodes}), len(kept_edges), len(kept)]
