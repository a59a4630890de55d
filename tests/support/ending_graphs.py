"""Graphs of films and genres whose facts may end."""

from __future__ import annotations

from collections.abc import Sequence

from kgrec.data.records import EdgeRecord, NodeRecord
from kgrec.graph import GraphStore
from kgrec.schema.model import EdgeType, GraphSchema, PropertySpec
from kgrec.testing.sample_graph import films_schema, words

Stated = tuple[str, str, str, float | None]
"""Head and tail as ``Type:uid``, the relation between them, and until when."""


def ending_schema() -> GraphSchema:
    """Films and genres with two types of facts in all directions, which may end."""
    ends = ("Film", "Genre")
    edge = EdgeType(
        source=ends, target=ends, words=words("is near", "接近"), properties={"valid_to": PropertySpec(type="time")}
    )
    return films_schema().model_copy(update={"edges": {"HAS_GENRE": edge, "LINKED": edge}})


def put_facts(store: GraphStore, facts: Sequence[Stated]) -> None:
    """Write facts and their nodes; what was stated before is stated anew."""
    store.apply_schema(ending_schema())
    named = sorted({end for head, _, tail, _ in facts for end in (head, tail)})
    store.upsert_nodes([NodeRecord(type, uid, {}, "lens") for type, _, uid in (node.partition(":") for node in named)])
    records = []
    for head, relation, tail, until in facts:
        (head_type, source), (tail_type, target) = head.split(":"), tail.split(":")
        type, _, finer = relation.partition("/")
        properties = {} if until is None else {"valid_to": until}
        records.append(EdgeRecord(type, head_type, source, tail_type, target, finer or type, properties, "lens"))
    store.upsert_edges(records)
