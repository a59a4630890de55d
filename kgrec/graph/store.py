"""What kgrec asks of a property graph, whichever database holds it: four protocols and their sum.

A caller names the one that it needs: whoever answers a :class:`GraphReader`, whoever imports a :class:`GraphWriter`,
whoever learns a :class:`GraphExporter`, whoever writes lists back a :class:`GraphPublisher`. A database that is added
to kgrec implements all four, as :class:`GraphStore`, passes the suite in :mod:`kgrec.testing.graph_store`, and is
declared as an entry point of the group ``kgrec.stores``. Open one with :func:`kgrec.graph.open_store`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from kgrec.data.persons import AccountLink
from kgrec.data.records import Batch, EdgeRecord, Interaction, Kind, NodeRecord, Record
from kgrec.errors import GraphError
from kgrec.graph.store_types import (
    USUAL_LIMITS,
    AboutUser,
    GraphCounts,
    GraphPath,
    PathLimits,
    PreparedBatch,
    StoredTable,
    UpsertCounts,
)
from kgrec.schema.model import GraphSchema
from kgrec.schema.retention import Expiry

if TYPE_CHECKING:
    import pyarrow as pa


class OpenGraph(Protocol):
    """A property graph that is open; what the four protocols have in common.

    Every method of theirs raises StoreUnavailableError where the store cannot be reached, and ValueError for a type
    that the schema does not have: types are checked against it before any Cypher is written.
    """

    url: str
    schema: GraphSchema | None
    """The schema that was applied, read back from the store on opening; None for a fresh store."""

    graph_id: str | None
    """Random identity given when the schema was first applied; a bundle names the graph it was learned from."""

    pseudonym_key: str | None
    """What tells the key of its pseudonyms from others; None where it has none."""

    facts_stay: bool
    """Nobody else can change, while it is open, what is read here of items and their facts."""

    def version(self) -> object:
        """Equal to that of before as long as nothing was written; None where others can write unseen."""
        ...

    def ping(self) -> None:
        """Nothing, where the store answers; it asks for no data.

        Raises:
            StoreUnavailableError: the store is closed or cannot be reached.
            QueryTimeoutError: it did not answer in time.
        """
        ...

    def close(self) -> None:
        """Release the store; it can be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class GraphReader(OpenGraph, Protocol):
    """Look-ups, as answering needs them: nothing is changed, and no answer is larger than its question allows."""

    def run(self, query: str, /, *, timeout_s: float = 10.0, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of one of the read queries named in :mod:`kgrec.graph.cypher.look_ups`.

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

    def links(self, user: str, most: int) -> list[AccountLink]:
        """What says that an account and others are one person: edges of such a type, then equal keys.

        Args:
            most: links by each key that are looked for; more are not told.
        """
        ...

    def about_user(self, uid: str) -> AboutUser | None:
        """Everything that is held of a user, lists that were written back included; None for an unknown user."""
        ...

    def files(self) -> list[Path]:
        """Files on this machine in which the graph is, copies of it that other processes read included; none of a
        server's."""
        ...

    def export_nodes(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Nodes of a type as in :class:`GraphExporter`: filters compare the properties of all items."""
        ...

    def paths(self, source: str, target: str, limits: PathLimits = USUAL_LIMITS) -> list[GraphPath]:
        """Paths over facts between two items, shortest first, those over rare entities before those over common ones.

        Raises:
            QueryTimeoutError: it took longer than ``limits.timeout_s``.
        """
        ...

    def paths_from(
        self,
        sources: Sequence[str],
        target: str,
        limits: PathLimits = USUAL_LIMITS,
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

    def counts(self) -> GraphCounts:
        """How many nodes, facts and interactions of each type are held."""
        ...


class ImportTarget(Protocol):
    """Where the batches of one import go, in their order: nodes first, then facts, then interactions."""

    @property
    def finished(self) -> int:
        """How many batches are in, durably."""
        ...

    def prepare(self, batch: Batch) -> Any:
        """What is to be written of a batch, without touching the store; it may run while :meth:`write` does."""
        ...

    def write(self, prepared: Any, number: int) -> UpsertCounts:
        """What the ``number``-th batch changed, as far as that is known yet; it survives a kill from now on."""
        ...

    def has_node(self, type: str, uid: str) -> bool:
        """Whether there is such a node; asked once all nodes are in."""
        ...

    def noted(self, name: str) -> int:
        """The number that was noted of this import under a name, 0 where there is none."""
        ...

    def note(self, name: str, number: int) -> None:
        """Keep a number of this import, as durably as its batches."""
        ...

    def finish(self) -> Mapping[tuple[str, str], UpsertCounts]:
        """What is known only at the end, by kind and table; everything is in the graph now."""
        ...


class GraphWriter(OpenGraph, Protocol):
    """Imports: records go in by batches that are durable, and a ledger in the graph says which ones are in."""

    def apply_schema(self, schema: GraphSchema) -> None:
        """Create constraints and indexes, remember the schema; the same shape again changes nothing.

        Raises:
            SchemaMismatchError: the store already holds a graph of another shape.
        """
        ...

    def upsert_nodes(self, records: Sequence[NodeRecord]) -> UpsertCounts:
        """What creating or updating nodes of any types changed; durable when it returns, each type's at once."""
        ...

    def upsert_edges(self, records: Sequence[EdgeRecord]) -> UpsertCounts:
        """What creating or updating facts changed; those with a missing end are counted as dangling, not written."""
        ...

    def upsert_interactions(self, records: Sequence[Interaction]) -> UpsertCounts:
        """What creating or updating interactions changed; those with a missing end are dangling and not written."""
        ...

    def prepare(self, kind: Kind, records: Sequence[Any]) -> PreparedBatch:
        """The first half of an upsert: records checked and laid out, without touching the store.

        It may run in another thread while :meth:`write`, the second half, waits for the batch before.
        """
        ...

    def write(self, batch: PreparedBatch) -> UpsertCounts:
        """What the second half of an upsert changed."""
        ...

    def finished_batches(self, source: str) -> int:
        """How many batches of an import are durably in the graph; 0 for an unknown source."""
        ...

    def mark_batch(self, source: str, batches: int) -> None:
        """Note in the graph itself that the first ``batches`` of an import are in."""
        ...

    def bulk_import(self, source: str) -> ImportTarget | None:
        """Where the batches of an import go that is quicker than one upsert after the other; None where nothing is.

        Args:
            source: as in :meth:`finished_batches`; an import that was interrupted goes on.
        """
        ...

    def retract(self, records: Sequence[Record]) -> int:
        """Number of nodes, facts and interactions that went because nobody states them any more.

        Each record is taken back for its platform, the reverse of an upsert; its properties do not matter. What other
        platforms state as well stays, and a node stays as long as it has relationships. One that is not there changes
        nothing.
        """
        ...

    def unset(self, type: str, name: str, uids: Sequence[str]) -> int:
        """Number of nodes of a type that have no value of a property now; for ``name`` the uid takes its place."""
        ...

    def unset_of_facts(self, name: str, facts: Sequence[EdgeRecord]) -> int:
        """Number of facts that have no value of a property now; what else the records say does not count."""
        ...

    def delete_user(self, uid: str) -> int:
        """Number of interactions that were removed, together with the user, their facts and the lists written back.

        Raises:
            UnknownUserError: no such user.
        """
        ...

    def delete_expired(self, expiry: Expiry) -> int:
        """Number of interactions that were removed because they are kept no longer."""
        ...

    def checkpoint(self) -> None:
        """Make the store's files compact; durable data stays durable without it."""
        ...


class GraphExporter(OpenGraph, Protocol):
    """Whole types as Arrow record batches, for learning and for copies."""

    def export_nodes(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Nodes of a type: ``uid``, ``name`` and every property of the schema, ordered by uid."""
        ...

    def export_edges(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Facts of a type: ``source_type, source, relation, target_type, target``, in a stable order."""
        ...

    def export_interactions(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Interactions of a type: ``user, item, kind, platform, time, weight, context``, in a stable order."""
        ...

    def stored_tables(self) -> Iterator[StoredTable]:
        """The whole graph for a copy of it, the store's own bookkeeping included: nodes first, then relationships.

        Each table is read while it is iterated, and before the next one; the graph must not change meanwhile.
        """
        ...


class GraphPublisher(OpenGraph, Protocol):
    """Writing back what was learned: lists, embeddings and the pointer to the live version."""

    def write_back(self, statement: str, /, *names: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of one durable write: a statement named in :mod:`kgrec.graph.cypher.publication_statements`.

        Args:
            names: types of the schema and the like, checked before they are written into the text.
            parameters: values of the text's parameters.

        Raises:
            KeyError: no statement of that name.
        """
        ...

    def checkpoint(self) -> None:
        """As in :class:`GraphWriter`."""
        ...


class GraphStore(GraphReader, GraphWriter, GraphExporter, GraphPublisher, Protocol):
    """A property graph that holds what a schema describes: all four protocols, as every database here has them."""


def schema_of(store: OpenGraph) -> GraphSchema:
    """The schema of the graph that a store holds.

    Raises:
        GraphError: it holds none yet.
    """
    if store.schema is None:
        raise GraphError(
            "the store is empty: no schema was applied yet.", where=store.url, next="run `kgrec ingest` first"
        )
    return store.schema
