"""Nodes that records refer to and that are not there."""

from __future__ import annotations

from collections.abc import Sequence

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord, Record
from kgrec.graph import open_store
from kgrec.graph.dangling import MOST_NAMED, missing_ends
from kgrec.schema.load import load_schema


def test_the_first_missing_nodes_are_named_once() -> None:
    with open_store("kglite::memory:") as store:
        store.apply_schema(load_schema("triples"))
        store.upsert_nodes([NodeRecord("User", "u"), NodeRecord("Item", "1")])
        took = [Interaction("INTERACTED", user, item, "take") for user, item in (("u", "1"), ("u", "9"), ("v", "9"))]
        schema = store.schema
        assert schema is not None

        def missing(records: Sequence[Record]) -> list[tuple[str, str]]:
            return missing_ends(schema, lambda *end: store.node(*end) is not None, records)

        assert missing(took) == [("Item", "9"), ("User", "v")]
        assert missing(took[:1]) == []
        fact = EdgeRecord("FACT", "Item", "1", "Entity", "red", "genre")
        assert missing([fact, NodeRecord("Item", "8")]) == [("Entity", "red")]
        many = [Interaction("INTERACTED", "u", f"no {number}", "take") for number in range(9)]
        assert len(missing(many)) == MOST_NAMED
