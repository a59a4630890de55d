"""StatedRecords: what an import stated is known, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from kgrec.data.records import Batch, EdgeRecord, Interaction, NodeRecord
from kgrec.graph.stated_records import StatedRecords

FACT = EdgeRecord("LINKED", "Film", "a", "Film", "b", "sequel", {}, "lens")
WATCH = Interaction("WATCHED", "ann", "a", "click", "lens", 1.0)


def test_records_are_known_by_their_identity_and_platform() -> None:
    film = NodeRecord("Film", "a", {"name": "A"}, "lens")
    with StatedRecords() as stated:
        stated.add(Batch("nodes", "films", [film, NodeRecord("Person", "b", {}, "lens")]))
        stated.add(Batch("edges", "facts", [FACT]))
        stated.add(Batch("interactions", "log", [WATCH]))
        films, facts, watched = (
            stated.of_type("nodes", "Film"),
            stated.of_type("edges", "LINKED"),
            stated.of_type("interactions", "WATCHED"),
        )
    assert replace(film, properties={}) in films
    assert replace(film, platform="wiki") not in films
    assert NodeRecord("Film", "b", {}, "lens") not in films
    assert replace(FACT, properties={"role": "x"}) in facts
    for name, value in (("source", "b"), ("target_type", "Person"), ("relation", ""), ("platform", "")):
        assert replace(FACT, **{name: value}) not in facts  # type: ignore[arg-type]
    assert replace(WATCH, weight=5.0) in watched
    for name, other in (("user", "bob"), ("kind", "rate"), ("time", 2.0), ("repeat", 1), ("platform", "wiki")):
        assert replace(WATCH, **{name: other}) not in watched  # type: ignore[arg-type]


def test_nothing_stated_is_nothing_known() -> None:
    with StatedRecords() as stated:
        assert FACT not in stated.of_type("edges", "LINKED")
