"""A corrected source: after replacing, the graph is what a fresh import would have made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import Interaction, Value
from kgrec.errors import ReplacementError
from kgrec.graph import open_store
from kgrec.graph.export.to_networkx import to_networkx
from kgrec.graph.ingest import ingest
from kgrec.graph.store import GraphStore
from kgrec.testing.open_graph import everything
from kgrec.testing.sample_graph import SampleGraph, fact, films_graph, films_schema, node
from tests.graph.test_ingest import SMALL_WORLDS, edges_and_nodes
from tests.support.imports import StoppedReading


def fresh() -> GraphStore:
    return open_store("kglite::memory:")


def corrected() -> SampleGraph:
    """ronin has left the films but not what is said of it; weaver does not play in alien; bob rated nothing."""
    world = films_graph()
    return replace(
        world,
        nodes=[record for record in world.nodes if record.uid != "ronin"],
        edges=[record for record in world.edges if (record.source, record.target) != ("weaver", "alien")],
        interactions=[record for record in world.interactions if record.user != "bob"],
        source_id="corrected",
    )


def test_what_left_a_source_is_removed_and_counted() -> None:
    with fresh() as store, fresh() as other:
        ingest(films_graph(), store)
        report = ingest(corrected(), store, replace=True)
        ingest(corrected(), other)
        assert edges_and_nodes(store) == edges_and_nodes(other)
    assert report.replacement is not None
    counts = {one.type: (one.held, one.unstated, one.removed) for one in report.replacement.types if one.unstated}
    assert counts == {"Film": (5, 1, 1), "ACTED_IN": (6, 2, 2), "HAS_GENRE": (2, 1, 1), "RATED": (3, 1, 1)}
    assert report.as_dict()["replaced"][1] == {
        "kind": "nodes", "type": "Film", "held": 5, "unstated": 1, "removed": 1, "values": 0, "kept": 0
    }  # fmt: skip


def test_without_replacing_nothing_is_removed() -> None:
    with fresh() as store:
        ingest(films_graph(), store)
        before = edges_and_nodes(store)
        assert ingest(corrected(), store).replacement is None
        assert edges_and_nodes(store) == before


def held(store: GraphStore) -> tuple[set[str], set[str]]:
    """Nodes and relationships by their identities."""
    graph = to_networkx(store)
    edges = ((*ends, key, {k: v for k, v in data.items() if k != "weight"}) for *ends, key, data in edges_of(graph))
    return set(graph.nodes), set(map(repr, edges))


def edges_of(graph: Any) -> Any:
    return graph.edges(keys=True, data=True)


@settings(max_examples=30, deadline=None)
@given(first=SMALL_WORLDS, second=SMALL_WORLDS, batch_size=st.integers(1, 6))
def test_a_replaced_graph_is_a_fresh_one(first: SampleGraph, second: SampleGraph, batch_size: int) -> None:
    second = replace(second, source_id="another")
    with fresh() as store, fresh() as expected:
        ingest(first, store, batch_size=batch_size)
        ingest(StoppedReading(second, None, first), store, batch_size=batch_size, replace=True, max_removed=1.0)
        ingest(second, expected)
        assert held(store) == held(expected)


@settings(max_examples=30, deadline=None)
@given(first=SMALL_WORLDS, second=SMALL_WORLDS, other=SMALL_WORLDS)
def test_what_others_state_is_never_removed(first: SampleGraph, second: SampleGraph, other: SampleGraph) -> None:
    first, second = (
        of_platform(first, "lens", "lens.csv"),
        replace(of_platform(second, "lens", "lens.csv"), source_id="2"),
    )
    other = of_platform(other, "wiki", "wiki.csv")
    with fresh() as store, fresh() as others, fresh() as seconds:
        ingest(first, store)
        ingest(other, store)
        ingest(StoppedReading(second, None, first), store, replace=True, max_removed=1.0)
        ingest(other, others)
        ingest(second, seconds)
        nodes, edges = held(store)
        for must in (held(others), held(seconds)):
            assert must[0] <= nodes
            assert must[1] <= edges


def of_platform(world: SampleGraph, platform: str, source: str) -> SampleGraph:
    """The same statements, made by another source on a platform of its own."""
    return SampleGraph(
        world.schema,
        [replace(record, platform=platform) for record in world.nodes],
        [replace(record, platform=platform) for record in world.edges],
        [replace(record, platform=platform) for record in world.interactions],
        source,
        source,
    )


def test_what_another_platform_states_stays() -> None:
    world = of_platform(films_graph(), "lens", "lens.csv")
    second = of_platform(films_graph(), "wiki", "wiki.csv")
    with fresh() as store, fresh() as expected:
        ingest(world, store)
        ingest(second, store)
        report = ingest(of_platform(corrected(), "lens", "lens.csv"), store, replace=True, max_removed=0.5)
        ingest(second, expected)
        ingest(of_platform(corrected(), "lens", "lens.csv"), expected)
        assert store.counts() == expected.counts()
        assert store.node("Film", "ronin") == {"uid": "ronin", "name": "Ronin", "year": 1998.0, "platforms": ["wiki"]}
    assert report.replacement is not None
    kept = {one.type: one.unstated - one.removed for one in report.replacement.types if one.unstated}
    assert kept == {"Film": 1, "ACTED_IN": 1, "RATED": 0}


def test_a_node_stays_while_something_refers_to_it() -> None:
    schema = films_schema()
    people = SampleGraph(schema, [node("Film", "a"), node("Film", "b"), node("Film", "c")], source="films.csv")
    log = SampleGraph(
        schema,
        [replace(node("User", "ann"), platform="lens")],
        [],
        [Interaction("RATED", "ann", "a", "rate", "lens", 1.0)],
        "log",
        "log.csv",
    )
    with fresh() as store:
        ingest(people, store)
        ingest(log, store)
        report = ingest(replace(people, nodes=people.nodes[1:], source_id="x"), store, replace=True)
        assert store.counts().nodes["Film"] == 3
        assert store.counts().interactions["RATED"] == 1
    assert report.replacement is not None
    assert [one.as_dict()["kept"] for one in report.replacement.types] == [1]


def test_too_much_is_refused_before_anything_goes() -> None:
    world = films_graph()
    little = replace(world, interactions=world.interactions[:1], nodes=world.nodes[:-1], source_id="cut off")
    with fresh() as store:
        ingest(world, store)
        before = edges_and_nodes(store)
        with pytest.raises(ReplacementError) as caught:
            ingest(little, store, replace=True)
        assert caught.value.found == "1 of 1 Genre would go\n2 of 2 HAS_GENRE would go\n3 of 3 RATED would go"
        assert edges_and_nodes(store) == before
        ingest(little, store, replace=True, max_removed=1.0)
        assert store.counts().interactions == {"RATED": 0, "WATCHED": 1}


def test_a_new_source_is_no_correction_of_one_that_says_something_else() -> None:
    schema = films_schema()
    first = SampleGraph(schema, [node("Film", uid) for uid in "abc"], source="a.csv")
    second = SampleGraph(schema, [node("Film", uid) for uid in "defghijkl"], source_id="b", source="b.csv")
    with fresh() as store:
        ingest(first, store)
        with pytest.raises(ReplacementError) as caught:
            ingest(second, store, replace=True)
        assert caught.value.found == "3 of 12 Film would go\nb.csv was not imported before and replaces a.csv"
        moved = replace(first, nodes=first.nodes[1:], source_id="c", source="moved.csv")
        with fresh() as other:
            ingest(first, other)
            ingest(moved, other, replace=True)
            assert other.counts().nodes["Film"] == 2
            assert ingest(replace(moved, nodes=moved.nodes[1:]), other, replace=True).replacement


@pytest.mark.parametrize("before", range(9))
def test_an_interrupted_import_removes_nothing_and_goes_on(before: int, tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'g.kgl'}"
    with fresh() as expected:
        ingest(corrected(), expected)
        with open_store(url) as store:
            ingest(films_graph(), store, batch_size=4)
            kept = everything(store)
            with pytest.raises(KeyboardInterrupt):
                ingest(StoppedReading(corrected(), before), store, batch_size=4, replace=True)
            assert everything(store) == kept
        with open_store(url) as store:
            report = ingest(corrected(), store, batch_size=4, replace=True)
            assert report.skipped_batches == before
            assert edges_and_nodes(store) == edges_and_nodes(expected)


def test_an_import_that_was_under_way_starts_over_behind_a_replacement() -> None:
    world = films_graph()
    with fresh() as store, fresh() as expected:
        ingest(world, expected)
        ingest(replace(world, source_id="before"), store)
        with pytest.raises(KeyboardInterrupt):
            ingest(StoppedReading(world, 8), store, batch_size=4)
        ingest(corrected(), store, replace=True)
        assert ingest(world, store, batch_size=4).skipped_batches == 0
        assert edges_and_nodes(store) == edges_and_nodes(expected)


def test_values_that_left_a_source_are_unset() -> None:
    first = SampleGraph(films_schema(), [node("Film", "a", "A", year=1990.0, plot="long"), node("Film", "b", "B")])
    second = replace(first, nodes=[node("Film", "a", "A", year=1991.0), node("Film", "b")], source_id="2")
    with fresh() as store:
        ingest(first, store)
        report = ingest(second, store, replace=True)
        assert store.node("Film", "a") == {"uid": "a", "name": "A", "year": 1991.0, "platforms": ["wiki"]}
        assert store.node("Film", "b") == {"uid": "b", "name": "b", "platforms": ["wiki"]}
    assert report.replacement is not None
    assert [one.values for one in report.replacement.types] == [2]


def test_values_of_a_node_that_others_state_stay() -> None:
    first = SampleGraph(films_schema(), [node("Film", "a", "A", plot="long")])
    other = of_platform(SampleGraph(films_schema(), [node("Film", "a")]), "lens", "lens.csv")
    with fresh() as store:
        ingest(first, store)
        ingest(other, store)
        ingest(replace(first, nodes=[node("Film", "a", "A")], source_id="2"), store, replace=True)
        found = store.node("Film", "a")
        assert found is not None
        assert found["plot"] == "long"


def test_values_of_facts_that_left_a_source_are_unset() -> None:
    def world(role: dict[str, Value], source_id: str, platform: str = "wiki") -> SampleGraph:
        played = replace(fact("ACTED_IN", "Person:weaver", "Film:alien"), properties=role)
        other = replace(fact("ACTED_IN", "Person:weaver", "Film:aliens"), properties={"role": "Ripley"})
        films = [node("Film", "alien"), node("Film", "aliens"), node("Person", "weaver")]
        whole = SampleGraph(films_schema(), films, [played, other], source_id=source_id)
        return whole if platform == "wiki" else of_platform(whole, platform, f"{platform}.csv")

    def roles(store: GraphStore) -> dict[str, object]:
        rows = [row for table in store.stored_tables() if table.type == "ACTED_IN" for row in table.rows]
        return {row["_target"]: row.get("role") for row in rows}

    with fresh() as store:
        ingest(world({"role": "Ripley"}, "1"), store)
        report = ingest(world({}, "2"), store, replace=True)
        assert roles(store) == {"alien": None, "aliens": "Ripley"}
        ingest(world({"role": "Ellen"}, "3"), store)
        ingest(world({}, "4", "lens"), store)
        ingest(world({}, "5"), store, replace=True)
        assert roles(store) == {"alien": "Ellen", "aliens": "Ripley"}  # the other platform may mean it too
    assert report.replacement is not None
    assert [(one.type, one.values, one.removed) for one in report.replacement.types if one.values] == [
        ("ACTED_IN", 1, 0)
    ]
