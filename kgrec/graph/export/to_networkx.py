"""The store as a networkx graph, for analysis of graphs that fit into memory."""

from __future__ import annotations

from typing import Any

import networkx as nx

from kgrec.data.records import Interaction
from kgrec.graph.store import GraphExporter, schema_of


def to_networkx(store: GraphExporter) -> nx.MultiDiGraph[str]:
    """A multigraph of every node, fact and interaction of a store.

    Nodes are called ``Type:uid`` and carry ``type`` and the properties they have. Edges carry ``part`` ("fact" or
    "interaction"), ``type`` and ``relation``, interactions also ``kind``, ``platform``, ``time``, ``weight`` and
    ``context``; their key is ``(type, relation)`` or ``(type, Interaction.key)``.

    Raises:
        GraphError: the store is empty.
    """
    schema = schema_of(store)
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for type in schema.nodes:
        for batch in store.export_nodes(type):
            for row in batch.to_pylist():
                held = {name: value for name, value in row.items() if value is not None}
                graph.add_node(f"{type}:{row['uid']}", type=type, **held)
    for type in schema.edges:
        for batch in store.export_edges(type):
            for row in batch.to_pylist():
                ends = f"{row['source_type']}:{row['source']}", f"{row['target_type']}:{row['target']}"
                key = (type, row["relation"])
                graph.add_edge(*ends, key=key, part="fact", type=type, relation=row["relation"])
    for type, spec in schema.interactions.items():
        for batch in store.export_interactions(type):
            for row in batch.to_pylist():
                key = (type, Interaction(type, **row).key)
                ends = f"{spec.user}:{row.pop('user')}", f"{spec.item}:{row.pop('item')}"
                carried: dict[str, Any] = {"part": "interaction", "type": type, "relation": row["kind"], **row}
                graph.add_edge(*ends, key=key, **carried)
    return graph
