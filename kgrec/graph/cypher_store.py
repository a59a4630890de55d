"""What every store that speaks Cypher shares: the whole GraphStore protocol over two calls, read and write."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from types import TracebackType
from typing import Any, Self, TypeVar

import pyarrow as pa
from pydantic import ValidationError

from kgrec.errors import GraphError, SchemaMismatchError, UnknownUserError, shorten
from kgrec.graph import cypher, paths
from kgrec.graph.arrow import EDGE_COLUMNS, INTERACTION_COLUMNS, node_columns, record_batches
from kgrec.graph.store import GraphCounts, GraphPath, PathLimits, UpsertCounts
from kgrec.records import EdgeRecord, Interaction, NodeRecord, Value
from kgrec.schema import GraphSchema

FORMAT = 1
"""Version of how a graph is laid out in a store: ``uid`` keys, merged lists, bookkeeping nodes."""

R = TypeVar("R", NodeRecord, EdgeRecord, Interaction)
Rows = list[dict[str, Any]]


class CypherStore(ABC):
    """The GraphStore protocol for a database that takes Cypher."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.schema: GraphSchema | None = None
        self.graph_id: str | None = None

    @abstractmethod
    def _read(self, text: str, parameters: dict[str, Any], timeout_s: float | None) -> Rows:
        """Rows of a read; QueryTimeoutError after ``timeout_s``."""

    @abstractmethod
    def _write(self, text: str, parameters: dict[str, Any]) -> tuple[Rows, int]:
        """Run one durable, atomic write; its rows and how many nodes and relationships it created."""

    @abstractmethod
    def checkpoint(self) -> None:
        """Make the store's files compact."""

    @abstractmethod
    def close(self) -> None:
        """Release the store."""

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
        self.graph_id = rows[0]["graph_id"]

    def _known_schema(self) -> GraphSchema:
        if self.schema is None:
            raise GraphError(
                "the store is empty: no schema was applied yet.", where=self.url, next="run `kgrec ingest` first"
            )
        return self.schema

    def apply_schema(self, schema: GraphSchema) -> None:
        """Create constraints and remember the schema; the same shape again changes words and sources only."""
        if self.schema is not None and self.schema.fingerprint() != schema.fingerprint():
            raise SchemaMismatchError(
                "the store holds a graph of another shape.",
                where=self.url,
                found=f"a graph of '{self.schema.domain}', shape {self.schema.fingerprint()}",
                expected=f"the schema '{schema.domain}', shape {schema.fingerprint()}",
                next="name another store, or use the schema that the graph was made with",
            )
        for type in schema.nodes:
            cypher.property_names(schema, type)
        for type in schema.edges:
            cypher.edge_property_names(schema, type)
        for type in schema.interactions:
            cypher.interaction_type(schema, type)
        if schema == self.schema:
            return
        for text in cypher.constraints(schema):
            self._write(text, {})
        graph_id = self.graph_id or uuid.uuid4().hex
        props = {
            "format": FORMAT,
            "graph_id": graph_id,
            "fingerprint": schema.fingerprint(),
            "schema_json": schema.model_dump_json(),
        }
        self._write(cypher.WRITE_GRAPH, {"props": props})
        self.schema, self.graph_id = schema, graph_id

    # writing

    def upsert_nodes(self, records: Sequence[NodeRecord]) -> UpsertCounts:
        """Create or update nodes."""
        schema = self._known_schema()
        texts, allowed = {}, {}
        for type in {record.type for record in records}:
            texts[type] = cypher.upsert_nodes(schema, type)
            allowed[type] = frozenset(cypher.property_names(schema, type)) - {"uid"}

        def row(record: NodeRecord) -> dict[str, Any]:
            return {
                "uid": record.uid,
                "props": _checked(record.properties, allowed[record.type], record.type),
                "aliases": list(dict.fromkeys(record.aliases)),
                "platforms": [record.platform] if record.platform else [],
            }

        return self._upsert(records, lambda r: r.type, lambda r: r.uid, lambda group: texts[group], row)

    def upsert_edges(self, records: Sequence[EdgeRecord]) -> UpsertCounts:
        """Create or update facts."""
        schema = self._known_schema()
        texts = {
            ends: cypher.upsert_edges(schema, *ends)
            for ends in {(record.type, record.source_type, record.target_type) for record in records}
        }
        allowed = {
            type: frozenset(cypher.edge_property_names(schema, type)) for type in {record.type for record in records}
        }

        def row(record: EdgeRecord) -> dict[str, Any]:
            return {
                "source": record.source,
                "target": record.target,
                "relation": record.relation,
                "props": _checked(record.properties, allowed[record.type], record.type),
                "platforms": [record.platform] if record.platform else [],
            }

        return self._upsert(
            records,
            lambda r: (r.type, r.source_type, r.target_type),
            lambda r: (r.source, r.target, r.relation),
            lambda group: texts[group],
            row,
        )

    def upsert_interactions(self, records: Sequence[Interaction]) -> UpsertCounts:
        """Create or update behaviour."""
        schema = self._known_schema()
        texts = {type: cypher.upsert_interactions(schema, type) for type in {record.type for record in records}}

        def row(record: Interaction) -> dict[str, Any]:
            names = ("user", "item", "key", "kind", "platform", "time", "weight")
            return {name: getattr(record, name) for name in names}

        return self._upsert(
            records, lambda r: r.type, lambda r: (r.user, r.item, r.key), lambda group: texts[group], row
        )

    def _upsert(
        self,
        records: Sequence[R],
        group: Callable[[R], Any],
        order: Callable[[R], Any],
        text: Callable[[Any], str],
        row: Callable[[R], dict[str, Any]],
    ) -> UpsertCounts:
        """One statement per group, rows in a fixed order: neither deadlocks nor surprises; later records win."""
        # Every row is built, and so checked, before the first statement runs.
        ordered = [(group(r), row(r)) for r in sorted(records, key=lambda r: (group(r), order(r)))]
        created = written = 0
        for name, members in groupby(ordered, key=lambda pair: pair[0]):
            rows, new = self._write(text(name), {"rows": [member for _, member in members]})
            created += new
            written += sum(int(r["written"]) for r in rows)
        return UpsertCounts(created, written - created, len(records) - written)

    def delete_user(self, uid: str) -> int:
        """Remove a user and all their interactions."""
        rows, _ = self._write(cypher.delete_user(self._known_schema()), {"uid": uid})
        if not rows:
            raise UnknownUserError("no such user in the graph.", where=self.url, found=shorten(uid))
        return int(rows[0]["removed"])

    def finished_batches(self, source: str) -> int:
        """How many batches of an import are in."""
        rows = self._read(cypher.READ_LEDGER, {"source": source}, None)
        return int(rows[0]["batches"]) if rows else 0

    def mark_batch(self, source: str, batches: int) -> None:
        """Note how many batches of an import are in."""
        self._write(cypher.WRITE_LEDGER, {"source": source, "batches": batches})

    # reading

    def run(self, query: str, /, *, timeout_s: float = 10.0, **parameters: Any) -> Rows:
        """Run a read query by name."""
        named = cypher.READ_QUERIES[query]
        text, values = named.bind(self._known_schema(), parameters)
        return self._read(text, values, timeout_s)

    def node(self, type: str, uid: str) -> dict[str, Any] | None:
        """Properties of a node, those that it has."""
        rows = self._read(cypher.one_node(self._known_schema(), type), {"uid": uid}, None)
        return {name: value for name, value in rows[0].items() if value is not None} if rows else None

    def history(self, user: str) -> list[Interaction]:
        """Interactions of a user, oldest first; those of unknown time come last."""
        return [
            Interaction(r["type"], user, r["item"], r["kind"], r["platform"], r["time"], r["weight"])
            for r in self.run("history_of_user", user=user)
        ]

    def paths(self, source: str, target: str, limits: PathLimits = PathLimits()) -> list[GraphPath]:  # noqa: B008
        """Paths over facts between two items."""
        return paths.find_paths(self._read, self._known_schema(), source, target, limits)

    def confirm(self, path: GraphPath) -> bool:
        """Whether every edge of a path exists."""
        return paths.confirm(self._read, self._known_schema(), path)

    def counts(self) -> GraphCounts:
        """How many of each type are held; nothing for a fresh store."""
        found: dict[str, dict[str, int]] = {"nodes": {}, "edges": {}, "interactions": {}}
        if self.schema is not None:
            for r in self._read(*cypher.READ_QUERIES["counts"].bind(self.schema, {}), None):
                found[r["part"]][r["type"]] = int(r["n"])
        return GraphCounts(**found)

    def export_nodes(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Nodes of a type, by uid."""
        schema = self._known_schema()
        rows = self._read(cypher.all_nodes(schema, type), {}, None)
        return record_batches(rows, node_columns(schema, type, rows), batch_size)

    def export_edges(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Facts of a type."""
        return record_batches(
            self._read(cypher.all_edges(self._known_schema(), type), {}, None), EDGE_COLUMNS, batch_size
        )

    def export_interactions(self, type: str, batch_size: int = 10_000) -> Iterator[pa.RecordBatch]:
        """Behaviour of a type."""
        rows = self._read(cypher.all_interactions(self._known_schema(), type), {}, None)
        return record_batches(rows, INTERACTION_COLUMNS, batch_size)


def _checked(properties: Any, allowed: frozenset[str], type: str) -> dict[str, Value]:
    """A copy of the properties; ValueError where one is not of the schema, so that none can replace a key."""
    if not properties.keys() <= allowed:
        foreign = sorted(properties.keys() - allowed)
        raise ValueError(f"{shorten(foreign[0])} is not a property of {type} in the schema")
    return dict(properties)
