"""What every graph writer promises, as tests: schema, upserts, ledger, deletion, hostile texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.errors import SchemaMismatchError, UnknownUserError
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import GraphCounts, GraphPath, NodeRef, PathStep, UpsertCounts
from kgrec.schema.model import GraphSchema, NodeType
from kgrec.schema.retention import Expiry
from kgrec.testing.open_graph import OpenGraphContract, everything
from kgrec.testing.sample_graph import SampleGraph, fact, films_graph, films_schema, hostile_strings, node


class GraphWriterContract(OpenGraphContract):
    """Tests of writing."""

    def test_the_same_schema_twice_keeps_the_identity(self, films: GraphStore) -> None:
        graph_id, before = films.graph_id, everything(films)
        films.apply_schema(films_schema())
        assert films.graph_id == graph_id
        assert graph_id is not None
        assert len(graph_id) == 32
        assert everything(films) == before

    def test_the_version_is_another_one_after_a_write(self, films: GraphStore) -> None:
        before = films.version()
        films.history("ann")
        assert films.version() == before
        films.upsert_nodes([node("User", "somebody new")])
        assert films.version() is None or films.version() != before

    def test_new_words_are_remembered_under_the_same_identity(self, films: GraphStore) -> None:
        graph_id, schema = films.graph_id, films_schema()
        renamed = schema.model_copy(update={"domain": "cinema"})
        films.apply_schema(renamed)
        assert films.schema == renamed
        assert films.graph_id == graph_id

    def test_another_shape_is_refused(self, films: GraphStore) -> None:
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

    def test_schemas_survive_as_data(self, films: GraphStore) -> None:
        assert films.schema is not None
        assert GraphSchema.model_validate_json(films.schema.model_dump_json()) == films_schema()

    @pytest.mark.parametrize("label", ["KgrecGraph", "Film) DETACH DELETE n //", "A`B", "", "x" * 64])
    def test_names_that_are_no_names_never_reach_a_text(self, store: GraphStore, label: str) -> None:
        schema = films_schema()
        bad = schema.model_copy(update={"nodes": {**schema.nodes, label: NodeType(words=schema.nodes["Genre"].words)}})
        with pytest.raises(ValueError, match=r"cannot be a name in Cypher|kept for kgrec itself"):
            store.apply_schema(bad)
        assert store.schema is None

    def test_types_and_properties_outside_the_schema_are_refused(self, films: GraphStore) -> None:
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

    def test_upserts_twice_are_upserts_once(self, films: GraphStore) -> None:
        world, before = films_graph(), everything(films)
        assert films.upsert_nodes(world.nodes) == UpsertCounts(0, len(world.nodes))
        assert films.upsert_edges(world.edges) == UpsertCounts(0, len(world.edges))
        assert films.upsert_interactions(world.interactions) == UpsertCounts(0, len(world.interactions))
        assert everything(films) == before

    def test_counts_of_a_mixed_batch_are_exact(self, films: GraphStore) -> None:
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

    def test_later_properties_win_and_lists_grow(self, store: GraphStore) -> None:
        store.apply_schema(films_schema())
        store.upsert_nodes(
            [
                NodeRecord("Film", "f", {"name": "One", "year": 1990.0}, "lens", ["lens:1"]),
                NodeRecord("Film", "f", {"name": "Two"}, "wiki", ["wiki:9", "lens:1", "wiki:9"]),
            ]
        )
        store.upsert_nodes(
            [NodeRecord("Film", "f", {"tags": ["x", "y"]}, "lens", ["wiki:10"]), NodeRecord("Film", "g")]
        )
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

    def test_a_name_once_given_is_not_lost(self, films: GraphStore) -> None:
        films.upsert_nodes([NodeRecord("Film", "alien", {"year": 1980.0})])
        found = films.node("Film", "alien")
        assert found is not None
        assert (found["name"], found["year"]) == ("Alien", 1980.0)

    def test_an_interaction_is_updated_in_place(self, films: GraphStore) -> None:
        films.upsert_interactions([Interaction("RATED", "bob", "alien", "rate", "lens", 15.0, 1.5)])
        assert films.history("bob") == [Interaction("RATED", "bob", "alien", "rate", "lens", 15.0, 1.5)]

    def test_the_ledger_remembers_each_source_for_itself(self, store: GraphStore) -> None:
        assert store.finished_batches("a") == 0
        store.mark_batch("a", 3)
        store.mark_batch("b' {`", 5)
        store.mark_batch("a", 4)
        assert (store.finished_batches("a"), store.finished_batches("b' {`"), store.finished_batches("c")) == (4, 5, 0)

    def test_bookkeeping_is_in_no_count(self, films: GraphStore) -> None:
        films.mark_batch("a", 1)
        assert films.counts() == GraphCounts(
            {"User": 2, "Film": 5, "Person": 6, "Genre": 1},
            {"DIRECTED_BY": 3, "ACTED_IN": 6, "HAS_GENRE": 2, "SEQUEL_OF": 1, "WORKED_WITH": 1, "FOLLOWS": 2},
            {"RATED": 3, "WATCHED": 1},
        )

    def test_deleting_a_user_leaves_the_rest(self, films: GraphStore) -> None:
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

    def test_what_is_kept_no_longer_goes(self, films: GraphStore) -> None:
        """Of the kinds that are meant; positions and unknown moments stay."""
        new = [("rate", 1.6e9), ("rate", 1.7e9), ("view", 1.6e9)]
        films.upsert_interactions([Interaction("RATED", "ann", "heat", kind, "lens", time) for kind, time in new])
        assert films.delete_expired(Expiry("WATCHED", (), (), 2e9)) == 0
        assert films.delete_expired(Expiry("RATED", (), ("view",), 1.7e9)) == 1
        assert films.delete_expired(Expiry("RATED", (), ("view",), 1.7e9)) == 0
        times = [(one.kind, one.time) for one in films.history("ann")]
        assert times == [("rate", 10.0), ("rate", 20.0), ("view", 1.6e9), ("rate", 1.7e9), ("stream", None)]
        assert films.delete_expired(Expiry("RATED", ("view",), (), 1.7e9)) == 1

    def test_retracting_is_the_reverse_of_an_upsert(self, films: GraphStore) -> None:
        world = films_graph()
        assert films.retract(world.interactions) == 4
        assert films.retract(world.edges) == 15
        assert films.retract(world.nodes) == 14
        assert films.retract([*world.nodes, *world.edges, *world.interactions]) == 0
        counts = films.counts()
        assert not any((*counts.nodes.values(), *counts.edges.values(), *counts.interactions.values()))

    def test_an_edge_that_was_confirmed_is_not_once_it_has_gone(self, films: GraphStore) -> None:
        aliens, alien, ann = NodeRef("Film", "aliens", ""), NodeRef("Film", "alien", ""), NodeRef("User", "ann", "")
        sequel = GraphPath((PathStep(aliens, alien, "SEQUEL_OF", "SEQUEL_OF", True),))
        rated = GraphPath((PathStep(ann, alien, "RATED", "RATED", True),))
        assert films.confirm_all([sequel, rated]) == [True, True]
        films.upsert_nodes([node("Person", "somebody new")])
        assert films.confirm_all([sequel, rated]) == [True, True]
        films.retract([fact("SEQUEL_OF", "Film:aliens", "Film:alien")])
        assert films.confirm_all([sequel, rated]) == [False, True]
        films.delete_user("ann")
        assert films.confirm_all([sequel, rated]) == [False, False]
        films.upsert_edges([fact("SEQUEL_OF", "Film:aliens", "Film:alien")])
        assert films.confirm_all([sequel, rated]) == [True, False]

    def test_what_another_platform_states_is_not_retracted(self, films: GraphStore) -> None:
        before = everything(films)
        films.upsert_nodes([NodeRecord("Film", "solo", {}, "lens")])
        films.upsert_edges([replace(fact("SEQUEL_OF", "Film:aliens", "Film:alien"), platform="lens")])
        assert films.retract([NodeRecord("Film", "solo", {}, "lens"), NodeRecord("Film", "solo", {}, "shop")]) == 0
        assert films.retract([replace(fact("SEQUEL_OF", "Film:aliens", "Film:alien"), platform="lens")]) == 0
        assert films.retract([Interaction("RATED", "bob", "alien", "rate", "wiki", 15.0)]) == 0
        assert films.retract([Interaction("RATED", "bob", "alien", "rate", "lens", 16.0)]) == 0
        assert films.retract([fact("WORKED_WITH", "Person:mann", "Person:scott")]) == 0
        assert everything(films) == before
        assert films.retract([NodeRecord("Film", "solo", {}, "wiki")]) == 1
        assert films.retract([fact("SEQUEL_OF", "Film:aliens", "Film:alien")]) == 1

    def test_two_platforms_that_state_the_same_take_it_back_together(self, films: GraphStore) -> None:
        both = [NodeRecord("Film", "solo", {}, platform) for platform in ("lens", "wiki")]
        films.upsert_nodes(both)
        assert films.retract(both) == 1
        assert films.node("Film", "solo") is None

    def test_a_node_with_relationships_is_not_retracted(self, films: GraphStore) -> None:
        assert films.retract([NodeRecord("Film", "alien", {}, "wiki"), NodeRecord("User", "ann", {}, "lens")]) == 0
        assert films.counts().nodes == {"User": 2, "Film": 5, "Person": 6, "Genre": 1}
        assert len(films.history("ann")) == 3
        found = films.node("Film", "alien")
        assert found is not None
        assert not found.get("platforms")

    def test_a_value_is_unset(self, films: GraphStore) -> None:
        assert films.unset("Film", "year", ["alien", "nobody"]) == 1
        assert films.unset("Film", "name", ["alien"]) == 1
        assert films.node("Film", "alien") == {"uid": "alien", "name": "alien", "platforms": ["wiki"]}
        assert films.unset("Film", "plot", ["heat"]) == 1
        assert films.node("Film", "heat") == {"uid": "heat", "name": "Heat", "year": 1995.0, "platforms": ["wiki"]}

    def test_a_value_of_a_fact_is_unset(self, films: GraphStore) -> None:
        def roles() -> dict[str, object]:
            rows = [row for table in films.stored_tables() if table.type == "ACTED_IN" for row in table.rows]
            return {row["_target"]: row.get("role") for row in rows if row["_source"] == "weaver"}

        one, other = (fact("ACTED_IN", "Person:weaver", f"Film:{film}") for film in ("alien", "aliens"))
        films.upsert_edges([replace(each, properties={"role": "Ripley"}) for each in (one, other)])
        assert roles() == {"alien": "Ripley", "aliens": "Ripley"}
        nobody, of_another_name = replace(one, source="nobody"), replace(one, relation="other")
        assert films.unset_of_facts("role", [one, nobody, of_another_name]) == 1
        assert roles() == {"alien": None, "aliens": "Ripley"}
        assert films.counts().edges["ACTED_IN"] == 6

    def test_hostile_texts_are_kept_to_the_letter(self, store: GraphStore) -> None:
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
        SampleGraph(films_schema(), nodes, edges, behaviour).put_into(store)
        SampleGraph(films_schema(), nodes, edges, behaviour).put_into(store)
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
        assert (
            acted["relation"].to_pylist() == acted["source"].to_pylist() == acted["target"].to_pylist() == sorted(texts)
        )
        assert [store.finished_batches(text) for text in texts] == [len(text) for text in texts]
        assert store.delete_user("`) DETACH DELETE n //") == 1
        assert store.counts().nodes["User"] == 48
