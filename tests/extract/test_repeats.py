"""Repeats put together: sums, the largest, the last, each; and that importing twice is importing once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kgrec.data.records import Interaction, NodeRecord, Table
from kgrec.extract import Extraction
from kgrec.extract.repeats import RepeatedInteractions, RepeatRules
from kgrec.graph import open_store
from kgrec.graph.ingest import ingest
from kgrec.schema.load import load_schema
from kgrec.schema.model import GraphSchema
from kgrec.testing.sample_graph import SampleGraph
from tests.support.columns import interaction_columns


def schema(**interaction: Any) -> GraphSchema:
    given = load_schema("triples").model_dump(mode="json")
    given["interactions"]["INTERACTED"] |= interaction
    return GraphSchema.model_validate(given)


def did(user: str, item: str, weight: float, kind: str = "play", time: float | None = None) -> Interaction:
    return Interaction("INTERACTED", user, item, kind, "shop", time, weight)


AT_ONCE = 7
"""Records of a block, so that totals are looked up in runs of many sizes."""


def kept(given: GraphSchema, *records: Interaction) -> dict[tuple[str, str, str], float]:
    """Weights by user, item and key, the last of each key as a store keeps it."""
    repeated = RepeatedInteractions(given)
    stream = [
        one
        for at in range(0, len(records), AT_ONCE)
        for one in repeated.put_together(interaction_columns(records[at : at + AT_ONCE]))
    ]
    return {(r.user, r.item, r.key): r.weight for r in stream}


def weights(given: GraphSchema, *records: Interaction) -> list[float]:
    return sorted(kept(given, *records).values())


PLAYS = did("ann", "1", 3), did("ann", "1", 5), did("bob", "1", 7), did("ann", "1", 1)


@pytest.mark.parametrize(
    ("rule", "expected"), [(None, [7, 9]), ("sum", [7, 9]), ("max", [5, 7]), ("last", [1, 7]), ("each", [1, 3, 5, 7])]
)
def test_plays_without_a_time(rule: str | None, expected: list[float]) -> None:
    assert weights(schema(repeats=rule), *PLAYS) == expected


@pytest.mark.parametrize(("rule", "expected"), [(None, [7]), ("sum", [9]), ("max", [7]), ("each", [2, 7])])
def test_events_of_one_time(rule: str | None, expected: list[float]) -> None:
    assert weights(schema(repeats=rule), did("a", "1", 2, time=5), did("a", "1", 7, time=5)) == expected


def test_events_of_different_times_are_different() -> None:
    assert weights(schema(repeats="sum"), did("a", "1", 2, time=5), did("a", "1", 7, time=6)) == [2, 7]


def test_judgements_and_what_speaks_against_are_never_added_up_by_default() -> None:
    for kind in ("rate", "stars", "return", "skip"):
        assert weights(schema(), did("a", "1", 2, kind), did("a", "1", 3, kind)) == [3]
    assert weights(schema(weights={"stars": 5}), did("a", "1", 2), did("a", "1", 3)) == [3]


def test_a_kind_has_a_rule_of_its_own() -> None:
    given = schema(kinds={"play": {"repeats": "max"}, "buy": {}}, repeats="sum")
    assert RepeatRules(given).of(did("a", "1", 1)) == ("max", True)
    assert RepeatRules(given).of(did("a", "1", 1, "buy")) == ("sum", True)


def test_totals_of_many_keys_in_any_order() -> None:
    rng = np.random.default_rng(0)
    rows = [did(f"u{rng.integers(9)}", f"i{rng.integers(9)}", float(rng.integers(1, 9))) for _ in range(400)]
    expected: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        expected[row.user, row.item] += row.weight
    found = kept(schema(), *rows)
    assert {(user, item): weight for (user, item, _), weight in found.items()} == expected


class Plays:
    """A table of plays without times, in batches that cut the repeats apart."""

    def tables(self) -> Iterator[Table]:
        columns = {
            "users": {"user": ["ann", "bob"]},
            "items": {"item": ["1", "2"], "name": ["One", "Two"], "text": ["", ""]},
            "interactions": {
                "user": ["ann", "ann", "bob", "ann", "ann"],
                "item": ["1", "1", "1", "1", "2"],
                "kind": ["play"] * 5,
                "time": [None] * 5,
                "weight": [3.0, 5.0, 7.0, 1.0, 2.0],
            },
        }
        for name, given in columns.items():
            batches = pa.table(given).to_batches(max_chunksize=2)
            yield Table(name, batches, f"fake:{name}")


def test_plays_of_a_table_add_up_in_the_graph_however_often_they_are_imported() -> None:
    with open_store("kglite::memory:") as store:
        for batch_size in (10_000, 1):
            ingest(Extraction(schema(), [Plays()]), store, batch_size=batch_size)
            told = [(one.item, one.weight) for one in store.history("ann")]
            assert sorted(told) == [("1", 9.0), ("2", 2.0)]


def test_the_same_import_twice_leaves_the_same_in_the_graph() -> None:
    given = schema(kinds={"play": {"repeats": "sum"}, "buy": {"repeats": "each"}})
    rows = [*PLAYS, did("ann", "1", 2, "buy", 1.0), did("ann", "1", 2, "buy", 1.0)]
    nodes = [NodeRecord("User", user) for user in ("ann", "bob")] + [NodeRecord("Item", "1")]
    with open_store("kglite::memory:") as store:
        for _ in range(2):
            stream = RepeatedInteractions(given).put_together(interaction_columns(rows))
            ingest(SampleGraph(given, nodes, (), list(stream)), store)
            assert store.counts().interactions["INTERACTED"] == 4
        told = [(one.kind, one.weight) for one in store.history("ann")]
    assert sorted(told) == [("buy", 2.0), ("buy", 2.0), ("play", 9.0)]
