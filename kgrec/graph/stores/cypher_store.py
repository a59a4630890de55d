"""What every store that speaks Cypher shares: the whole GraphStore protocol over two calls, read and write."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from kgrec.data.persons import AccountLink
from kgrec.data.records import EdgeRecord, Interaction, Kind, NodeRecord, Record
from kgrec.errors import SchemaMismatchError, UnknownUserError, shorten
from kgrec.graph import paths
from kgrec.graph.about_user import about_user
from kgrec.graph.cypher import statements as cypher
from kgrec.graph.cypher.look_ups import ALL_QUERIES
from kgrec.graph.cypher.publication_statements import STATEMENTS
from kgrec.graph.cypher.retract_statements import unset_fact_property, unset_property
from kgrec.graph.cypher.schema_names import edge_property_names, interaction_type, property_names
from kgrec.graph.expired_interactions import delete_expired
from kgrec.graph.person_links import find_links
from kgrec.graph.pseudonym_key import key_of
from kgrec.graph.store import ImportTarget, schema_of
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
from kgrec.graph.stores.write_batches import prepare, retraction
from kgrec.schema.model import GraphSchema
from kgrec.schema.retention import Expiry

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
"""Version of how a graph is laid out in a store: ``uid`` keys, merged lists, bookkeeping nodes."""

HISTORY_TIMEOUT_S = 10.0
PING_TIMEOUT_S = 5.0

Rows = list[dict[str, Any]]


class CypherStore(ABC):
    """The GraphStore protocol for a database that takes Cypher."""

    facts_stay = False

    def __init__(self, url: str) -> None:
        self.url = url
        self.schema: GraphSchema | None = None
        self.graph_id: str | None = None
        self.pseudonym_key: str | None = None

    @abstractmethod
    def _read(self, text: str, parameters: dict[str, Any], timeout_s: float | None) -> Rows:
        """Rows of a read; QueryTimeoutError after ``timeout_s``."""

    def _stream(self, text: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Rows of a read one after the other; a store that holds its graph elsewhere fetches them as it goes."""
        yield from self._read(text, parameters, None)

    def _walk(self, type: str, text: str) -> Iterator[dict[str, Any]]:
        """Rows of a text that goes on from every node ``n`` of a type, by uid."""
        return self._stream(f"{cypher.all_of(schema_of(self), type)} {text}", {})

    @abstractmethod
    def _write(self, text: str, parameters: dict[str, Any]) -> tuple[Rows, int]:
        """Rows of one durable, atomic write, and how many nodes and relationships it created."""

    @abstractmethod
    def checkpoint(self) -> None:
        """Make the store's files compact."""

    @abstractmethod
    def close(self) -> None:
        """Release the store."""

    def ping(self) -> None:
        """Nothing, where the store answers."""
        self._read(cypher.PING, {}, PING_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r}, {'empty' if self.schema is None else self.schema.domain})"

    # schema

    def _remembered(self) -> None:
        """Read schema and identity back; called once when the store was opened."""
        rows = self._read(cypher.READ_GRAPH, {}, None)
        if not rows:
            return
        if rows[0]["format"] != FORMAT:
            raise SchemaMismatchError(
                "the graph was written by another version of kgrec.",
                where=self.url,
                found=f"format {rows[0]['format']}",
                expected=f"format {FORMAT}",
                next="use the kgrec that wrote it, or import the sources into a new store",
            )
        try:
            self.schema = GraphSchema.model_validate_json(rows[0]["schema_json"])
        except ValidationError as error:
            raise SchemaMismatchError(
                "the schema that the graph remembers cannot be read.",
                where=self.url,
                found=shorten(error.errors()[0]["msg"]),
                next="use the kgrec that wrote it, or import the sources into a new store",
            ) from error
        self.graph_id, self.pseudonym_key = rows[0]["graph_id"], rows[0]["pseudonym_key"]

    def apply_schema(self, schema: GraphSchema) -> None:
        """Create constraints and remember the schema; the same shape again changes words and sources only."""
        if self.schema is not None and self.schema.fingerprint() != schema.fingerprint():
            raise self._other_shape(schema)
        key = key_of(schema, self.pseudonym_key, self.url)
        for type in schema.nodes:
            property_names(schema, type)
        for type in schema.edges:
            edge_property_names(schema, type)
        for type in schema.interactions:
            interaction_type(schema, type)
        if schema == self.schema:
            return
        self._constrain(schema)
        props = {"format": FORMAT, "fingerprint": schema.fingerprint(), "schema_json": schema.model_dump_json()}
        props |= {} if key is None else {"pseudonym_key": key.check}
        self._write(cypher.CREATE_GRAPH, {"graph_id": uuid.uuid4().hex, "props": props})
        self._remembered()  # of several that start at once, the first one's shape and identity hold
        if self.schema is None or self.schema.fingerprint() != schema.fingerprint():
            raise self._other_shape(schema)
        if schema != self.schema:
            self._write(cypher.WRITE_GRAPH, {"props": props})
            self.schema = schema

    def _constrain(self, schema: GraphSchema) -> None:
        """Make the constraints that are not there yet; an import by files, for one, makes none."""
        for text in cypher.constraints(schema):
            self._write(text, {})

    def _other_shape(self, schema: GraphSchema) -> SchemaMismatchError:
        held = None if self.schema is None else f"a graph of '{self.schema.domain}', shape {self.schema.fingerprint()}"
        return SchemaMismatchError(
            "the store holds a graph of another shape.",
            where=self.url,
            found=held,
            expected=f"the schema '{schema.domain}', shape {schema.fingerprint()}",
            next="name another store, or use the schema that the graph was made with",
        )

    # writing

    def upsert_nodes(self, records: Sequence[NodeRecord]) -> UpsertCounts:
        """What creating or updating nodes changed."""
        return self.write(self.prepare("nodes", records))

    def upsert_edges(self, records: Sequence[EdgeRecord]) -> UpsertCounts:
        """What creating or updating facts changed."""
        return self.write(self.prepare("edges", records))

    def upsert_interactions(self, records: Sequence[Interaction]) -> UpsertCounts:
        """What creating or updating interactions changed."""
        return self.write(self.prepare("interactions", records))

    def prepare(self, kind: Kind, records: Sequence[Any]) -> PreparedBatch:
        """The statements that write some records, which are checked; the store is not touched."""
        return prepare(schema_of(self), kind, records)

    def write(self, batch: PreparedBatch) -> UpsertCounts:
        """What the statements of a batch changed, each of them run at once."""
        created = written = 0
        for text, rows in batch.statements:
            answer, new = self._write(text, {"rows": rows})
            created += new
            written += sum(int(row["written"]) for row in answer)
        return UpsertCounts(created, written - created, batch.records - written)

    def retract(self, records: Sequence[Record]) -> int:
        """Number of nodes, facts and interactions that went."""
        written = (self._write(text, {"rows": rows}) for text, rows in retraction(schema_of(self), records))
        return sum(int(row["removed"]) for rows, _ in written for row in rows)

    def unset(self, type: str, name: str, uids: Sequence[str]) -> int:
        """Number of nodes that have no value of a property now."""
        rows, _ = self._write(unset_property(schema_of(self), type, name), {"rows": [[uid] for uid in uids]})
        return sum(int(row["removed"]) for row in rows)

    def unset_of_facts(self, name: str, facts: Sequence[EdgeRecord]) -> int:
        """Number of facts that have no value of a property now."""
        removed, rows_of = 0, defaultdict[tuple[str, str, str], list[list[str]]](list)
        for fact in facts:
            rows_of[fact.type, fact.source_type, fact.target_type].append([fact.source, fact.target, fact.relation])
        for ends, given in rows_of.items():
            rows, _ = self._write(unset_fact_property(schema_of(self), *ends, name), {"rows": given})
            removed += sum(int(row["removed"]) for row in rows)
        return removed

    def delete_user(self, uid: str) -> int:
        """Number of interactions removed with the user."""
        rows, _ = self._write(cypher.delete_user(schema_of(self)), {"uid": uid})
        if not rows:
            raise UnknownUserError("no such user in the graph.", where=self.url, found=shorten(uid))
        return int(rows[0]["removed"])

    def delete_expired(self, expiry: Expiry) -> int:
        """Number of interactions that were removed because they are kept no longer."""
        return delete_expired(self._write, schema_of(self), expiry)

    def bulk_import(self, source: str) -> ImportTarget | None:
        """None: batches are upserted."""
        return None

    def finished_batches(self, source: str) -> int:
        """How many batches of an import are in."""
        rows = self._read(cypher.READ_LEDGER, {"source": source}, None)
        return int(rows[0]["batches"]) if rows else 0

    def mark_batch(self, source: str, batches: int) -> None:
        """Note how many batches of an import are in."""
        self._write(cypher.WRITE_LEDGER, {"source": source, "batches": batches})

    def write_back(self, statement: str, /, *names: str, **parameters: Any) -> Rows:
        """Rows of a statement of publishing, by name."""
        return self._write(STATEMENTS[statement](schema_of(self), *names), parameters)[0]

    # reading

    def version(self) -> object:
        """None: others can write."""
        return None

    def run(self, query: str, /, *, timeout_s: float = 10.0, **parameters: Any) -> Rows:
        """Rows of a read query, by name."""
        named = ALL_QUERIES[query]
        return self._read(*named.bind(schema_of(self), parameters), timeout_s)

    def node(self, type: str, uid: str) -> dict[str, Any] | None:
        """Properties of a node, those that it has."""
        rows = self._read(cypher.one_node(schema_of(self), type), {"uid": uid}, None)
        return {name: value for name, value in rows[0].items() if value is not None} if rows else None

    def history(self, user: str) -> list[Interaction]:
        """Interactions of a user, oldest first; those of unknown time come last."""
        (record,) = self._read(cypher.history_of(schema_of(self)), {"user": user}, HISTORY_TIMEOUT_S)
        return [Interaction(type, user, *rest) for type, *rest in record["rows"]]

    def links(self, user: str, most: int) -> list[AccountLink]:
        """What says that an account and others are one person: edges, then equal keys."""
        return find_links(self._read, schema_of(self), user, most, HISTORY_TIMEOUT_S)

    def about_user(self, uid: str) -> AboutUser | None:
        """Everything that is held of a user; None for an unknown one."""
        return about_user(self._read, schema_of(self), uid)

    def files(self) -> list[Path]:
        """None: a server has them."""
        return []

    def paths(self, source: str, target: str, limits: PathLimits = USUAL_LIMITS) -> list[GraphPath]:
        """Paths over facts between two items."""
        return self.paths_from([source], target, limits)[0]

    def paths_from(
        self,
        sources: Sequence[str],
        target: str,
        limits: PathLimits = USUAL_LIMITS,
    ) -> list[list[GraphPath]]:
        """Paths over facts from each of some items to another, looked up together."""
        return paths.find_paths(self._read, schema_of(self), sources, target, limits)

    def confirm(self, path: GraphPath) -> bool:
        """Whether every edge of a path exists."""
        return self.confirm_all([path])[0]

    def confirm_all(self, candidates: Sequence[GraphPath], timeout_s: float = 10.0) -> list[bool]:
        """Of each path, whether every edge exists."""
        return paths.confirm(self._read, schema_of(self), candidates, timeout_s)

    def counts(self) -> GraphCounts:
        """How many of each type are held; nothing for a fresh store."""
        counts: dict[str, dict[str, int]] = {"nodes": {}, "edges": {}, "interactions": {}}
        if self.schema is not None:
            for r in self._read(*ALL_QUERIES["counts"].bind(self.schema, {}), None):
                counts[r["part"]][r["type"]] = int(r["n"])
        return GraphCounts(**counts)

    def export_nodes(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Nodes of a type, by uid; a first pass over their properties decides the types of the columns."""
        from kgrec.graph.stores.arrow_export import node_batches  # Arrow is for those who read all of a graph

        return node_batches(schema_of(self), type, self._walk, batch_size)

    def export_edges(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Facts of a type."""
        from kgrec.graph.stores.arrow_export import edge_batches

        return edge_batches(schema_of(self), type, self._walk, batch_size)

    def export_interactions(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Interactions of a type."""
        from kgrec.graph.stores.arrow_export import interaction_batches

        return interaction_batches(schema_of(self), type, self._walk, batch_size)

    def stored_tables(self) -> Iterator[StoredTable]:
        """Everything that is stored, table by table."""
        schema = schema_of(self)
        graph = ({"uid": "graph", **row} for row in self._stream(cypher.READ_GRAPH, {}))
        yield StoredTable("KgrecGraph", None, graph)
        yield StoredTable("KgrecImport", None, self._stream(cypher.READ_LEDGERS, {}))
        for type in schema.nodes:
            yield StoredTable(type, None, self._walk(type, cypher.whole_node(schema, type)))
        for type, edge in schema.edges.items():
            for source, target in product(dict.fromkeys(edge.source), dict.fromkeys(edge.target)):
                rows = self._walk(source, cypher.whole_edges(schema, type, target))
                yield StoredTable(type, (source, target), rows)
        for type, ends in schema.interactions.items():
            rows = self._walk(ends.user, cypher.whole_interactions(schema, type))
            yield StoredTable(type, (ends.user, ends.item), rows)
