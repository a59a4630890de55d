"""Data classes that go into a graph store and come out of one; what a store does is in :mod:`kgrec.graph.store`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    """What a batch changed. ``dangling`` counts records whose end nodes do not exist; they are not written."""

    created: int
    matched: int
    dangling: int = 0


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """Checked records, ready to be written: statements with their rows, and how many records they are made of."""

    statements: Sequence[tuple[str, list[Any]]]
    records: int


@dataclass(frozen=True, slots=True)
class NodeRef:
    """A node as people see it."""

    type: str
    uid: str
    name: str


@dataclass(frozen=True, slots=True)
class PathStep:
    """One edge of a path, walked from ``source`` to ``target``; ``forward`` is False where it was walked backwards.

    ``type`` is an edge or interaction type of the schema, ``relation`` the finer name (or the type itself).
    """

    source: NodeRef
    target: NodeRef
    type: str
    relation: str
    forward: bool


@dataclass(frozen=True, slots=True)
class GraphPath:
    """A walk through the graph; each step starts where the one before ended."""

    steps: tuple[PathStep, ...]

    @property
    def nodes(self) -> tuple[NodeRef, ...]:
        """All nodes in order, one more than steps."""
        return (self.steps[0].source, *(step.target for step in self.steps))


@dataclass(frozen=True, slots=True)
class PathLimits:
    """What a path look-up may cost, so that a hub cannot stall it.

    Attributes:
        max_hops: longest path, in edges: 2 goes over one entity, 3 over two.
        max_degree: nodes with more neighbours than this are not walked through.
        max_paths: paths returned, those over the rarest entities first.
        timeout_s: seconds until QueryTimeoutError.
    """

    max_hops: int = 3
    max_degree: int = 500
    max_paths: int = 10
    timeout_s: float = 10.0


USUAL_LIMITS = PathLimits()
"""Limits of a look-up that names none."""


@dataclass(frozen=True)
class StoredTable:
    """All nodes of a label, or all relationships of a type between two labels, with everything that is stored.

    Attributes:
        type: the label or the relationship's type.
        ends: labels of source and target; None for nodes.
        rows: read once, one after the other; None where a property is absent. A node has ``uid`` and its properties, a
            relationship ``_source`` and ``_target``, the uids of its ends, and its properties.
    """

    type: str
    ends: tuple[str, str] | None
    rows: Iterator[Mapping[str, Any]]


@dataclass(frozen=True)
class AboutUser:
    """Everything that a graph holds of one user, as rows that people can read.

    Attributes:
        node: its properties, those that it has.
        interactions: type, item, name, kind, platform, time, weight, key and context of each, oldest first.
        facts: those that start at the user or lead there: ``type``, ``relation``, ``to`` or ``from`` (type, uid and
            name of the other end) and properties.
        lists: what was recommended in the publications that the graph holds: model, at, rank, score, item, name.
    """

    node: Mapping[str, Any]
    interactions: Sequence[Mapping[str, Any]]
    facts: Sequence[Mapping[str, Any]]
    lists: Sequence[Mapping[str, Any]]

    @property
    def entries(self) -> int:
        """How many nodes and relationships that is."""
        return 1 + len(self.interactions) + len(self.facts) + len(self.lists)


@dataclass(frozen=True)
class GraphCounts:
    """How many of each type the store holds."""

    nodes: Mapping[str, int]
    edges: Mapping[str, int]
    interactions: Mapping[str, int]

    def __repr__(self) -> str:
        nodes, edges, interactions = (sum(part.values()) for part in (self.nodes, self.edges, self.interactions))
        return f"GraphCounts({nodes} nodes, {edges} edges, {interactions} interactions)"
