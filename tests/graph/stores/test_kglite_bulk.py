"""A graph that was built at once is the graph that statements would have made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.record_columns import Numbering
from kgrec.data.records import Batch, EdgeRecord, Interaction, NodeRecord
from kgrec.errors import GraphError, StoreUnavailableError
from kgrec.graph import open_store
from kgrec.graph.ingest import ingest
from kgrec.graph.ingest_report import IngestReport
from kgrec.graph.store import GraphStore
from kgrec.graph.stores import kglite_bulk, relationship_files
from kgrec.graph.stores.import_spool import spooled
from kgrec.testing.open_graph import everything
from kgrec.testing.sample_graph import SampleGraph, fact, films_graph, films_schema, hostile_strings, node
from tests.support.columns import interaction_columns

TEXTS = st.sampled_from([text for text in hostile_strings() if len(text) < 100]) | st.sampled_from("abc")
NAMES = st.sampled_from("abc")
TIMES = st.none() | st.sampled_from([-0.0, 0.0, -1.5, 0.1, 1e-7, 1.7e9, 1.7e9 + 0.25, 1e15, 1e16, 12345678901234567.0])
WORLDS = st.builds(
    SampleGraph,
    st.just(films_schema()),
    st.lists(
        st.builds(node, st.sampled_from(["Film", "Person", "User"]), NAMES, TEXTS)
        | st.builds(
            lambda uid, text: NodeRecord("Film", uid, {"plot": text, "tags": [text]}, text, [text]), NAMES, TEXTS
        ),
        max_size=12,
    ),
    st.lists(
        st.builds(lambda f, p, r: fact("DIRECTED_BY", f"Film:{f}", f"Person:{p}", r), NAMES, NAMES, TEXTS)
        | st.builds(lambda f, g: fact("SEQUEL_OF", f"Film:{f}", f"Film:{g}"), NAMES, NAMES)
        | st.builds(
            lambda p, f, text, platform: EdgeRecord(
                "ACTED_IN", "Person", p, "Film", f, "ACTED_IN", {"role": text} if text else {}, platform
            ),
            NAMES,
            NAMES,
            TEXTS,
            TEXTS,
        ),
        max_size=12,
    ),
    st.lists(
        st.builds(
            Interaction,
            st.sampled_from(["RATED", "WATCHED"]),
            NAMES,
            NAMES,
            TEXTS,
            TEXTS,
            TIMES,
            st.sampled_from([0.0, 1.0, 0.1, -2.5, 1e300]),
            st.sampled_from([0, 0, 1, 12]),
        ),
        max_size=12,
    ),
)


@pytest.fixture(autouse=True)
def always_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kglite_bulk, "FEW", -1)


def merged(world: SampleGraph) -> GraphStore:
    store = open_store("kglite::memory:")
    world.put_into(store)
    return store


def numbers(report: IngestReport) -> list[tuple[object, ...]]:
    return sorted((t.kind, t.table, t.rows, t.created, t.matched, t.dangling) for t in report.tables)


@settings(max_examples=25, deadline=None)
@given(world=WORLDS, part=st.sampled_from([1, 3, 2_000_000]))
def test_it_is_the_graph_of_statements(world: SampleGraph, part: int) -> None:
    with pytest.MonkeyPatch.context() as patch, merged(world) as slowly, open_store("kglite::memory:") as built:
        patch.setattr(kglite_bulk, "FEW", -1)
        patch.setattr(relationship_files, "_PART_ROWS", part)
        report = ingest(world, built, batch_size=4)
        assert everything(built) == everything(slowly)
        assert built.counts() == slowly.counts()
        for user in "abc":
            assert built.history(user) == slowly.history(user)
        again = ingest(world, built, batch_size=4)
        assert again.created == 0
        assert everything(built) == everything(slowly)
        held = built.counts()
        assert report.created == sum(sum(kind.values()) for kind in (held.nodes, held.edges, held.interactions))
        patch.setattr(kglite_bulk, "FEW", 10**9)
        with open_store("kglite::memory:") as few:
            assert numbers(ingest(world, few, batch_size=4)) == numbers(report)


def test_several_types_of_target_keep_their_parallel_facts() -> None:
    schema = films_schema()
    edge = schema.edges["ACTED_IN"].model_copy(update={"target": ("Film", "Person")})
    schema = schema.model_copy(update={"edges": {**schema.edges, "ACTED_IN": edge}})
    world = replace(films_graph(), schema=schema)
    extra = [
        EdgeRecord("ACTED_IN", "Person", "mann", type, uid, relation)
        for type, uid in (("Film", "heat"), ("Person", "scott"))
        for relation in ("a", "b", "c")
    ]
    world = replace(world, edges=[*world.edges, *extra])
    with merged(world) as slowly, open_store("kglite::memory:") as built:
        ingest(world, built)
        assert everything(built) == everything(slowly)


def test_the_built_graph_lasts_and_is_written_to(tmp_path: Path) -> None:
    url, world = f"kglite:{tmp_path / 'g.kgl'}", films_graph()
    with open_store(url) as store:
        ingest(world, store)
        graph_id = store.graph_id
    assert not (tmp_path / "g.kgl-import").exists()
    with open_store(url) as store, merged(world) as slowly:
        assert store.graph_id == graph_id
        store.upsert_nodes([node("Film", "new")])
        store.upsert_nodes([node("Film", "new", "Newer")])
        slowly.upsert_nodes([node("Film", "new", "Newer")])
        assert store.delete_user("ann") == slowly.delete_user("ann")
        assert everything(store) == everything(slowly)
    with open_store(url, read_only=True) as store:
        assert store.counts().nodes["Film"] == 6


def test_the_file_is_held_until_the_store_is_closed(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'g.kgl'}"
    with open_store(url) as store:
        ingest(films_graph(), store)
        with pytest.raises(StoreUnavailableError, match="held"):
            open_store(url)
        with open_store(url, read_only=True) as reader:  # the file is there already
            assert everything(reader) == everything(store)
        before = everything(store)
    with open_store(url) as store:  # and giving it back has put no older state in its place
        assert everything(store) == before


def test_what_is_written_after_the_import_lasts(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'g.kgl'}"
    with open_store(url) as store, merged(films_graph()) as slowly:
        ingest(films_graph(), store)
        for one in (store, slowly):
            one.upsert_nodes([node("Film", "new")])
            one.delete_user("ann")
        written = everything(store)
        assert written == everything(slowly)
        with pytest.raises(StoreUnavailableError, match="held"):
            open_store(url)
    with open_store(url) as store:
        assert everything(store) == written


@settings(deadline=None)
@given(world=WORLDS)
def test_columns_wait_as_their_records_do(world: SampleGraph) -> None:
    types = {one: Numbering(list("ab")) for one in ("Film", "User")}
    for type in ("RATED", "WATCHED"):
        records = [replace(one, type=type, platform="shop") for one in world.interactions]
        columns = interaction_columns(records, type, "shop")
        ends = world.schema.interactions
        one, other = (spooled("interactions", "t", each, types, ends).rows for each in (records, columns))
        assert one.to_pylist() == other.to_pylist()


def test_a_node_that_comes_again_in_its_batch_or_later_is_one_node() -> None:
    nodes = [node("Film", "a", "A"), NodeRecord("Film", "a", {"plot": "p"}, "x", ["x:1"]), node("Film", "b")]
    world = replace(films_graph(), nodes=[*nodes, *films_graph().nodes, NodeRecord("Film", "b", {}, "y")])
    with merged(world) as slowly:
        for batch_size in (1, 2, 100):
            with open_store("kglite::memory:") as built:
                ingest(world, built, batch_size=batch_size)
                assert everything(built) == everything(slowly)


def test_a_graph_may_lie_at_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a folder").mkdir()
    with open_store("kglite:a folder/g.kgl") as store, merged(films_graph()) as slowly:
        ingest(films_graph(), store)
        assert everything(store) == everything(slowly)


def test_what_the_loader_leaves_out_is_an_error_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kglite_bulk._blueprint

    def broken(*given: Any) -> dict[str, Any]:
        plan = whole(*given)
        plan["nodes"]["User"]["connections"]["junction_edges"]["RATED"]["csv"] = "nowhere.csv"
        return plan

    with open_store(f"kglite:{tmp_path / 'g.kgl'}") as store:
        monkeypatch.setattr(kglite_bulk, "_blueprint", broken)
        with pytest.raises(GraphError, match="could not be built") as caught:
            ingest(films_graph(), store)
        assert "14 nodes and 16 relationships" in str(caught.value)
        monkeypatch.setattr(kglite_bulk, "_blueprint", whole)
        assert sum(store.counts().interactions.values()) == 4


class Stopped(SampleGraph):
    """Stops before its last batch."""

    def batches(self, batch_size: int) -> Iterator[Batch]:
        yield from list(super().batches(batch_size))[:-1]
        raise KeyboardInterrupt


@pytest.mark.parametrize("read_only", [True, False])
def test_what_an_interrupted_import_put_down_is_read(tmp_path: Path, read_only: bool) -> None:
    url, world = f"kglite:{tmp_path / 'g.kgl'}", films_graph()
    stopped = Stopped(world.schema, world.nodes, world.edges, world.interactions)
    with open_store(url) as store, pytest.raises(KeyboardInterrupt):
        ingest(stopped, store, batch_size=3)
    with open_store(url, read_only=read_only) as store:
        assert sum(store.counts().edges.values()) == 15
        assert sum(store.counts().interactions.values()) == 3
    assert not (tmp_path / "g.kgl-import").exists()
    with open_store(url) as store, merged(world) as slowly:
        report = ingest(world, store, batch_size=3)
        assert report.skipped_batches == report.batches - 1
        assert everything(store) == everything(slowly)


def test_an_interrupted_import_goes_on_at_once(tmp_path: Path) -> None:
    url, world = f"kglite:{tmp_path / 'g.kgl'}", films_graph()
    stopped = Stopped(world.schema, world.nodes, world.edges, world.interactions)
    with open_store(url) as store, pytest.raises(KeyboardInterrupt):
        ingest(stopped, store, batch_size=3)
    with open_store(url) as store, merged(world) as slowly:
        report = ingest(world, store, batch_size=3)
        assert report.skipped_batches == report.batches - 1
        assert everything(store) == everything(slowly)


def test_another_import_after_an_interrupted_one_loses_nothing(tmp_path: Path) -> None:
    url, world = f"kglite:{tmp_path / 'g.kgl'}", films_graph()
    stopped = Stopped(world.schema, world.nodes, world.edges, world.interactions)
    other = replace(films_graph(), source_id="other", interactions=[])
    with open_store(url) as store, pytest.raises(KeyboardInterrupt):
        ingest(stopped, store, batch_size=3)
    with open_store(url) as store:
        ingest(other, store, batch_size=3)
        assert sum(store.counts().interactions.values()) == 3


def test_an_import_that_stopped_before_the_first_relationship_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, stop = f"kglite:{tmp_path / 'g.kgl'}", KeyboardInterrupt()
    with monkeypatch.context() as patch:
        patch.setattr("kgrec.graph.stores.import_spool.ImportSpool.append", lambda *_: (_ for _ in ()).throw(stop))
        with open_store(url) as store, pytest.raises(KeyboardInterrupt):
            ingest(films_graph(), store, batch_size=7)
    with open_store(url) as store:
        assert store.counts().nodes["Film"] == 5
    with open_store(url) as store:
        assert ingest(films_graph(), store, batch_size=7).skipped_batches == 2
        assert store.counts().interactions["RATED"] == 3
