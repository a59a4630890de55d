"""Nodes that records refer to and that are not there."""

from __future__ import annotations

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.graph import open_store
from kgrec.graph.dangling import MOST_NAMED, missing_ends
from kgrec.schema.load import load_schema


def test_the_first_missing_nodes_are_named_once() -> None:
    with open_store("kglite::memory:") as store:
        store.apply_schema(load_schema("triples"))
        store.upsert_nodes([NodeRecord("User", "u"), NodeRecord("Item", "1")])
        took = [Interaction("INTERACTED", user, item, "take") for user, item in (("u", "1"), ("u", "9"), ("v", "9"))]
        assert missing_ends(store, took) == [("Item", "9"), ("User", "v")]
        assert missing_ends(store, took[:1]) == []
        fact = EdgeRecord("FACT", "Item", "1", "Entity", "red", "genre")
        assert missing_ends(store, [fact, NodeRecord("Item", "8")]) == [("Entity", "red")]
        many = [Interaction("INTERACTED", "u", f"no {number}", "take") for number in range(9)]
        assert len(missing_ends(store, many)) == MOST_NAMED
