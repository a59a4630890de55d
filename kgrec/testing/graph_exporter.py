"""What every graph exporter promises, as tests: whole types in a stable order, and copies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kgrec.data.context_columns import context_text
from kgrec.data.records import Interaction, NodeRecord
from kgrec.graph.store import GraphStore
from kgrec.schema.model import PropertySpec
from kgrec.testing.open_graph import OpenGraphContract, everything
from kgrec.testing.sample_graph import fact, films_schema, node


class GraphExporterContract(OpenGraphContract):
    """Tests of exports."""

    def test_exports_are_ordered_and_cut(self, films: GraphStore) -> None:
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
            "valid_from": None,
            "valid_to": None,
        }
        rated = [row for batch in films.export_interactions("RATED", 1) for row in batch.to_pylist()]
        assert [(row["user"], row["item"], row["time"]) for row in rated] == [
            ("ann", "alien", 10.0),
            ("ann", "aliens", 20.0),
            ("bob", "alien", 15.0),
        ]
        assert list(rated[0]) == ["user", "item", "kind", "platform", "time", "weight", "context"]

    def test_when_a_fact_holds_comes_back(self, store: GraphStore) -> None:
        schema = films_schema()
        times = {name: PropertySpec(type="time") for name in ("valid_from", "valid_to")}
        acted = schema.edges["ACTED_IN"].model_copy(update={"properties": times})
        store.apply_schema(schema.model_copy(update={"edges": {**schema.edges, "ACTED_IN": acted}}))
        store.upsert_nodes([node("Person", "mann"), *(node("Film", film) for film in ("heat", "ronin", "solo"))])
        known = {"heat": {"valid_from": 5.0, "valid_to": 9.5}, "ronin": {"valid_to": 7.0}, "solo": {}}
        made = [replace(fact("ACTED_IN", "Person:mann", f"Film:{film}"), properties=it) for film, it in known.items()]
        store.upsert_edges(made)
        rows = [row for batch in store.export_edges("ACTED_IN") for row in batch.to_pylist()]
        found = {row["target"]: (row["valid_from"], row["valid_to"]) for row in rows}
        assert found == {"heat": (5.0, 9.5), "ronin": (None, 7.0), "solo": (None, None)}
        ending = store.run("ending_facts", limit=9)
        assert [(row["source_type"], row["source"], row["target"], row["until"]) for row in ending] == [
            ("Person", "mann", "heat", 9.5),
            ("Person", "mann", "ronin", 7.0),
        ]
        assert {(row["type"], row["relation"], row["target_type"]) for row in ending} == {
            ("ACTED_IN", "ACTED_IN", "Film")
        }
        assert len(store.run("ending_facts", limit=1)) == 1

    def test_the_context_of_an_interaction_comes_back(self, films: GraphStore) -> None:
        context = context_text({"device": "phone", "where": 'in \\ "bed"; at home=yes 床'})
        seen = Interaction("RATED", "bob", "heat", "rate", "lens", 30.0, 2.0, context=context)
        films.upsert_interactions([seen])
        rated = [row for batch in films.export_interactions("RATED") for row in batch.to_pylist()]
        assert [row["context"] for row in rated if row["item"] == "heat"] == [context]
        assert {row["context"] for row in rated if row["item"] != "heat"} == {None}
        films.upsert_interactions([replace(seen, context="")])
        rated = [row for batch in films.export_interactions("RATED") for row in batch.to_pylist()]
        assert {row["context"] for row in rated} == {None}

    def test_lists_and_kinds_of_numbers_keep_their_type(self, films: GraphStore) -> None:
        films.upsert_nodes(
            [NodeRecord("Film", "alien", {"tags": ["a", "b"]}), NodeRecord("Film", "heat", {"tags": "crime"})]
        )
        films.upsert_nodes([NodeRecord("Person", "mann", {"born": 1943})])
        (batch,) = films.export_nodes("Film")
        assert [str(field.type) for field in batch.schema] == [
            "string",
            "string",
            "double",
            "list<item: string>",
            "string",
        ]
        assert batch["tags"].to_pylist() == [["a", "b"], None, ["crime"], None, None]
        (people,) = films.export_nodes("Person")
        assert str(people.schema.field("born").type) == "int64"

    def test_an_empty_type_exports_nothing(self, store: GraphStore) -> None:
        store.apply_schema(films_schema())
        assert everything(store) == []

    def test_a_copy_has_everything_that_is_stored(self, films: GraphStore) -> None:
        films.mark_batch("source", 3)
        tables = [(table.type, table.ends, list(table.rows)) for table in films.stored_tables()]
        kept = {(type, ends): rows for type, ends, rows in tables}
        assert len(kept) == len(tables)
        order = [ends is not None for _, ends, _ in tables]
        assert order == sorted(order), "nodes come first"
        assert [row["graph_id"] for row in kept["KgrecGraph", None]] == [films.graph_id]
        assert kept["KgrecImport", None] == [{"uid": "source", "batches": 3}]
        assert [row["uid"] for row in kept["Film", None]] == ["alien", "aliens", "heat", "ronin", "solo"]
        assert [(row["_source"], row["_target"]) for row in kept["HAS_GENRE", ("Film", "Genre")]] == [
            ("heat", "crime"),
            ("ronin", "crime"),
        ]
        rated = sorted((row["_source"], row["_target"], row["time"]) for row in kept["RATED", ("User", "Film")])
        assert rated == [("ann", "alien", 10.0), ("ann", "aliens", 20.0), ("bob", "alien", 15.0)]

    def test_a_batch_holds_at_least_one_row(self, films: GraphStore) -> None:
        with pytest.raises(ValueError, match="batch_size must be at least 1, found 0"):
            films.export_nodes("Film", batch_size=0)
