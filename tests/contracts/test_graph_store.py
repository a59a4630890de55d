"""What every GraphStore must do. A new implementation is added to FACTORIES, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.errors import GraphError, QueryTimeoutError, SchemaMismatchError, StoreUnavailableError, UnknownUserError
from kgrec.graph import open_store
from kgrec.graph.schemes import STORE_GROUP
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import GraphCounts, GraphPath, NodeRef, PathLimits, PathStep, UpsertCounts
from kgrec.schema.model import GraphSchema, NodeType
from tests.support.graphs import World, fact, films_schema, films_world, hostile_strings, node

FACTORIES: dict[str, Callable[[pytest.FixtureRequest, Path], str]] = {
    "kglite in memory": lambda request, folder: "kglite::memory:",
    "kglite on disk": lambda request, folder: f"kglite:{folder / 'graph.kgl'}",
    "neo4j": lambda request, folder: request.getfixturevalue("neo4j_url"),
}


def _kind(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.neo4j) if name == "neo4j" else name


KINDS = [_kind(name) for name in FACTORIES]
REOPENABLE = [_kind(name) for name in ("kglite on disk", "neo4j")]


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store of the kind that a test is parametrised with."""
    return FACTORIES[request.param](request, tmp_path)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    with open_store(FACTORIES[request.param](request, tmp_path)) as opened:
        yield opened


@pytest.fixture
def films(store: GraphStore) -> GraphStore:
    films_world().put_into(store)
    return store


def everything(store: GraphStore) -> list[object]:
    """All that the exports say."""
    schema = store.schema
    assert schema is not None
    batches = [store.export_nodes(type) for type in schema.nodes]
    batches += [store.export_edges(type) for type in schema.edges]
    batches += [store.export_interactions(type) for type in schema.interactions]
    return [row for part in batches for batch in part for row in batch.to_pylist()]


def test_every_implementation_is_on_trial() -> None:
    installed = {point.name: point.load() for point in entry_points(group=STORE_GROUP)}
    tried = {name.split()[0] for name in FACTORIES}
    assert {installed[scheme] for scheme in tried} == set(installed.values())


# schema


def test_a_fresh_store_holds_nothing(store: GraphStore) -> None:
    assert store.schema is None
    assert store.graph_id is None
    assert store.counts() == GraphCounts({}, {}, {})
    with pytest.raises(GraphError) as caught:
        store.history("ann")
    assert str(caught.value) == (
        "GraphError: the store is empty: no schema was applied yet.\n"
        f"  where     {store.url}\n"
        "  next      run `kgrec ingest` first"
    )


def test_the_same_schema_twice_keeps_the_identity(films: GraphStore) -> None:
    graph_id, before = films.graph_id, everything(films)
    films.apply_schema(films_schema())
    assert films.graph_id == graph_id
    assert graph_id is not None
    assert len(graph_id) == 32
    assert everything(films) == before


def test_new_words_are_remembered_under_the_same_identity(films: GraphStore) -> None:
    graph_id, schema = films.graph_id, films_schema()
    renamed = schema.model_copy(update={"domain": "cinema"})
    films.apply_schema(renamed)
    assert films.schema == renamed
    assert films.graph_id == graph_id


def test_another_shape_is_refused(films: GraphStore) -> None:
    schema = films_schema()
    genre = schema.nodes["Genre"]
    other = schema.model_copy(update={"nodes": {**schema.nodes, "Country": genre}})
    with pytest.raises(SchemaMismatchError) as caught:
        films.apply_schema(other)
    assert str(caught.value) == (
        "SchemaMismatchError: the store holds a graph of another shape.\n"
        f"  where     {films.url}\n"
        f"  found     a graph of 'films', shape {schema.fingerprint()}\n"
        f"  expected  the schema 'films', shape {other.fingerprint()}\n"
        "  next      name another store, or use the schema that the graph was made with"
    )
    assert films.schema == schema


@pytest.mark.parametrize("label", ["KgrecGraph", "Film) DETACH DELETE n //", "A`B", "", "x" * 64])
def test_names_that_are_no_names_never_reach_a_text(store: GraphStore, label: str) -> None:
    schema = films_schema()
    bad = schema.model_copy(update={"nodes": {**schema.nodes, label: NodeType(words=schema.nodes["Genre"].words)}})
    with pytest.raises(ValueError, match=r"cannot be a name in Cypher|kept for kgrec itself"):
        store.apply_schema(bad)
    assert store.schema is None


def test_types_and_properties_outside_the_schema_are_refused(films: GraphStore) -> None:
    before = everything(films)
    with pytest.raises(ValueError, match="'Nope' is not a node type of the schema"):
        films.upsert_nodes([node("Film", "new"), node("Nope", "x")])
    with pytest.raises(ValueError, match="'uid' is not a property of Film in the schema"):
        films.upsert_nodes([node("Film", "new"), NodeRecord("Film", "alien", {"uid": "stolen"})])
    with pytest.raises(ValueError, match="'NOPE' is not an edge type of the schema"):
        films.upsert_edges([fact("NOPE", "Film:alien", "Film:heat")])
    with pytest.raises(ValueError, match="DIRECTED_BY does not lead from 'Film' to 'Genre' in the schema"):
        films.upsert_edges([fact("DIRECTED_BY", "Film:alien", "Genre:crime")])
    with pytest.raises(ValueError, match="'relation' is not a property of ACTED_IN in the schema"):
        films.upsert_edges([replace(fact("ACTED_IN", "Person:mann", "Film:heat"), properties={"relation": "x"})])
    with pytest.raises(ValueError, match="'NOPE' is not an interaction type of the schema"):
        films.upsert_interactions([Interaction("NOPE", "ann", "alien", "rate")])
    for call in (films.export_nodes, films.export_edges, films.export_interactions):
        with pytest.raises(ValueError, match="of the schema"):
            call("Nope")
    with pytest.raises(ValueError, match="'RATED' is not an edge type of the schema"):
        films.export_edges("RATED")
    with pytest.raises(ValueError, match="of the schema"):
        films.node("Nope", "x")
    assert everything(films) == before


# upserts


def test_upserts_twice_are_upserts_once(films: GraphStore) -> None:
    world, before = films_world(), everything(films)
    assert films.upsert_nodes(world.nodes) == UpsertCounts(0, len(world.nodes))
    assert films.upsert_edges(world.edges) == UpsertCounts(0, len(world.edges))
    assert films.upsert_interactions(world.interactions) == UpsertCounts(0, len(world.interactions))
    assert everything(films) == before


def test_counts_of_a_mixed_batch_are_exact(films: GraphStore) -> None:
    batch = [node("Film", "alien"), node("Film", "new"), node("Genre", "alien"), node("Film", "new")]
    assert films.upsert_nodes(batch) == UpsertCounts(created=2, matched=2)
    edges = [
        fact("DIRECTED_BY", "Film:new", "Person:mann"),
        fact("DIRECTED_BY", "Film:new", "Person:mann", "co"),
        fact("DIRECTED_BY", "Film:heat", "Person:mann"),
        fact("DIRECTED_BY", "Film:nowhere", "Person:mann"),
        fact("HAS_GENRE", "Film:new", "Genre:nowhere"),
    ]
    assert films.upsert_edges(edges) == UpsertCounts(created=2, matched=1, dangling=2)
    behaviour = [
        Interaction("RATED", "ann", "alien", "rate", "lens", 10.0, 1.0),
        Interaction("RATED", "ann", "alien", "rate", "lens", 11.0, 1.0),
        Interaction("RATED", "nobody", "alien", "rate"),
        Interaction("WATCHED", "ann", "nothing", "rate"),
    ]
    assert films.upsert_interactions(behaviour) == UpsertCounts(created=1, matched=1, dangling=2)
    assert films.upsert_nodes([]) == films.upsert_edges([]) == films.upsert_interactions([]) == UpsertCounts(0, 0)
    assert films.counts().edges["DIRECTED_BY"] == 5
    assert films.counts().nodes["Film"] == 6


def test_later_properties_win_and_lists_grow(store: GraphStore) -> None:
    store.apply_schema(films_schema())
    store.upsert_nodes(
        [
            NodeRecord("Film", "f", {"name": "One", "year": 1990.0}, "lens", ["lens:1"]),
            NodeRecord("Film", "f", {"name": "Two"}, "wiki", ["wiki:9", "lens:1", "wiki:9"]),
        ]
    )
    store.upsert_nodes([NodeRecord("Film", "f", {"tags": ["x", "y"]}, "lens", ["wiki:10"]), NodeRecord("Film", "g")])
    assert store.node("Film", "f") == {
        "uid": "f",
        "name": "Two",
        "year": 1990.0,
        "tags": ["x", "y"],
        "aliases": ["lens:1", "wiki:9", "wiki:10"],
        "platforms": ["lens", "wiki"],
    }
    assert store.node("Film", "g") == {"uid": "g", "name": "g"}
    assert store.node("Film", "h") is None


def test_a_name_once_given_is_not_lost(films: GraphStore) -> None:
    films.upsert_nodes([NodeRecord("Film", "alien", {"year": 1980.0})])
    found = films.node("Film", "alien")
    assert found is not None
    assert (found["name"], found["year"]) == ("Alien", 1980.0)


def test_an_interaction_is_updated_in_place(films: GraphStore) -> None:
    films.upsert_interactions([Interaction("RATED", "bob", "alien", "rate", "lens", 15.0, 1.5)])
    assert films.history("bob") == [Interaction("RATED", "bob", "alien", "rate", "lens", 15.0, 1.5)]


# ledger


def test_the_ledger_remembers_each_source_for_itself(store: GraphStore) -> None:
    assert store.finished_batches("a") == 0
    store.mark_batch("a", 3)
    store.mark_batch("b' {`", 5)
    store.mark_batch("a", 4)
    assert (store.finished_batches("a"), store.finished_batches("b' {`"), store.finished_batches("c")) == (4, 5, 0)


def test_bookkeeping_is_in_no_count(films: GraphStore) -> None:
    films.mark_batch("a", 1)
    assert films.counts() == GraphCounts(
        {"User": 2, "Film": 5, "Person": 6, "Genre": 1},
        {"DIRECTED_BY": 3, "ACTED_IN": 6, "HAS_GENRE": 2, "SEQUEL_OF": 1, "WORKED_WITH": 1, "FOLLOWS": 2},
        {"RATED": 3, "WATCHED": 1},
    )


# reading


def test_history_is_oldest_first_and_unknown_times_last(films: GraphStore) -> None:
    assert films.history("ann") == [
        Interaction("RATED", "ann", "alien", "rate", "lens", 10.0, 4.0),
        Interaction("RATED", "ann", "aliens", "rate", "lens", 20.0, 5.0),
        Interaction("WATCHED", "ann", "heat", "stream", "wiki"),
    ]
    assert films.history("nobody") == []


def test_deleting_a_user_leaves_the_rest(films: GraphStore) -> None:
    assert films.delete_user("ann") == 3
    assert films.history("ann") == []
    assert films.node("User", "ann") is None
    counts = films.counts()
    assert counts.nodes == {"User": 1, "Film": 5, "Person": 6, "Genre": 1}
    assert counts.interactions == {"RATED": 1, "WATCHED": 0}
    assert counts.edges["FOLLOWS"] == 1
    with pytest.raises(UnknownUserError) as caught:
        films.delete_user("ann")
    assert str(caught.value) == (
        f"UnknownUserError: no such user in the graph.\n  where     {films.url}\n  found     'ann'"
    )


def test_exports_are_ordered_and_cut(films: GraphStore) -> None:
    batches = list(films.export_nodes("Film", batch_size=2))
    assert [batch.num_rows for batch in batches] == [2, 2, 1]
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [row["uid"] for row in rows] == ["alien", "aliens", "heat", "ronin", "solo"]
    assert rows[0] == {"uid": "alien", "name": "Alien", "year": 1979.0, "tags": None, "plot": None}
    acted = [row for batch in films.export_edges("ACTED_IN", 4) for row in batch.to_pylist()]
    assert acted == sorted(acted, key=lambda row: tuple(row.values()))
    assert acted[0] == {
        "source_type": "Person",
        "source": "deniro",
        "relation": "ACTED_IN",
        "target_type": "Film",
        "target": "heat",
    }
    rated = [row for batch in films.export_interactions("RATED", 1) for row in batch.to_pylist()]
    assert [(row["user"], row["item"], row["time"]) for row in rated] == [
        ("ann", "alien", 10.0),
        ("ann", "aliens", 20.0),
        ("bob", "alien", 15.0),
    ]
    assert list(rated[0]) == ["user", "item", "kind", "platform", "time", "weight"]


def test_lists_and_kinds_of_numbers_keep_their_type(films: GraphStore) -> None:
    films.upsert_nodes([NodeRecord("Film", "alien", {"tags": ["a", "b"]}), NodeRecord("Film", "heat", {"tags": "c"})])
    films.upsert_nodes([NodeRecord("Person", "mann", {"born": 1943})])
    (batch,) = films.export_nodes("Film")
    assert [str(field.type) for field in batch.schema] == [
        "string",
        "string",
        "double",
        "list<item: string>",
        "string",
    ]
    assert batch["tags"].to_pylist() == [["a", "b"], None, ["c"], None, None]
    (people,) = films.export_nodes("Person")
    assert str(people.schema.field("born").type) == "int64"


def test_an_empty_type_exports_nothing(store: GraphStore) -> None:
    store.apply_schema(films_schema())
    assert everything(store) == []


def test_queries_by_name(films: GraphStore) -> None:
    assert {row["type"]: row["n"] for row in films.run("counts")}["Film"] == 5
    assert [row["item"] for row in films.run("history_of_user", user="ann")] == ["alien", "aliens", "heat"]
    assert films.run("who_else", item="alien", limit=5) == [
        {"user": "ann", "times": 1, "last": 10.0},
        {"user": "bob", "times": 1, "last": 15.0},
    ]
    assert films.run("items_sharing_facts", item="alien", max_degree=50, limit=5) == [
        {"item": "aliens", "name": "Aliens", "shared": 2}
    ]
    two = films.run("paths_between_items_2", source="heat", target="ronin", max_degree=50, limit=5)
    assert [(row["middle_type"], row["middle"]) for row in two] == [("Genre", "crime"), ("Person", "deniro")]
    three = films.run("paths_between_items_3", source="alien", target="heat", max_degree=50, limit=5)
    assert [(row["middle1"], row["middle2"]) for row in three] == [("scott", "mann")]
    assert films.run("paths_between_items_2", source="heat", target="ronin", max_degree=1, limit=5) == []
    assert films.run("node_degree", type="Film", uid="alien") == [{"facts": 4, "interactions": 2}]
    assert [row["uid"] for row in films.run("nodes_named", type="Film", name="ALIEN", limit=5)] == ["alien", "aliens"]


def test_paths_of_a_user_to_an_item(films: GraphStore) -> None:
    bounds = {"max_degree": 50, "limit": 9}
    over_deniro = {
        "past": "heat",
        "past_name": "Heat",
        "times": 1,
        "first": "ACTED_IN",
        "first_relation": "ACTED_IN",
        "middle_type": "Person",
        "middle": "deniro",
        "name": "Deniro",
        "second": "ACTED_IN",
        "second_relation": "ACTED_IN",
        "degree": 2,
    }
    crime = {"middle_type": "Genre", "middle": "crime", "name": "Crime"}
    over_crime = (
        over_deniro | crime | dict.fromkeys(("first", "first_relation", "second", "second_relation"), "HAS_GENRE")
    )
    assert films.run("paths_of_user_to_item", user="ann", item="ronin", **bounds) == [over_crime, over_deniro]
    films.upsert_interactions([Interaction("RATED", "ann", "heat", "rate", "lens", 30.0)])
    films.upsert_edges([fact("ACTED_IN", "Person:deniro", "Film:ronin", "voice")])
    voice = {"second_relation": "voice", "degree": 3}
    assert films.run("paths_of_user_to_item", user="ann", item="ronin", **bounds) == [
        {**over_crime, "times": 2},
        {**over_deniro, "times": 2, "degree": 3},
        {**over_deniro, "times": 2, **voice},
    ]
    assert len(films.run("paths_of_user_to_item", user="ann", item="ronin", max_degree=2, limit=9)) == 1
    assert len(films.run("paths_of_user_to_item", user="ann", item="ronin", max_degree=50, limit=2)) == 2
    for user, item in (("bob", "ronin"), ("nobody", "ronin"), ("ann", "solo"), ("ann", "nothing")):
        assert films.run("paths_of_user_to_item", user=user, item=item, **bounds) == []


def test_paths_of_a_user_pass_over_items_and_never_over_the_past_item_itself(films: GraphStore) -> None:
    films.upsert_edges([fact("SEQUEL_OF", "Film:solo", "Film:alien"), fact("SEQUEL_OF", "Film:heat", "Film:heat")])
    found = films.run("paths_of_user_to_item", user="ann", item="solo", max_degree=50, limit=9)
    assert [(row["past"], row["first"], row["middle"], row["second"]) for row in found] == [
        ("aliens", "SEQUEL_OF", "alien", "SEQUEL_OF")
    ]
    found = films.run("paths_of_user_to_item", user="ann", item="heat", max_degree=50, limit=9)
    assert {row["past"] for row in found} == set()


def test_a_query_that_nobody_named(films: GraphStore) -> None:
    with pytest.raises(KeyError, match="MATCH"):
        films.run("MATCH (n) RETURN n")
    with pytest.raises(TypeError, match=r"the query takes \['limit', 'item'\]|the query takes \['item', 'limit'\]"):
        films.run("who_else", item="alien")
    with pytest.raises(ValueError, match="is not a node type of the schema"):
        films.run("node_degree", type="Film) DETACH DELETE n //", uid="alien")


def crowd(size: int) -> World:
    """Every one of ``size`` films shares every one of ``size`` people with every other."""
    films = [node("Film", f"f{i}") for i in range(size)]
    people = [node("Person", f"p{i}") for i in range(size)]
    edges = [fact("DIRECTED_BY", f"Film:f{i}", f"Person:p{j}") for i in range(size) for j in range(size)]
    return World(films_schema(), [*films, *people], edges)


def test_a_query_that_takes_too_long(store: GraphStore) -> None:
    crowd(130).put_into(store)
    arguments = {"source": "f0", "target": "f1", "max_degree": 1000, "limit": 1}
    with pytest.raises(QueryTimeoutError) as caught:
        store.run("paths_between_items_3", timeout_s=0.001, **arguments)
    assert str(caught.value) == (
        "QueryTimeoutError: a query took longer than it may.\n"
        f"  where     {store.url}\n"
        "  found     no answer after 0.001 s\n"
        "  next      allow more time, or ask for shorter paths and fewer of them"
    )
    with pytest.raises(QueryTimeoutError):
        store.paths("f0", "f1", PathLimits(timeout_s=0.0))
    assert store.counts().nodes["Film"] == 130


# paths


def told(path: GraphPath) -> str:
    """A path as text: ``alien <SEQUEL_OF- aliens``."""
    text = path.steps[0].source.uid
    for step in path.steps:
        text += f" -{step.type}> {step.target.uid}" if step.forward else f" <{step.type}- {step.target.uid}"
    return text


def test_shortest_first_then_named_then_rare(films: GraphStore) -> None:
    assert [told(path) for path in films.paths("alien", "aliens")] == [
        "alien <SEQUEL_OF- aliens",
        "alien <ACTED_IN- weaver -ACTED_IN> aliens",
        "alien <ACTED_IN- m.0x1 -ACTED_IN> aliens",
    ]
    films.upsert_nodes([node("Film", "extra", "Extra")])
    films.upsert_edges([fact("HAS_GENRE", "Film:extra", "Genre:crime")])
    assert [told(path) for path in films.paths("heat", "ronin")] == [
        "heat <ACTED_IN- deniro -ACTED_IN> ronin",
        "heat -HAS_GENRE> crime <HAS_GENRE- ronin",
    ]


def test_a_path_over_two_entities(films: GraphStore) -> None:
    (path,) = films.paths("heat", "alien")
    assert told(path) == "heat -DIRECTED_BY> mann -WORKED_WITH> scott <DIRECTED_BY- alien"
    assert path.steps[1] == PathStep(
        NodeRef("Person", "mann", "Mann"), NodeRef("Person", "scott", "Scott"), "WORKED_WITH", "as producer", True
    )
    (back,) = films.paths("alien", "heat")
    assert told(back) == "alien -DIRECTED_BY> scott <WORKED_WITH- mann <DIRECTED_BY- heat"
    assert films.paths("alien", "heat", PathLimits(max_hops=2)) == []


def test_a_path_over_another_item(films: GraphStore) -> None:
    films.upsert_edges([fact("SEQUEL_OF", "Film:solo", "Film:aliens")])
    assert [told(path) for path in films.paths("solo", "alien", PathLimits(max_hops=2))] == [
        "solo -SEQUEL_OF> aliens -SEQUEL_OF> alien"
    ]
    assert "solo -SEQUEL_OF> aliens <ACTED_IN- weaver -ACTED_IN> alien" in map(told, films.paths("solo", "alien"))


def test_nothing_between(films: GraphStore) -> None:
    assert films.paths("solo", "alien") == []
    assert films.paths("alien", "nowhere") == []
    assert films.paths("nowhere", "alien") == []
    assert films.paths("alien", "alien") == []


def test_hubs_are_not_walked_through_but_may_be_the_end(films: GraphStore) -> None:
    films.upsert_nodes([node("Film", f"f{i}") for i in range(20)])
    films.upsert_edges([fact("HAS_GENRE", f"Film:f{i}", "Genre:crime") for i in range(20)])
    films.upsert_edges([fact("SEQUEL_OF", f"Film:f{i}", "Film:alien") for i in range(20)])
    assert films.paths("f1", "f2", PathLimits(max_degree=19)) == []
    assert [told(path) for path in films.paths("f1", "f2", PathLimits(max_degree=22, max_hops=2))] == [
        "f1 -HAS_GENRE> crime <HAS_GENRE- f2"
    ]
    assert told(films.paths("f1", "alien", PathLimits(max_degree=2))[0]) == "f1 -SEQUEL_OF> alien"
    assert len(films.paths("heat", "f1", PathLimits(max_paths=1))) == 1


def test_paths_from_several_items_are_those_from_each(films: GraphStore) -> None:
    films.upsert_edges([fact("SEQUEL_OF", "Film:solo", "Film:aliens")])
    sources = ["heat", "solo", "nowhere", "alien", "ronin", "heat"]
    for limits in (PathLimits(), PathLimits(max_hops=2), PathLimits(max_degree=1), PathLimits(max_paths=1)):
        found = films.paths_from(sources, "alien", limits)
        assert found == [films.paths(source, "alien", limits) for source in sources]
    assert films.paths_from([], "alien") == []


def test_a_hub_where_one_path_ends_is_not_walked_through_by_another(films: GraphStore) -> None:
    films.upsert_nodes([node("Film", f"f{i}") for i in range(10)])
    films.upsert_edges([fact("SEQUEL_OF", f"Film:f{i}", "Film:heat") for i in range(10)])
    films.upsert_edges([fact("SEQUEL_OF", "Film:heat", "Film:alien"), fact("SEQUEL_OF", "Film:f1", "Film:f0")])
    from_hub, from_leaf = films.paths_from(["heat", "f0"], "alien", PathLimits(max_degree=5))
    assert told(from_hub[0]) == "heat -SEQUEL_OF> alien"
    assert from_leaf == []


def test_some_paths_exist_and_some_do_not(films: GraphStore) -> None:
    (path,) = films.paths("heat", "alien")
    false = GraphPath((replace(path.steps[0], forward=False),))
    assert films.confirm_all([path, false, path, GraphPath(())]) == [True, False, True, False]
    assert films.confirm_all([]) == []


def test_users_are_on_no_path(films: GraphStore) -> None:
    films.upsert_edges([fact("FOLLOWS", "User:ann", f"Person:{p}") for p in ("cameron", "mann")])
    assert films.paths("aliens", "heat") == []


def test_more_than_three_hops_is_refused(films: GraphStore) -> None:
    with pytest.raises(ValueError, match="max_hops must be 1, 2 or 3, found 4"):
        films.paths("alien", "aliens", PathLimits(max_hops=4))


def test_every_edge_of_a_path_is_confirmed(films: GraphStore) -> None:
    (path,) = films.paths("heat", "alien")
    assert films.confirm(path)
    first, second, third = path.steps
    assert not films.confirm(GraphPath((first, replace(second, forward=False), third)))
    assert not films.confirm(GraphPath((first, replace(second, relation="as foe"), third)))
    assert not films.confirm(GraphPath((first, third)))
    assert not films.confirm(GraphPath(()))
    assert not films.confirm(GraphPath((replace(first, target=NodeRef("Person", "scott", "Scott")),)))
    ann, alien = NodeRef("User", "ann", "Ann"), NodeRef("Film", "alien", "Alien")
    assert films.confirm(GraphPath((PathStep(ann, alien, "RATED", "RATED", True),)))
    assert films.confirm(GraphPath((PathStep(alien, ann, "RATED", "rate", False),)))
    assert not films.confirm(GraphPath((PathStep(ann, alien, "WATCHED", "WATCHED", True),)))
    with pytest.raises(ValueError, match="'NOPE' is not an edge type of the schema"):
        films.confirm(GraphPath((replace(first, type="NOPE"),)))


# hostile texts


def test_hostile_texts_are_kept_to_the_letter(store: GraphStore) -> None:
    texts = hostile_strings()
    assert len(set(texts)) == 50
    long = texts.pop()
    store.apply_schema(films_schema())
    with pytest.raises(ValueError, match="a uid of Film has more than 8000 bytes: 'xxxx"):
        store.upsert_nodes([node("Film", "short"), NodeRecord("Film", long)])
    assert store.counts().nodes["Film"] == 0
    store.upsert_nodes([NodeRecord("Genre", "g", {"name": long}, long, [long])])
    found = store.node("Genre", "g")
    assert found == {"uid": "g", "name": long, "aliases": [long], "platforms": [long]}
    nodes = [NodeRecord("Film", t, {"name": t or "no name", "plot": t, "tags": [t, t]}, t, [t]) for t in texts]
    nodes += [NodeRecord("User", t) for t in texts] + [NodeRecord("Person", t) for t in texts]
    edges = [EdgeRecord("ACTED_IN", "Person", t, "Film", t, t, {"role": t}, t) for t in texts]
    behaviour = [Interaction("RATED", t, t, t, t, 1.0) for t in texts]
    World(films_schema(), nodes, edges, behaviour).put_into(store)
    World(films_schema(), nodes, edges, behaviour).put_into(store)
    assert store.counts() == GraphCounts(
        {"User": 49, "Film": 49, "Person": 49, "Genre": 1},
        {"DIRECTED_BY": 0, "ACTED_IN": 49, "HAS_GENRE": 0, "SEQUEL_OF": 0, "WORKED_WITH": 0, "FOLLOWS": 0},
        {"RATED": 49, "WATCHED": 0},
    )
    for text in texts:
        found = store.node("Film", text)
        assert found is not None
        assert (found["uid"], found["plot"], found["tags"], found["aliases"]) == (text, text, [text, text], [text])
        assert store.history(text) == [Interaction("RATED", text, text, text, text, 1.0)]
        store.mark_batch(text, len(text))
    (films,) = store.export_nodes("Film")
    assert films["uid"].to_pylist() == sorted(texts)
    (acted,) = store.export_edges("ACTED_IN")
    assert acted["relation"].to_pylist() == acted["source"].to_pylist() == acted["target"].to_pylist() == sorted(texts)
    assert [store.finished_batches(text) for text in texts] == [len(text) for text in texts]
    assert store.delete_user("`) DETACH DELETE n //") == 1
    assert store.counts().nodes["User"] == 48


# life of a store


@pytest.mark.parametrize("url", REOPENABLE, indirect=True)
@pytest.mark.parametrize("checkpoint", [True, False])
def test_reopening_keeps_everything(url: str, checkpoint: bool) -> None:
    with open_store(url) as store:
        films_world().put_into(store)
        store.mark_batch("source", 7)
        graph_id, before, counts = store.graph_id, everything(store), store.counts()
        if checkpoint:
            store.checkpoint()
    for read_only in (False, True):
        with open_store(url, read_only=read_only) as store:
            assert (store.graph_id, everything(store), store.counts()) == (graph_id, before, counts)
            assert store.schema == films_schema()
            assert store.finished_batches("source") == 7


@pytest.mark.parametrize("url", REOPENABLE, indirect=True)
def test_a_reader_cannot_write(url: str) -> None:
    with open_store(url) as store:
        films_world().put_into(store)
    with open_store(url, read_only=True) as store, pytest.raises(GraphError) as caught:
        store.delete_user("ann")
    assert str(caught.value) == (
        f"GraphError: the store was opened read-only.\n  where     {url}\n  next      open it without read_only"
    )


def test_a_closed_store_says_so(films: GraphStore) -> None:
    films.close()
    films.close()
    with pytest.raises(StoreUnavailableError, match="the store is closed"):
        films.counts()


def test_schemas_survive_as_data(films: GraphStore) -> None:
    assert films.schema is not None
    assert GraphSchema.model_validate_json(films.schema.model_dump_json()) == films_schema()
