"""GraphStore: what kgrec asks of a property graph, whichever database holds it.

Implementations pass the suite in ``tests/contracts/test_graph_store.py``. Open one with :func:`kgrec.graph.open_store`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa

from kgrec.data.records import EdgeRecord, Interaction, Kind, NodeRecord
from kgrec.errors import GraphError
from kgrec.schema.model import GraphSchema


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
class GraphCounts:
    """How many of each type the store holds."""

    nodes: Mapping[str, int]
    edges: Mapping[str, int]
    interactions: Mapping[str, int]

    def __repr__(self) -> str:
        nodes, edges, interactions = (sum(part.values()) for part in (self.nodes, self.edges, self.interactions))
        return f"GraphCounts({nodes} nodes, {edges} edges, {interactions} interactions)"


class GraphStore(Protocol):
    """A property graph that holds what a schema describes.

    Every method raises StoreUnavailableError where the store cannot be reached and ValueError for a type that the
    schema does not have: types are checked against it before any Cypher is written.
    """

    url: str
    schema: GraphSchema | None
    """The schema that was applied, read back from the store on opening; None for a fresh store."""

    graph_id: str | None
    """Random identity given when the schema was first applied; a bundle names the graph it was learned from."""

    def apply_schema(self, schema: GraphSchema) -> None:
        """Create constraints and indexes, remember the schema; the same shape again changes nothing.

        Raises:
            SchemaMismatchError: the store already holds a graph of another shape.
        """
        ...

    def upsert_nodes(self, records: Sequence[NodeRecord]) -> UpsertCounts:
        """Create or update nodes of any types; durable when it returns, each type's at once."""
        ...

    def upsert_edges(self, records: Sequence[EdgeRecord]) -> UpsertCounts:
        """Create or update facts; those with a missing end are counted as dangling and not written."""
        ...

    def upsert_interactions(self, records: Sequence[Interaction]) -> UpsertCounts:
        """Create or update behaviour; those with a missing end are counted as dangling and not written."""
        ...

    def prepare(self, kind: Kind, records: Sequence[Any]) -> PreparedBatch:
        """The first half of an upsert: check records and lay them out, without touching the store.

        It may run in another thread while :meth:`write`, the second half, waits for the batch before.
        """
        ...

    def write(self, batch: PreparedBatch) -> UpsertCounts:
        """The second half of an upsert."""
        ...

    def finished_batches(self, source: str) -> int:
        """How many batches of an import are durably in the graph; 0 for an unknown source."""
        ...

    def mark_batch(self, source: str, batches: int) -> None:
        """Note in the graph itself that the first ``batches`` of an import are in."""
        ...

    def run(self, query: str, /, *, timeout_s: float = 10.0, **parameters: Any) -> list[dict[str, Any]]:
        """Run one of the read queries named in :mod:`kgrec.graph.cypher.look_ups` and return its rows.

        Raises:
            KeyError: no query of that name.
            QueryTimeoutError: it took longer than ``timeout_s``.
        """
        ...

    def node(self, type: str, uid: str) -> dict[str, Any] | None:
        """Properties of a node (with ``uid``), or None."""
        ...

    def history(self, user: str) -> list[Interaction]:
        """All interactions of a user, oldest first; empty for an unknown user."""
        ...

    def paths(self, source: str, target: str, limits: PathLimits = PathLimits()) -> list[GraphPath]:
        """Paths over facts between two items, shortest first, those over rare entities before those over common ones.

        Raises:
            QueryTimeoutError: it took longer than ``limits.timeout_s``.
        """
        ...

    def paths_from(
        self,
        sources: Sequence[str],
        target: str,
        limits: PathLimits = PathLimits(),
    ) -> list[list[GraphPath]]:
        """:meth:`paths` from each of some items, looked up together; one list per source, in their order."""
        ...

    def confirm(self, path: GraphPath) -> bool:
        """Whether every edge of a path exists in the graph now."""
        ...

    def confirm_all(self, candidates: Sequence[GraphPath], timeout_s: float = 10.0) -> list[bool]:
        """:meth:`confirm` of each of some paths, looked up together.

        Raises:
            QueryTimeoutError: it took longer than ``timeout_s``.
        """
        ...

    def export_nodes(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Nodes of a type: ``uid``, ``name`` and every property of the schema, ordered by uid."""
        ...

    def export_edges(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Facts of a type: ``source_type, source, relation, target_type, target``, in a stable order."""
        ...

    def export_interactions(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Behaviour of a type: ``user``, ``item``, ``kind``, ``platform``, ``time``, ``weight``, in a stable order."""
        ...

    def stored_tables(self) -> Iterator[StoredTable]:
        """The whole graph for a copy of it, the store's own bookkeeping included: nodes first, then relationships.

        Each table is read while it is iterated, and before the next one; the graph must not change meanwhile.
        """
        ...

    def write_back(self, statement: str, /, *names: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of one durable write: a statement named in :mod:`kgrec.graph.cypher.publication_statements`.

        Args:
            names: types of the schema and the like, checked before they are written into the text.
            parameters: values of the text's parameters.

        Raises:
            KeyError: no statement of that name.
        """
        ...

    def delete_user(self, uid: str) -> int:
        """Remove a user and all their interactions; the number of interactions removed.

        Raises:
            UnknownUserError: no such user.
        """
        ...

    def counts(self) -> GraphCounts:
        """How many of each type are held."""
        ...

    def checkpoint(self) -> None:
        """Make the store's files compact; durable data stays durable without it."""
        ...

    def close(self) -> None:
        """Release the store; it can be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def schema_of(store: GraphStore) -> GraphSchema:
    """The schema of the graph that a store holds.

    Raises:
        GraphError: it holds none yet.
    """
    if store.schema is None:
        raise GraphError(
            "the store is empty: no schema was applied yet.", where=store.url, next="run `kgrec ingest` first"
        )
    return store.schema
