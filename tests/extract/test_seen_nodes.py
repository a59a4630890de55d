"""SeenNodes: what says nothing new is left out, and forgetting changes no graph."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.records import NodeRecord
from kgrec.extract.seen_nodes import SeenNodes


def node(uid: str, platform: str = "p", **properties: str) -> NodeRecord:
    return NodeRecord("Tag", uid, properties, platform)


def test_only_what_the_last_record_of_a_node_said_is_a_repeat() -> None:
    records = [
        node("a"),
        node("b"),
        node("a"),  # a repeat
        node("a", name="A"),
        node("a", name="A"),  # a repeat
        node("a"),
        node("a", "q"),
        NodeRecord("Other", "a", {}, "q"),
        node("b"),  # a repeat
        node("a", "q"),  # a repeat
    ]
    seen = SeenNodes()
    assert [seen.is_new(record) for record in records] == [
        True,
        True,
        False,
        True,
        False,
        True,
        True,
        True,
        False,
        False,
    ]


def test_after_forgetting_a_repeat_is_new() -> None:
    seen = SeenNodes()
    assert seen.is_new(node("a"))
    seen.forget(node("a", name="anything"))
    assert seen.is_new(node("a"))


def test_what_is_forgotten_is_the_same_in_every_process() -> None:
    seen = SeenNodes(slots=4)
    news = [seen.is_new(node(uid)) for uid in "abcdefgh" * 3]
    assert "".join("x" if new else "." for new in news) == "xxxxxxxxxxxx.xxxxxxx.xxx"


@given(
    records=st.lists(
        st.tuples(
            st.builds(
                NodeRecord,
                st.just("Tag"),
                st.sampled_from("abc"),
                st.dictionaries(st.sampled_from(["name", "note"]), st.sampled_from(["x", "y"])),
                st.sampled_from("pq"),
            ),
            st.booleans(),
        )
    ),
    slots=st.integers(1, 4),
)
def test_leaving_repeats_out_changes_no_graph(records: list[tuple[NodeRecord, bool]], slots: int) -> None:
    """A record in a pair with True is one of a source that does not repeat: it is kept in any case."""

    def graph(kept: list[NodeRecord]) -> dict[str, tuple[dict[str, object], set[str]]]:
        nodes: dict[str, tuple[dict[str, object], set[str]]] = {}
        for record in kept:
            properties, platforms = nodes.setdefault(record.uid, ({}, set()))
            properties.update(record.properties)
            platforms.add(record.platform)
        return nodes

    seen = SeenNodes(slots)
    kept = []
    for record, plain in records:
        if plain:
            seen.forget(record)
        elif not seen.is_new(record):
            continue
        kept.append(record)
    assert graph(kept) == graph([record for record, _ in records])


def test_lone_surrogates_are_told_apart() -> None:
    seen = SeenNodes()
    assert seen.is_new(node("\ud800"))
    assert seen.is_new(node("\ud801"))
    assert not seen.is_new(node("\ud801"))


@pytest.mark.parametrize("count", [1_000, 20_000])
def test_memory_is_that_of_its_slots(count: int) -> None:
    seen = SeenNodes(slots=1_000)
    assert sum(seen.is_new(node(str(at))) for at in range(count)) == count
    assert len(seen._digests) == 16_000


def test_cells_that_named_their_nodes_are_met_in_their_column() -> None:
    cells = pa.array(["a", None, "b", "a"])
    seen = SeenNodes()
    assert list(seen.fresh("users", cells)) == [0, 1, 2, 3]
    seen.meet("users", cells.take(pa.array([0])))
    assert list(seen.fresh("users", cells)) == list(seen.fresh("users", cells.dictionary_encode())) == [1, 2]
    assert list(seen.fresh("items", cells)) == [0, 1, 2, 3]
    lists = pa.array([["a"], ["b"]])
    seen.meet("lists", lists)
    assert list(seen.fresh("lists", lists)) == [0, 1]
