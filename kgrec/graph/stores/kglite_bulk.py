"""A first import into the embedded store: the graph's file is built from all relationships at once.

A relationship that is merged into an open graph takes thirty times as long as one that a file is built with. So
batches of relationships wait in an :class:`ImportSpool` until the last has come.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import kglite

from kgrec.data.record_columns import Numbering
from kgrec.data.records import Batch, EdgeRecord, Interaction, Kind, NodeRecord
from kgrec.errors import GraphError
from kgrec.graph.cypher import statements as cypher
from kgrec.graph.cypher.schema_names import quoted
from kgrec.graph.store_types import PreparedBatch, UpsertCounts
from kgrec.graph.stores.import_spool import ImportSpool, SpooledBatch, spooled
from kgrec.graph.stores.relationship_files import PROPERTY_TYPES, RelationshipFiles, write_files
from kgrec.graph.stores.write_batches import prepare, prepare_nodes
from kgrec.schema.model import GraphSchema

FEW = 20_000
"""Relationships up to which merging them is quicker than building a file."""

_NODES_AT_ONCE = 5_000
_OWN = ("id", "title", "type")
"""Properties that the engine keeps of every node by itself."""

Write = Callable[[PreparedBatch], UpsertCounts]


def node_uids(session: Any, schema: GraphSchema) -> dict[str, list[str]]:
    """The uids of each node type in a fixed order: what the ends of spooled relationships are numbers of."""
    found = {}
    for type in schema.nodes:
        rows = session.cypher(f"{cypher.all_of(schema, type)} RETURN n.uid AS uid").to_list()
        found[type] = [row["uid"] for row in rows]
    return found


def fingerprint(uids: Mapping[str, Sequence[str]]) -> str:
    """Hash of the nodes and their order."""
    digest = hashlib.sha256()
    for type, names in uids.items():
        digest.update(json.dumps([type, *names]).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Waiting:
    """A batch that goes into the spool, and how many of its rows have no nodes."""

    batch: SpooledBatch
    dangling: int


class BulkImport:
    """Takes the batches of a first import: nodes go into the graph, relationships wait for the end.

    See :class:`kgrec.graph.store.ImportTarget`.

    Args:
        session: of the graph, which holds no relationships yet.
        write: puts nodes into it.
        fold: puts what waits into it; called at the end.
    """

    def __init__(
        self, session: Any, schema: GraphSchema, spool: ImportSpool, write: Write, fold: Callable[[], RelationshipFiles]
    ) -> None:
        self._session = session
        self._schema = schema
        self._spool = spool
        self._write = write
        self._fold = fold
        self._known: dict[str, set[str]] | None = None
        self._numbers: dict[str, Numbering] = {}

    @property
    def finished(self) -> int:
        """How many batches are in."""
        return self._spool.batches

    def prepare(self, batch: Batch) -> PreparedBatch | _Waiting | Batch:
        """What is to be written of a batch; the batch itself as long as nodes may still be under way."""
        if batch.kind == "nodes":
            if self._known is None:
                self._known = {type: set(uids) for type, uids in node_uids(self._session, self._schema).items()}
            return prepare_nodes(self._schema, cast("Sequence[NodeRecord]", batch.records), self._known)
        return self._spooled(batch) if self._numbers else batch

    def write(self, prepared: PreparedBatch | _Waiting | Batch, number: int) -> UpsertCounts:
        """What the batch changed: for relationships, how many lack a node."""
        if isinstance(prepared, PreparedBatch):
            counts = self._write(prepared)
            self._spool.mark(number)
            return counts
        self._number_nodes()
        waiting = self._spooled(prepared) if isinstance(prepared, Batch) else prepared
        self._spool.append(number, waiting.batch)
        return UpsertCounts(0, 0, waiting.dangling)

    def _spooled(self, batch: Batch) -> _Waiting:
        rows = spooled(batch.kind, batch.table, batch.records, self._numbers, self._schema.interactions)
        return _Waiting(rows, len(batch.records) - rows.rows.num_rows)

    def has_node(self, type: str, uid: str) -> bool:
        """Whether there is such a node."""
        self._number_nodes()
        return type in self._numbers and self._numbers[type].of(uid) >= 0

    def noted(self, name: str) -> int:
        """The number under a name."""
        return self._spool.numbers.get(name, 0)

    def note(self, name: str, number: int) -> None:
        """Keep a number."""
        self._spool.note(name, number)

    def _number_nodes(self) -> None:
        if not self._numbers:
            uids = node_uids(self._session, self._schema)
            self._spool.number_by(fingerprint(uids))
            self._numbers = {type: Numbering(names) for type, names in uids.items()}
            self._known = None

    def finish(self) -> dict[tuple[str, str], UpsertCounts]:
        """What the relationships of each kind and table changed."""
        files = self._fold()
        return {
            table: UpsertCounts(files.created[table], files.matched[table])
            for table in files.created.keys() | files.matched.keys()
        }


def records_of(batch: SpooledBatch, uids: Mapping[str, Sequence[str]]) -> list[EdgeRecord | Interaction]:
    """The records that a spooled batch was made of."""
    made: list[EdgeRecord | Interaction] = []
    for row in batch.rows.to_pylist():
        source, target = uids[row["source_type"]][row["source"]], uids[row["target_type"]][row["target"]]
        if batch.kind == "edges":
            properties = json.loads(row["properties"]) if row["properties"] else {}
            ends = (row["source_type"], source, row["target_type"], target)
            made.append(EdgeRecord(row["type"], *ends, row["name"], properties, row["platform"]))
        else:
            what = (row["name"], row["platform"], row["time"], row["weight"], row["repeat"], row["context"])
            made.append(Interaction(row["type"], source, target, *what))
    return made


def write_statements(
    schema: GraphSchema,
    batches: Iterable[SpooledBatch],
    uids: Mapping[str, Sequence[str]],
    write: Write,
    files: RelationshipFiles,
) -> None:
    """Merge spooled batches into a graph, and count what that changed."""
    for batch in batches:
        kind: Kind = "edges" if batch.kind == "edges" else "interactions"
        counts = write(prepare(schema, kind, records_of(batch, uids)))
        files.created[batch.kind, batch.table] += counts.created
        files.matched[batch.kind, batch.table] += counts.matched


class Built:
    """A graph in memory, which takes statements like a session.

    Attributes:
        graph: the engine's own.
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.execute = self.cypher = graph.cypher


def build(
    session: Any, schema: GraphSchema, uids: Mapping[str, Sequence[str]], spool: ImportSpool, folder: Path
) -> tuple[Built, RelationshipFiles]:
    """A new graph with the nodes of a session and a spool's relationships, and what became of its rows.

    Those that are left for statements are not in it.

    Args:
        uids: of the session's nodes, see :func:`node_uids`.
        folder: for files that are gone afterwards.
    """
    # The loader takes a relative path from where its own file lies.
    with tempfile.TemporaryDirectory(dir=folder.resolve()) as name:
        several = {type for type in (*schema.edges, *schema.interactions) if len(_targets(schema, type)) > 1}
        files = write_files(spool, Path(name), several)
        blueprint = Path(name) / "blueprint.json"
        blueprint.write_text(json.dumps(_blueprint(schema, uids, files, Path(name))), encoding="utf-8")
        with warnings.catch_warnings():  # whether all is there is looked at below
            warnings.simplefilter("ignore", UserWarning)
            built = Built(kglite.from_blueprint(str(blueprint)))
    _check_complete(session, built, files.rows)
    for type in schema.nodes:
        _copy_nodes(session, built, schema, type)
    for label in session.node_types:
        if label not in schema.nodes:
            rows = [_without_own(row["p"]) for row in session.cypher(_ALL.format(quoted(label))).to_list()]
            built.execute(f"UNWIND $rows AS row CREATE (n:{quoted(label)}) SET n += row", params={"rows": rows})
    for text in cypher.constraints(schema):
        built.execute(text)
    return built, files


def _check_complete(session: Any, built: Built, relationships: int) -> None:
    """Raise GraphError where the loader left something out: of what it cannot read it says so and goes on."""
    rows = built.cypher("MATCH ()-[r]->() RETURN count(r) AS n").to_list()
    nodes = [one.cypher("MATCH (n) RETURN count(n) AS n").to_list()[0]["n"] for one in (session, built)]
    bookkeeping = session.cypher("MATCH (n:KgrecGraph|KgrecImport) RETURN count(n) AS n").to_list()[0]["n"]
    if rows[0]["n"] != relationships or nodes[1] != nodes[0] - bookkeeping:
        raise GraphError(
            "the graph could not be built from what was read.",
            found=f"{nodes[1]:,} nodes and {rows[0]['n']:,} relationships",
            expected=f"{nodes[0] - bookkeeping:,} nodes and {relationships:,} relationships",
            next="what was read is kept: look for room on the disk, and run the import again",
        )


_ALL = "MATCH (n:{}) RETURN properties(n) AS p"


def _without_own(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _OWN}


def _blueprint(
    schema: GraphSchema, uids: Mapping[str, Sequence[str]], files: RelationshipFiles, folder: Path
) -> dict[str, Any]:
    """What the loader is to make: nodes that are numbers only, and relationships between them."""
    nodes: dict[str, Any] = {}
    for type, names in uids.items():
        if names:
            listed = folder / f"nodes {type}.csv"
            listed.write_text("id\n" + "".join(f"{number}\n" for number in range(len(names))), encoding="utf-8")
            nodes[type] = {"csv": listed.name, "pk": "id", "properties": {"id": "int"}}
    for (kind, type, source_type), path in files.paths.items():
        targets = _targets(schema, type)
        column = {"target_type_column": "target_type"} if len(targets) > 1 else {}
        ends = {"source_id": "int", "target_id": "int"} | dict.fromkeys(column.values(), "text")
        nodes[source_type].setdefault("connections", {}).setdefault("junction_edges", {})[type] = {
            "csv": path.name,
            "source_fk": "source_id",
            "target": [target for target in targets if target in nodes],
            "target_fk": "target_id",
            "properties": list(PROPERTY_TYPES[kind]),
            "property_types": PROPERTY_TYPES[kind] | ends,
            **column,
        }
    return {"nodes": nodes, "settings": {"root": str(folder)}}


def _targets(schema: GraphSchema, type: str) -> tuple[str, ...]:
    return schema.edges[type].target if type in schema.edges else (schema.interactions[type].item,)


def _copy_nodes(session: Any, built: Built, schema: GraphSchema, type: str) -> None:
    """Give the nodes of a type, which are numbers in their fixed order, the properties they have."""
    label = quoted(type)
    rows = session.cypher(f"{cypher.all_of(schema, type)} RETURN properties(n) AS p").to_list()
    for start in range(0, len(rows), _NODES_AT_ONCE):
        some = [[start + n, _without_own(row["p"])] for n, row in enumerate(rows[start : start + _NODES_AT_ONCE])]
        text = f"UNWIND $rows AS row MATCH (n:{label} {{id: row[0]}}) SET n += row[1]"
        built.execute(text, params={"rows": some})
