"""Merged nodes: ids, properties and aliases of one entity, in every kind of record."""

from __future__ import annotations

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.extract.identity.merging import MergedNodes, aligned_types
from kgrec.schema.identity_rules import Alignment
from kgrec.schema.model import GraphSchema, NodeSource
from kgrec.testing.sample_graph import films_schema


def schema() -> GraphSchema:
    """Films are aligned by title and year; both platforms have a table of them."""
    plain = films_schema()
    sources = tuple(NodeSource(table=name, platform=name, id="id") for name in plain.platforms)
    film = plain.nodes["Film"].model_copy(update={"align": Alignment(title="name", year="year"), "sources": sources})
    return plain.model_copy(update={"nodes": {**plain.nodes, "Film": film}})


def film(platform: str, uid: str, name: str, **properties: str) -> NodeRecord:
    return NodeRecord("Film", uid, {"name": name, "year": 1979, **properties}, platform)


ALIEN = (film("wiki", "Q1", "Alien", plot="A ship."), film("lens", "7", "Alien (1979)"))
MERGED = MergedNodes(schema(), {"Film": [*ALIEN, film("wiki", "Q2", "Stalker")]})


def test_types_to_align_are_those_on_several_platforms() -> None:
    assert aligned_types(schema()) == {"Film"}
    assert aligned_types(films_schema()) == set()


def test_both_records_become_the_node_of_the_platform_that_is_declared_first() -> None:
    for record in ALIEN:
        node = MERGED.rewrite(record)
        assert isinstance(node, NodeRecord)
        assert (node.uid, node.platform, tuple(node.aliases)) == ("7", record.platform, ("lens:7", "wiki:Q1"))
        assert node.properties == {"name": "Alien (1979)", "year": 1979, "plot": "A ship."}


def test_what_is_on_one_platform_only_keeps_its_id() -> None:
    node = MERGED.rewrite(film("wiki", "Q2", "Stalker"))
    assert isinstance(node, NodeRecord)
    assert (node.uid, tuple(node.aliases)) == ("Q2", ("wiki:Q2",))


def test_facts_and_interactions_follow() -> None:
    sequel = EdgeRecord("SEQUEL_OF", "Film", "Q2", "Film", "Q1", "SEQUEL_OF", {}, "wiki")
    rewritten = MERGED.rewrite(sequel)
    assert isinstance(rewritten, EdgeRecord)
    assert (rewritten.source, rewritten.target) == ("Q2", "7")
    rated = MERGED.rewrite(Interaction("RATED", "Q1", "Q1", "rate", "wiki"))
    assert isinstance(rated, Interaction)
    assert (rated.user, rated.item) == ("Q1", "7")


def test_without_records_of_two_platforms_nothing_changes() -> None:
    nothing = MergedNodes(schema(), {"Film": [ALIEN[0]]})
    assert nothing.reports == {}
    assert nothing.rewrite(ALIEN[0]) is ALIEN[0]
