"""What every graph reader promises, as tests: histories, look-ups by name, paths."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kgrec.data.records import Interaction
from kgrec.errors import QueryTimeoutError
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import GraphPath, NodeRef, PathLimits, PathStep
from kgrec.testing.open_graph import OpenGraphContract
from kgrec.testing.sample_graph import SampleGraph, fact, films_schema, node


class GraphReaderContract(OpenGraphContract):
    """Tests of look-ups."""

    def test_history_is_oldest_first_and_unknown_times_last(self, films: GraphStore) -> None:
        assert films.history("ann") == [
            Interaction("RATED", "ann", "alien", "rate", "lens", 10.0, 4.0),
            Interaction("RATED", "ann", "aliens", "rate", "lens", 20.0, 5.0),
            Interaction("WATCHED", "ann", "heat", "stream", "wiki"),
        ]
        assert films.history("nobody") == []

    def test_queries_by_name(self, films: GraphStore) -> None:
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
        assert [row["uid"] for row in films.run("nodes_named", type="Film", name="ALIEN", limit=5)] == [
            "alien",
            "aliens",
        ]

    def test_paths_of_a_user_to_an_item(self, films: GraphStore) -> None:
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

    def test_paths_of_a_user_pass_over_items_and_never_over_the_past_item_itself(self, films: GraphStore) -> None:
        films.upsert_edges([fact("SEQUEL_OF", "Film:solo", "Film:alien"), fact("SEQUEL_OF", "Film:heat", "Film:heat")])
        found = films.run("paths_of_user_to_item", user="ann", item="solo", max_degree=50, limit=9)
        assert [(row["past"], row["first"], row["middle"], row["second"]) for row in found] == [
            ("aliens", "SEQUEL_OF", "alien", "SEQUEL_OF")
        ]
        found = films.run("paths_of_user_to_item", user="ann", item="heat", max_degree=50, limit=9)
        assert {row["past"] for row in found} == set()

    def test_a_query_that_nobody_named(self, films: GraphStore) -> None:
        with pytest.raises(KeyError, match="MATCH"):
            films.run("MATCH (n) RETURN n")
        with pytest.raises(TypeError, match=r"the query takes \['limit', 'item'\]|the query takes \['item', 'limit'\]"):
            films.run("who_else", item="alien")
        with pytest.raises(ValueError, match="is not a node type of the schema"):
            films.run("node_degree", type="Film) DETACH DELETE n //", uid="alien")

    def test_a_query_that_takes_too_long(self, store: GraphStore) -> None:
        crowd(80).put_into(store)
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
        assert store.counts().nodes["Film"] == 80

    def test_shortest_first_then_named_then_rare(self, films: GraphStore) -> None:
        assert [as_text(path) for path in films.paths("alien", "aliens")] == [
            "alien <SEQUEL_OF- aliens",
            "alien <ACTED_IN- weaver -ACTED_IN> aliens",
            "alien <ACTED_IN- m.0x1 -ACTED_IN> aliens",
        ]
        films.upsert_nodes([node("Film", "extra", "Extra")])
        films.upsert_edges([fact("HAS_GENRE", "Film:extra", "Genre:crime")])
        assert [as_text(path) for path in films.paths("heat", "ronin")] == [
            "heat <ACTED_IN- deniro -ACTED_IN> ronin",
            "heat -HAS_GENRE> crime <HAS_GENRE- ronin",
        ]

    def test_a_path_over_two_entities(self, films: GraphStore) -> None:
        (path,) = films.paths("heat", "alien")
        assert as_text(path) == "heat -DIRECTED_BY> mann -WORKED_WITH> scott <DIRECTED_BY- alien"
        assert path.steps[1] == PathStep(
            NodeRef("Person", "mann", "Mann"), NodeRef("Person", "scott", "Scott"), "WORKED_WITH", "as producer", True
        )
        (back,) = films.paths("alien", "heat")
        assert as_text(back) == "alien -DIRECTED_BY> scott <WORKED_WITH- mann <DIRECTED_BY- heat"
        assert films.paths("alien", "heat", PathLimits(max_hops=2)) == []

    def test_a_path_over_another_item(self, films: GraphStore) -> None:
        films.upsert_edges([fact("SEQUEL_OF", "Film:solo", "Film:aliens")])
        assert [as_text(path) for path in films.paths("solo", "alien", PathLimits(max_hops=2))] == [
            "solo -SEQUEL_OF> aliens -SEQUEL_OF> alien"
        ]
        assert "solo -SEQUEL_OF> aliens <ACTED_IN- weaver -ACTED_IN> alien" in map(
            as_text, films.paths("solo", "alien")
        )

    def test_nothing_between(self, films: GraphStore) -> None:
        assert films.paths("solo", "alien") == []
        assert films.paths("alien", "nowhere") == []
        assert films.paths("nowhere", "alien") == []
        assert films.paths("alien", "alien") == []

    def test_hubs_are_not_walked_through_but_may_be_the_end(self, films: GraphStore) -> None:
        films.upsert_nodes([node("Film", f"f{i}") for i in range(20)])
        films.upsert_edges([fact("HAS_GENRE", f"Film:f{i}", "Genre:crime") for i in range(20)])
        films.upsert_edges([fact("SEQUEL_OF", f"Film:f{i}", "Film:alien") for i in range(20)])
        assert films.paths("f1", "f2", PathLimits(max_degree=19)) == []
        assert [as_text(path) for path in films.paths("f1", "f2", PathLimits(max_degree=22, max_hops=2))] == [
            "f1 -HAS_GENRE> crime <HAS_GENRE- f2"
        ]
        assert as_text(films.paths("f1", "alien", PathLimits(max_degree=2))[0]) == "f1 -SEQUEL_OF> alien"
        assert len(films.paths("heat", "f1", PathLimits(max_paths=1))) == 1

    def test_paths_from_several_items_are_those_from_each(self, films: GraphStore) -> None:
        films.upsert_edges([fact("SEQUEL_OF", "Film:solo", "Film:aliens")])
        sources = ["heat", "solo", "nowhere", "alien", "ronin", "heat"]
        for limits in (PathLimits(), PathLimits(max_hops=2), PathLimits(max_degree=1), PathLimits(max_paths=1)):
            found = films.paths_from(sources, "alien", limits)
            assert found == [films.paths(source, "alien", limits) for source in sources]
        assert films.paths_from([], "alien") == []

    def test_a_hub_where_one_path_ends_is_not_walked_through_by_another(self, films: GraphStore) -> None:
        films.upsert_nodes([node("Film", f"f{i}") for i in range(10)])
        films.upsert_edges([fact("SEQUEL_OF", f"Film:f{i}", "Film:heat") for i in range(10)])
        films.upsert_edges([fact("SEQUEL_OF", "Film:heat", "Film:alien"), fact("SEQUEL_OF", "Film:f1", "Film:f0")])
        from_hub, from_leaf = films.paths_from(["heat", "f0"], "alien", PathLimits(max_degree=5))
        assert as_text(from_hub[0]) == "heat -SEQUEL_OF> alien"
        assert from_leaf == []

    def test_some_paths_exist_and_some_do_not(self, films: GraphStore) -> None:
        (path,) = films.paths("heat", "alien")
        false = GraphPath((replace(path.steps[0], forward=False),))
        assert films.confirm_all([path, false, path, GraphPath(())]) == [True, False, True, False]
        assert films.confirm_all([]) == []

    def test_users_are_on_no_path(self, films: GraphStore) -> None:
        films.upsert_edges([fact("FOLLOWS", "User:ann", f"Person:{p}") for p in ("cameron", "mann")])
        assert films.paths("aliens", "heat") == []

    def test_more_than_three_hops_is_refused(self, films: GraphStore) -> None:
        with pytest.raises(ValueError, match="max_hops must be 1, 2 or 3, found 4"):
            films.paths("alien", "aliens", PathLimits(max_hops=4))

    def test_every_edge_of_a_path_is_confirmed(self, films: GraphStore) -> None:
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


def crowd(size: int) -> SampleGraph:
    """Every one of ``size`` films shares every one of ``size`` people with every other."""
    films = [node("Film", f"f{i}") for i in range(size)]
    people = [node("Person", f"p{i}") for i in range(size)]
    edges = [fact("DIRECTED_BY", f"Film:f{i}", f"Person:p{j}") for i in range(size) for j in range(size)]
    return SampleGraph(films_schema(), [*films, *people], edges)


def as_text(path: GraphPath) -> str:
    """A path as text: ``alien <SEQUEL_OF- aliens``."""
    text = path.steps[0].source.uid
    for step in path.steps:
        text += f" -{step.type}> {step.target.uid}" if step.forward else f" <{step.type}- {step.target.uid}"
    return text
