"""Paths on random graphs: against networkx, which knows nothing of Cypher."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.graph import open_store
from kgrec.graph.export.to_networkx import to_networkx
from kgrec.graph.paths import confirm
from kgrec.graph.store_types import GraphPath, NodeRef, PathLimits
from kgrec.graph.stores.kglite_store import KgliteStore
from kgrec.testing.sample_graph import SampleGraph, fact, films_graph, films_schema, node

UIDS = [str(i) for i in range(6)]
ENDS = {
    "DIRECTED_BY": ("Film", "Person"),
    "ACTED_IN": ("Person", "Film"),
    "SEQUEL_OF": ("Film", "Film"),
    "WORKED_WITH": ("Person", "Person"),
}
EDGES = st.lists(
    st.tuples(st.sampled_from(list(ENDS)), st.sampled_from(UIDS), st.sampled_from(UIDS), st.sampled_from(["x", "y"])),
    max_size=30,
)


def world_of(edges: list[tuple[str, str, str, str]]) -> SampleGraph:
    nodes = [node(type, uid) for type in ("Film", "Person") for uid in UIDS]
    facts = [fact(type, f"{ENDS[type][0]}:{a}", f"{ENDS[type][1]}:{b}", relation) for type, a, b, relation in edges]
    return SampleGraph(films_schema(), nodes, facts)


def called(ref: NodeRef) -> str:
    return f"{ref.type}:{ref.uid}"


def walk(path: GraphPath) -> tuple[str, ...]:
    return tuple(called(ref) for ref in path.nodes)


@settings(max_examples=80, deadline=None)
@given(edges=EDGES, max_hops=st.integers(1, 3), max_degree=st.sampled_from([1, 3, 100]))
def test_paths_are_those_of_the_graph(edges: list[tuple[str, str, str, str]], max_hops: int, max_degree: int) -> None:
    with open_store("kglite::memory:") as store:
        world_of(edges).put_into(store)
        graph = to_networkx(store)
        limits = PathLimits(max_hops, max_degree, max_paths=10_000, timeout_s=30)
        found = store.paths("0", "1", limits)
        for path in found:
            assert store.confirm(path)
            for step in path.steps:
                a, b = (step.source, step.target) if step.forward else (step.target, step.source)
                assert graph.has_edge(called(a), called(b), key=(step.type, step.relation))
    assert len(set(found)) == len(found)
    assert [len(path.steps) for path in found] == sorted(len(path.steps) for path in found)

    # A self-loop counts once or twice as a neighbour depending on who counts; no path can use it.
    loops = set(nx.nodes_with_selfloops(graph))
    plain = nx.Graph(graph.to_undirected())
    expected = {
        tuple(nodes)
        for nodes in nx.all_simple_paths(plain, "Film:0", "Film:1", cutoff=max_hops)
        if all(graph.degree(n) <= max_degree for n in nodes[1:-1])
    }
    walks = {walk(path) for path in found}
    assert {w for w in walks if loops.isdisjoint(w)} == {w for w in expected if loops.isdisjoint(w)}


def test_a_longer_path_is_not_looked_for_where_short_ones_fill_the_answer() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        everything = store.paths("alien", "aliens", PathLimits(max_paths=100))
        for most in range(1, len(everything) + 1):
            assert store.paths("alien", "aliens", PathLimits(max_paths=most)) == everything[:most]


def test_edges_of_several_types_are_confirmed_in_one_read() -> None:
    with KgliteStore("kglite::memory:") as store:
        films_graph().put_into(store)
        found = store.paths("alien", "aliens", PathLimits(max_paths=100))
        assert len({(step.type, step.forward) for path in found for step in path.steps}) > 2
        gone = [replace(path, steps=(replace(path.steps[0], relation="as foe"), *path.steps[1:])) for path in found]
        texts: list[str] = []

        def read(text: str, parameters: dict[str, Any], timeout_s: float | None) -> list[dict[str, Any]]:
            texts.append(text)
            return store._read(text, parameters, timeout_s)

        assert confirm(read, films_schema(), [*found, *gone], 10.0) == [True] * len(found) + [False] * len(gone)
        assert len(texts) == 1
