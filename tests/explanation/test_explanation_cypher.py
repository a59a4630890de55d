"""The statement of an explanation returns exactly what the explanation rests on, whatever the ids look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import neo4j
import pytest

from kgrec.data.records import Interaction
from kgrec.explanation import evidence_paths as paths
from kgrec.graph import GraphStore
from kgrec.graph.cypher.pasteable import explanation_statement
from kgrec.graph.store_types import GraphPath, NodeRef, PathStep
from kgrec.recommendation import Explanation, Filters, Recommender
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.testing.sample_graph import fact, hostile_strings
from tests.support.bundles import FILMS, USERS, film_bundle, film_schema, film_store
from tools.neo4j.server import Neo4jServer

Node = tuple[str, str]
Edge = tuple[str, str, str, str]
"""Type, uid of the source, relation of a fact or key of an interaction, uid of the target."""


@dataclass
class Graph:
    """A store that holds the films, and what pasting a statement into it shows."""

    store: GraphStore
    shown: Callable[[str], tuple[set[Node], set[Edge]]]
    write: Callable[[str], object]


def _embedded(store: Any) -> Callable[[str], tuple[set[Node], set[Edge]]]:
    def shown(text: str) -> tuple[set[Node], set[Edge]]:
        nodes: dict[int, Node] = {}
        edges: set[Edge] = set()
        for row in store._read(text, {}, None):
            value = row["shown"]
            path = value if "nodes" in value else {"nodes": [value], "relationships": []}
            nodes |= {n["id"]: (n["labels"][0], n["properties"]["uid"]) for n in path["nodes"]}
            for r in path["relationships"]:
                own = r["properties"]
                edges.add((r["type"], nodes[r["start"]][1], own.get("relation", own.get("key")), nodes[r["end"]][1]))
        return set(nodes.values()), edges

    return shown


def _server(driver: neo4j.Driver) -> Callable[[str], tuple[set[Node], set[Edge]]]:
    def shown(text: str) -> tuple[set[Node], set[Edge]]:
        nodes: set[Node] = set()
        edges: set[Edge] = set()
        found = driver.execute_query(text, routing_=neo4j.RoutingControl.READ).records  # a write would be refused
        for (value,) in found:
            whole = value.nodes if isinstance(value, neo4j.graph.Path) else [value]
            nodes |= {(next(iter(n.labels)), n["uid"]) for n in whole}
            for r in getattr(value, "relationships", ()):
                edges.add((r.type, r.start_node["uid"], r.get("relation", r.get("key")), r.end_node["uid"]))
        return nodes, edges

    return shown


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not take paths away from an explanation."""
    monkeypatch.setattr(paths, "CONFIRM_S", 60.0)


@pytest.fixture(params=["kglite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def films(request: pytest.FixtureRequest) -> Iterator[Callable[..., Graph]]:
    """Builds the films of ``tests.support.bundles``, with any ids."""
    stores: list[GraphStore] = []
    drivers: list[neo4j.Driver] = []

    def build(**ids: Any) -> Graph:
        if request.param == "kglite":
            embedded: Any = film_store(**ids)
            stores.append(embedded)
            return Graph(embedded, _embedded(embedded), lambda text: embedded._write(text, {}))
        server: Neo4jServer = request.getfixturevalue("neo4j_server")
        stores.append(film_store(**ids, url=request.getfixturevalue("neo4j_url")))
        drivers.append(server.driver())
        return Graph(stores[-1], _server(drivers[-1]), drivers[-1].execute_query)

    yield build
    for store in stores:
        store.close()
    for driver in drivers:
        driver.close()


def rests_on(it: Explanation, store: GraphStore) -> tuple[set[Node], set[Edge]]:
    """Nodes and edges of an explanation, put together from its own parts and the history in the store."""
    nodes: set[Node] = {("Film", it.item)}
    edges: set[Edge] = set()
    for path in it.paths:
        nodes |= {(node.type, node.uid) for node in path.nodes}
        edges |= {(step.type, step.source.uid, step.relation, step.target.uid) for step in path.steps}
    speaking = [past.item for past in it.past if past.value > 0]
    assert len(speaking) <= 5
    nodes |= {("Film", item) for item in speaking}
    if it.user is not None and speaking:
        nodes.add(("User", it.user))
        done = [one for one in store.history(it.user) if one.item in speaking]
        edges |= {(one.type, it.user, one.key, one.item) for one in done}
    return nodes, edges


def all_explanations(recommender: Recommender, **whom: Any) -> list[Explanation]:
    found = recommender.recommend(**whom, k=9, filters=Filters(include_seen=True), explain=True)
    return [one.explanation for one in found if one.explanation is not None]


def check(graph: Graph, explanations: list[Explanation]) -> None:
    assert explanations
    for it in explanations:
        assert it.cypher is not None
        assert graph.shown(it.cypher) == rests_on(it, graph.store)


def test_exactly_the_explanation_is_shown(films: Callable[..., Graph]) -> None:
    graph = films()
    recommender = Recommender(film_bundle(film_schema(), graph.store.graph_id), graph.store)
    for user in USERS[1:]:
        check(graph, [recommender.explain(user, "newcomer")])
    check(graph, all_explanations(recommender, user="ann"))
    check(graph, [recommender.explain(history=["star-wars", "alien", "blade"], item="newcomer")])
    check(graph, [recommender.explain(history=[], item="newcomer")])
    cypher = recommender.explain("ann", "empire").cypher
    assert cypher is not None
    assert graph.shown(cypher) == (
        {("User", "ann"), ("Film", "star-wars"), ("Person", "lucas"), ("Film", "empire")},
        {
            ("WATCHED", "ann", "watch|cinema|1.0", "star-wars"),
            ("DIRECTED_BY", "star-wars", "DIRECTED_BY", "lucas"),
            ("DIRECTED_BY", "empire", "DIRECTED_BY", "lucas"),
        },
    )


def test_a_past_item_without_a_path_is_shown_with_what_was_done(films: Callable[..., Graph]) -> None:
    graph = films()
    it = Recommender(film_bundle(film_schema(), graph.store.graph_id), graph.store).explain("bob", "aliens")
    assert (it.paths, [past.item for past in it.past]) == ((), ["blade"])
    assert it.cypher is not None
    assert graph.shown(it.cypher) == (
        {("User", "bob"), ("Film", "blade"), ("Film", "aliens")},
        {("WATCHED", "bob", "watch|cinema|3.0", "blade")},
    )


def test_parallel_edges_are_told_apart(films: Callable[..., Graph]) -> None:
    graph = films()
    graph.store.upsert_edges(
        [
            fact("DIRECTED_BY", "Film:star-wars", "Person:lucas", "second unit"),
            fact("DIRECTED_BY", "Film:empire", "Person:lucas", "it's \\u0041"),
            fact("SEQUEL_OF", "Film:empire", "Film:star-wars"),
            fact("SEQUEL_OF", "Film:star-wars", "Film:empire"),
        ]
    )
    recommender = Recommender(film_bundle(film_schema(), graph.store.graph_id), graph.store)
    check(graph, [recommender.explain("ann", "empire")])
    past, lucas, empire = (NodeRef(*one, "") for one in (("Film", FILMS[0]), ("Person", "lucas"), ("Film", "empire")))
    for first, second in product(("DIRECTED_BY", "second unit"), ("DIRECTED_BY", "it's \\u0041")):
        there, back = (
            PathStep(past, lucas, "DIRECTED_BY", first, True),
            PathStep(lucas, empire, "DIRECTED_BY", second, False),
        )
        text = explanation_statement(film_schema(), (), "empire", paths=[GraphPath((there, back))])
        assert graph.shown(text) == (
            {("Film", "star-wars"), ("Person", "lucas"), ("Film", "empire")},
            {("DIRECTED_BY", "star-wars", first, "lucas"), ("DIRECTED_BY", "empire", second, "lucas")},
        )
    for forward, ends in ((True, ("star-wars", "empire")), (False, ("empire", "star-wars"))):
        sequel = GraphPath((PathStep(past, empire, "SEQUEL_OF", "SEQUEL_OF", forward),))
        text = explanation_statement(film_schema(), (), "empire", paths=[sequel])
        assert graph.shown(text)[1] == {("SEQUEL_OF", ends[0], "SEQUEL_OF", ends[1])}


def test_only_behaviour_that_counted_is_shown(films: Callable[..., Graph]) -> None:
    graph = films()
    graph.store.upsert_interactions(
        [Interaction("WATCHED", "ann", "star-wars", kind, "app", 9.0) for kind in ("skip", "watch", "it's")]
    )
    bundle = film_bundle(film_schema(), graph.store.graph_id)
    weights = HistoryWeights(kinds={"skip": 0.0})
    channels = tuple(replace(channel, history=weights) for channel in bundle.model.channels)
    recommender = Recommender(replace(bundle, model=replace(bundle.model, channels=channels)), graph.store)
    cypher = recommender.explain("ann", "empire").cypher
    assert cypher is not None
    keys = {key for type, _, key, _ in graph.shown(cypher)[1] if type == "WATCHED"}
    assert keys == {"watch|cinema|1.0", "watch|app|9.0", "it's|app|9.0"}


def test_hostile_ids(films: Callable[..., Graph]) -> None:
    start = hostile_strings().index("\\'")
    ids = tuple(hostile_strings()[start : start + 10])
    graph = films(items=ids[:7], users=ids[7:10])
    recommender = Recommender(
        film_bundle(film_schema(), graph.store.graph_id, items=ids[:7], users=ids[7:10]), graph.store
    )
    for item in (ids[1], ids[5]):
        check(graph, [recommender.explain(ids[7], item)])


@pytest.mark.parametrize("n", range(5))
def test_every_hostile_id_is_found(n: int) -> None:
    texts = [text for text in hostile_strings() if len(text) < 8_000][n * 8 : n * 8 + 10]
    with film_store(texts[:7], texts[7:]) as store:
        bundle = film_bundle(film_schema(), store.graph_id, tuple(texts[:7]), tuple(texts[7:]))
        graph = Graph(store, _embedded(store), lambda text: None)
        check(graph, all_explanations(Recommender(bundle, store), user=texts[7]))


def test_what_is_gone_takes_nothing_else_with_it(films: Callable[..., Graph]) -> None:
    graph = films()
    recommender = Recommender(film_bundle(film_schema(), graph.store.graph_id), graph.store)
    cypher = recommender.explain("ann", "empire").cypher
    assert cypher is not None
    before = graph.shown(cypher)
    graph.store.delete_user("ann")
    ann = {edge for edge in before[1] if edge[0] == "WATCHED"}
    assert graph.shown(cypher) == (before[0] - {("User", "ann")}, before[1] - ann)
    graph.write("MATCH (:Film {uid: 'star-wars'})-[r:DIRECTED_BY]->() DELETE r")
    assert graph.shown(cypher) == ({("Film", "empire")}, set())
    graph.write("MATCH (n:Film {uid: 'empire'}) DETACH DELETE n")
    assert graph.shown(cypher) == (set(), set())


def test_without_a_store_the_past_items_are_shown_and_no_paths() -> None:
    with film_store() as store:
        it = Recommender(film_bundle(film_schema(), store.graph_id)).explain("ann", "empire")
        assert it.cypher is not None
        assert _embedded(store)(it.cypher) == (
            {("User", "ann"), ("Film", "star-wars"), ("Film", "empire")},
            {("WATCHED", "ann", "watch|cinema|1.0", "star-wars")},
        )


def test_without_a_schema_there_is_no_statement() -> None:
    it = Recommender(film_bundle()).explain("ann", "empire")
    assert (it.cypher, it.as_dict()["cypher"]) == (None, None)


def test_the_statement_in_full() -> None:
    with film_store() as store:
        it = Recommender(film_bundle(film_schema(), store.graph_id), store).explain("ann", "empire")
    assert it.cypher == (
        "MATCH shown = (:`User` {uid: 'ann'})-[r:`WATCHED`]->(i:`Film`)\n"
        "WHERE i.uid IN ['star-wars'] AND r.kind IN ['watch']\n"
        "RETURN shown\n"
        "UNION ALL\n"
        "MATCH shown = (:`Film` {uid: 'star-wars'})-[:`DIRECTED_BY` {relation: 'DIRECTED_BY'}]->"
        "(:`Person` {uid: 'lucas'})<-[:`DIRECTED_BY` {relation: 'DIRECTED_BY'}]-(:`Film` {uid: 'empire'})\n"
        "RETURN shown\n"
        "UNION ALL\n"
        "MATCH (shown:`Film`)\n"
        "WHERE shown.uid IN ['empire']\n"
        "RETURN shown;"
    )
    assert it.as_dict()["cypher"] == it.cypher
    assert FILMS[1] == it.item
