"""ImportSpool: relationships of an import that wait on disk until the graph is built from all of them at once.

One Arrow file per batch, with the ends as numbers of their nodes, and a note of how many batches are in. A batch is on
disk before it is noted, so what was noted survives a kill.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.record_columns import CODED, EdgeColumns, InteractionColumns, Numbering, constant
from kgrec.data.records import EdgeRecord, Interaction

_NOTE = "import.json"
SCHEMA = pa.schema(
    {
        "type": CODED,
        "source_type": CODED,
        "target_type": CODED,
        "source": pa.int64(),
        "target": pa.int64(),
        "name": CODED,
        "platform": CODED,
        "time": pa.float64(),
        "weight": pa.float64(),
        "repeat": pa.int64(),
        "context": CODED,
        "properties": pa.string(),
    }
)
"""Columns of a batch: ``name`` is the kind of an interaction or the relation of a fact, ``properties`` JSON or null."""


@dataclass(frozen=True)
class SpooledBatch:
    """A batch as it lies on disk.

    Attributes:
        kind, table: as in :class:`kgrec.data.records.Batch`.
        rows: with the columns of ``SCHEMA``.
    """

    kind: str
    table: str
    rows: pa.RecordBatch


@dataclass
class _Note:
    source: str
    nodes: str = ""
    batches: int = 0
    numbers: dict[str, int] = field(default_factory=dict)


class ImportSpool:
    """A folder with the batches of one import.

    Args:
        folder: made where it is not there; one that is there goes on.
        source: fingerprint of the import; None: whichever the folder says.
        lasting: write notes, and wait until the system has written what is put down; the import into a graph in memory
            ends with its process.
    """

    def __init__(self, folder: Path, source: str | None = None, *, lasting: bool = True) -> None:
        self.folder = folder
        self._lasting = lasting
        note = folder / _NOTE
        if note.is_file():
            self._note = _Note(**json.loads(note.read_text(encoding="utf-8")))
        elif source is None:
            raise FileNotFoundError(note)
        else:
            folder.mkdir(exist_ok=True)
            self._note = _Note(source)
            self._write_note()
        if files := self._files():
            self._note.batches = max(self._note.batches, int(files[-1].stem))

    @classmethod
    def left_in(cls, folder: Path) -> ImportSpool | None:
        """The spool that an interrupted import left in a folder, None where there is none."""
        return cls(folder) if (folder / _NOTE).is_file() else None

    @property
    def source(self) -> str:
        """Fingerprint of the import."""
        return self._note.source

    @property
    def nodes(self) -> str:
        """Fingerprint of the nodes that the ends are numbers of; empty before the first relationship."""
        return self._note.nodes

    @property
    def waiting(self) -> bool:
        """Whether any relationships are in."""
        return bool(self.nodes) and any(self.folder.glob("*.arrow"))

    @property
    def batches(self) -> int:
        """How many batches are in, those of nodes included, which are in the graph itself."""
        return self._note.batches

    def number_by(self, nodes: str) -> None:
        """Take note of which nodes the ends are numbers of."""
        self._note.nodes = nodes
        self._write_note()

    def mark(self, batches: int) -> None:
        """Note how many batches are in."""
        self._note.batches = batches
        self._write_note()

    @property
    def numbers(self) -> Mapping[str, int]:
        """What was noted beside the number of batches, by name."""
        return self._note.numbers

    def note_in(self, mark: Callable[[str, int], None]) -> None:
        """Note in the graph what was noted of its import, by :meth:`~kgrec.graph.store.GraphWriter.mark_batch`."""
        for name, number in self.numbers.items():
            mark(f"{self.source} {name}", number)
        mark(self.source, self.batches)

    def note(self, name: str, number: int) -> None:
        """Keep a number of the import."""
        self._note.numbers[name] = number
        self._write_note()

    def append(self, number: int, batch: SpooledBatch) -> None:
        """Put a batch on disk; what is returned from survives a kill, and no half of it ever has its name."""
        draft = self.folder / "new"
        with draft.open("wb") as file:
            schema = SCHEMA.with_metadata({"kind": batch.kind, "table": batch.table})
            with pa.ipc.new_file(file, schema) as writer:
                writer.write_batch(batch.rows.replace_schema_metadata(schema.metadata))
            self._flush(file)
        draft.replace(self.folder / f"{number:09}.arrow")
        self._note.batches = number

    def read(self) -> Iterator[SpooledBatch]:
        """The batches in their order; their columns stay on disk until they are looked at."""
        for path in self._files():
            with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
                meta = {key.decode(): value.decode() for key, value in reader.schema.metadata.items()}
                for index in range(reader.num_record_batches):
                    yield SpooledBatch(meta["kind"], meta["table"], reader.get_batch(index))

    def rows(self) -> int:
        """How many relationships wait."""
        return sum(batch.rows.num_rows for batch in self.read())

    def remove(self) -> None:
        """Delete the folder; the note goes first, so that no half of a spool is ever taken for one."""
        (self.folder / _NOTE).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _flush(self, file: IO[Any]) -> None:
        file.flush()
        if self._lasting:
            os.fsync(file.fileno())

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.arrow"))

    def _write_note(self) -> None:
        if not self._lasting:
            return  # nobody goes on with it
        draft = self.folder / f"{_NOTE}.new"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(self._note), file)
            self._flush(file)
        draft.replace(self.folder / _NOTE)


Numbers = Mapping[str, Numbering]
"""Numbers of the nodes of each type."""


def spooled(kind: str, table: str, records: Sequence[Any], numbers: Numbers, ends: Mapping[str, Any]) -> SpooledBatch:
    """A batch with its ends as numbers; rows whose nodes do not exist are left out.

    Args:
        ends: the interaction types of the schema, by name; they say which types the ends of an interaction have.
    """
    if isinstance(records, InteractionColumns):
        of_type, size = ends[records.type], len(records)
        types = {"source_type": constant(of_type.user, size), "target_type": constant(of_type.item, size)}
        return SpooledBatch(kind, table, _of_columns(records, types, ("user", "item", "kind"), numbers))
    if isinstance(records, EdgeColumns):
        types = {name: records.columns[name] for name in ("source_type", "target_type")}
        return SpooledBatch(kind, table, _of_columns(records, types, ("source", "target", "relation"), numbers))
    rows = [_of_edge(record) if isinstance(record, EdgeRecord) else _of_interaction(record, ends) for record in records]
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [() for _ in SCHEMA]
    numbered = (_numbers_of_all(columns[place], columns[place + 2], numbers) for place in (1, 2))
    columns[3], columns[4] = numbered
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return SpooledBatch(kind, table, _with_nodes(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)))


def _of_columns(
    records: InteractionColumns | EdgeColumns,
    types: Mapping[str, pa.DictionaryArray],
    names: tuple[str, str, str],
    numbers: Numbers,
) -> pa.RecordBatch:
    """Rows of a spool; ``names`` are those of the columns of sources, of targets, and of kinds or relations."""
    columns, size = records.columns, len(records)
    arrays = {"type": constant(records.type, size), "platform": constant(records.platform, size), **types}
    for end, name in zip(("source", "target"), names, strict=False):
        arrays[end] = _numbers_of(columns[name], types[f"{end}_type"], numbers)
    arrays["name"] = columns[names[2]]
    for name in ("time", "weight", "repeat", "properties"):
        given = name in columns.schema.names
        arrays[name] = columns[name] if given else pa.nulls(size, SCHEMA.field(name).type)
    arrays["repeat"] = pc.fill_null(arrays["repeat"], 0)
    arrays["context"] = columns["context"] if "context" in columns.schema.names else constant("", size)
    return _with_nodes(pa.RecordBatch.from_arrays([arrays[name] for name in SCHEMA.names], schema=SCHEMA))


def _with_nodes(rows: pa.RecordBatch) -> pa.RecordBatch:
    """The rows both of whose nodes exist."""
    return rows.filter(pc.and_(pc.greater_equal(rows["source"], 0), pc.greater_equal(rows["target"], 0)))


def _numbers_of(uids: pa.DictionaryArray, types: pa.DictionaryArray, numbers: Numbers) -> pa.Array:
    """Number of each node, -1 for one that does not exist."""
    codes, of_type = uids.indices.to_numpy(), types.indices.to_numpy()
    found = np.full(len(codes), -1, np.int64)
    for code, type in enumerate(types.dictionary.to_pylist()):
        if type in numbers:
            found = np.where(of_type == code, numbers[type].of_all(uids.dictionary)[codes], found)
    return pa.array(found)


def _numbers_of_all(types: Sequence[str], uids: Sequence[str], numbers: Numbers) -> pa.Array:
    pairs = zip(types, uids, strict=True)
    return pa.array([numbers[type].of(uid) if type in numbers else -1 for type, uid in pairs], pa.int64())


def _of_edge(record: EdgeRecord) -> tuple[Any, ...]:
    ends = (record.source_type, record.target_type, record.source, record.target)
    properties = json.dumps(record.properties, ensure_ascii=False) if record.properties else None
    return (record.type, *ends, record.relation, record.platform, None, None, 0, "", properties)


def _of_interaction(record: Interaction, ends: Mapping[str, Any]) -> tuple[Any, ...]:
    types = ends[record.type]
    return (
        record.type,
        types.user,
        types.item,
        record.user,
        record.item,
        record.kind,
        record.platform,
        record.time,
        record.weight,
        record.repeat,
        record.context,
        None,
    )
