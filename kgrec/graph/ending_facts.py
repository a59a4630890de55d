"""Facts of a graph that ended or will end, as rows of a model that was learned from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph.cypher.look_ups import ending_types
from kgrec.graph.store import GraphReader, schema_of

MOST_ENDING = 100_000
"""Facts of a type that are looked at, those that end last."""
_PATIENCE_S = 10.0


def ending_facts(store: GraphReader, nodes: Vocabulary, relations: Sequence[str], known: Facts) -> Facts:
    """Facts with an end that a model knows, as the graph has them now.

    Args:
        nodes: ``Type:uid`` of the nodes of the model.
        relations: their names, ``EDGE_TYPE`` or ``EDGE_TYPE/finer``.
        known: those that were known before; where the graph has more than are looked at, they are not forgotten.

    Raises:
        GraphError: the store cannot be asked, or took too long.
    """
    rows = []
    if ending_types(schema_of(store)):
        rows = store.run("ending_facts", timeout_s=_PATIENCE_S, limit=MOST_ENDING)
    number_of = {name: number for number, name in enumerate(relations)}
    names = [row["type"] if row["relation"] == row["type"] else f"{row['type']}/{row['relation']}" for row in rows]
    relation = np.array([number_of.get(name, -1) for name in names], np.int64)
    head = nodes.rows([f"{row['source_type']}:{row['source']}" for row in rows])
    tail = nodes.rows([f"{row['target_type']}:{row['target']}" for row in rows])
    until = np.array([row["until"] for row in rows], np.float64)
    keep = (relation >= 0) & (head >= 0) & (tail >= 0)
    found = Facts.unique(head[keep], relation[keep], tail[keep], tuple(relations), until=until[keep])
    if len(rows) < MOST_ENDING:
        return found
    return found.joined(replace(known.without(found), relations=found.relations))
