"""What every graph publisher promises, as tests: statements by name, each of them one durable write."""

from __future__ import annotations

import pytest

from kgrec.data.records import NodeRecord
from kgrec.graph.store import GraphStore
from kgrec.testing.open_graph import OpenGraphContract

_LIST = [{"uid": "ann", "items": [{"uid": "heat", "rank": 1, "score": 2.5}, {"uid": "solo", "rank": 2, "score": 1.0}]}]


class GraphPublisherContract(OpenGraphContract):
    """Tests of writing lists and embeddings back."""

    def test_what_is_written_back_is_found_by_whoever_asks_the_graph(self, films: GraphStore) -> None:
        films.write_back("constrain")
        films.write_back("begin", token="mine")
        written = films.write_back("write_lists", "RECOMMENDED", token="mine", rows=_LIST, model="m", at="now")
        assert written == [{"written": 2}]
        rows = [{"uid": "heat", "vector": [0.5, 0.25]}, {"uid": "nowhere", "vector": [1.0, 1.0]}]
        assert films.write_back("write_embeddings", "Film", "a", token="mine", rows=rows) == [{"written": 1}]
        pointer = {"model": "m", "at": "now", "slot": "a"}
        assert films.write_back("swap", token="mine", pointer=pointer) == [{"model": "m"}]
        films.write_back("end", token="mine")
        assert films.write_back("state") == [{"uid": "current", **pointer, "token": None}]

    def test_everything_about_a_user_has_lists_and_goes_with_the_user(self, films: GraphStore) -> None:
        films.write_back("constrain")
        films.write_back("begin", token="mine")
        films.write_back("write_lists", "RECOMMENDED", token="mine", rows=_LIST, model="m", at="now")
        about = films.about_user("ann")
        assert about is not None
        assert about.node["uid"] == "ann"
        assert [(one["type"], one["item"], one["name"], one["time"]) for one in about.interactions] == [
            ("RATED", "alien", "Alien", 10.0),
            ("RATED", "aliens", "Aliens", 20.0),
            ("WATCHED", "heat", "Heat", None),
        ]
        assert [(one["type"], one["relation"], one["to"]["type"]) for one in about.facts] == [
            ("FOLLOWS", "FOLLOWS", "Person")
        ]
        assert [(one["model"], one["rank"], one["item"], one["name"]) for one in about.lists] == [
            ("m", 1, "heat", "Heat"),
            ("m", 2, "solo", "Solo"),
        ]
        assert about.entries == 1 + 3 + 1 + 2
        assert films.about_user("nobody") is None
        films.delete_user("ann")
        assert films.about_user("ann") is None
        films.upsert_nodes([NodeRecord("User", "ann")])
        again = films.about_user("ann")
        assert again is not None
        assert again.entries == 1

    def test_nothing_is_written_once_another_has_begun(self, films: GraphStore) -> None:
        films.write_back("constrain")
        films.write_back("begin", token="first")
        films.write_back("begin", token="second")
        wanted = {"rows": _LIST, "model": "m", "at": "now"}
        late = films.write_back("write_lists", "RECOMMENDED", token="first", **wanted)
        assert sum(row["written"] for row in late) == 0
        assert films.write_back("swap", token="first", pointer={"model": "m"}) == []
        assert [row["token"] for row in films.write_back("state")] == ["second"]

    def test_what_is_written_back_is_in_no_count_and_no_export(self, films: GraphStore) -> None:
        before = films.counts(), [batch.to_pylist() for batch in films.export_nodes("Film")]
        films.write_back("begin", token="mine")
        films.write_back("write_lists", "RECOMMENDED", token="mine", rows=_LIST, model="m", at="now")
        rows = [{"uid": "heat", "vector": [0.5]}]
        films.write_back("write_embeddings", "Film", "a", token="mine", rows=rows)
        assert (films.counts(), [batch.to_pylist() for batch in films.export_nodes("Film")]) == before

    def test_names_are_checked_before_they_reach_a_text(self, films: GraphStore) -> None:
        with pytest.raises(KeyError, match="MATCH"):
            films.write_back("MATCH (n) DETACH DELETE n")
        with pytest.raises(ValueError, match="is not a node type of the schema"):
            films.write_back("write_embeddings", "Film) DETACH DELETE n //", "a", token="mine", rows=[])
        with pytest.raises(ValueError, match="'z' is not one of the slots a, b"):
            films.write_back("write_embeddings", "Film", "z", token="mine", rows=[])
        assert films.counts().nodes["Film"] == 5
