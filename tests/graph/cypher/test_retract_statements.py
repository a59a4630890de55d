"""Texts that take statements back: only names of the schema reach them."""

from __future__ import annotations

import pytest

from kgrec.graph.cypher.retract_statements import (
    retract_edges,
    retract_interactions,
    retract_nodes,
    unset_fact_property,
    unset_property,
)
from kgrec.testing.sample_graph import films_schema


def test_types_are_quoted_and_values_are_parameters() -> None:
    schema = films_schema()
    for texts, type in (
        (retract_nodes(schema, "Film"), "Film"),
        (retract_edges(schema, "SEQUEL_OF", "Film", "Film"), "SEQUEL_OF"),
        (retract_interactions(schema, "RATED"), "RATED"),
    ):
        for text in texts:
            assert text.startswith("UNWIND $rows AS row\n")
            assert f"`{type}`" in text
            assert text.endswith(" AS removed")


def test_a_foreign_type_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a node type of the schema"):
        retract_nodes(films_schema(), "`) DETACH DELETE n //")
    with pytest.raises(ValueError, match="is not an edge type of the schema"):
        retract_edges(films_schema(), "x", "Film", "Film")
    for name in ("uid", "platforms", "x` = 1 //"):
        with pytest.raises(ValueError, match="is not a property of Film in the schema"):
            unset_property(films_schema(), "Film", name)
    for name in ("relation", "platforms", "x` = 1 //"):
        with pytest.raises(ValueError, match="is not a property of ACTED_IN in the schema"):
            unset_fact_property(films_schema(), "ACTED_IN", "Person", "Film", name)
