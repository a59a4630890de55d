"""Records into a store, in durable batches, so that an interrupted import continues where it stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from kgrec.data.records import Batch
from kgrec.graph.store import GraphWriter
from kgrec.graph.store_types import PreparedBatch, UpsertCounts
from kgrec.schema.model import GraphSchema

T = TypeVar("T")


class RecordSource(Protocol):
    """Checked records of some sources under a schema.

    Attributes:
        schema: what the records are checked against.
        source_id: fingerprint of the sources; other content, another fingerprint.
    """

    @property
    def schema(self) -> GraphSchema: ...

    @property
    def source_id(self) -> str: ...

    def batches(self, batch_size: int) -> Iterator[Batch]:
        """All nodes, then all edges, then all interactions, always in the same order and cut in the same places."""
        ...


@dataclass
class TableReport:
    """What became of one table's records of one kind.

    Attributes:
        rows: records given to the store.
        created, matched, dangling: how many were new, were there already, or lacked an end node and were left out.
        seconds: time the store took.
    """

    kind: str
    table: str
    rows: int = 0
    created: int = 0
    matched: int = 0
    dangling: int = 0
    seconds: float = 0.0

    @property
    def rows_per_s(self) -> float:
        """Records per second, 0.0 before the first batch."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    def _add(self, rows: int, counts: UpsertCounts, seconds: float) -> None:
        self.rows += rows
        self.created += counts.created
        self.matched += counts.matched
        self.dangling += counts.dangling
        self.seconds += seconds


@dataclass
class IngestReport:
    """What an import did.

    Attributes:
        tables: one report per table and kind, in the order they came; skipped batches are in none.
        skipped_batches, skipped_rows: what an interrupted import had put in before, and this one passed over.
        batches: how many batches the whole import has.
        completed_before: the same import had been completed earlier, so every record was written once more.
    """

    tables: list[TableReport] = field(default_factory=list)
    skipped_batches: int = 0
    skipped_rows: int = 0
    batches: int = 0
    completed_before: bool = False

    @property
    def created(self) -> int:
        """New nodes, edges and interactions."""
        return sum(table.created for table in self.tables)

    @property
    def dangling(self) -> int:
        """Records left out because a node they refer to does not exist."""
        return sum(table.dangling for table in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, for ``--json``."""
        names = ("kind", "table", "rows", "created", "matched", "dangling")
        return {
            "tables": [
                {name: getattr(table, name) for name in names}
                | {"seconds": round(table.seconds, 3), "rows_per_s": round(table.rows_per_s)}
                for table in self.tables
            ],
            "skipped_batches": self.skipped_batches,
            "skipped_rows": self.skipped_rows,
            "batches": self.batches,
            "completed_before": self.completed_before,
        }


@dataclass(frozen=True)
class BatchWritten:
    """One batch, reported when its records and the note about it are durable.

    Attributes:
        batch: how many batches are in.
        table: running totals of the batch's table; None for a batch that an earlier run had put in.
    """

    batch: int
    table: TableReport | None


def ingest(
    source: RecordSource,
    store: GraphWriter,
    *,
    batch_size: int = 10_000,
    progress: Callable[[BatchWritten], None] | None = None,
) -> IngestReport:
    """Report of an import: the schema is applied, and every record of a source written.

    After each batch the store notes how many are in. A run that was interrupted, by ctrl-c or a kill, is continued by
    the next call with the same sources, schema and ``batch_size``; the batch that was under way is written again,
    which changes nothing. An import that had been completed is written again from the start: where the sources are
    unchanged that creates nothing, and it puts back what was deleted since.

    Raises:
        SchemaMismatchError: the store holds a graph of another shape.
        SourceError: it met a file or row that it cannot take.
    """
    store.apply_schema(source.schema)
    ledger = _ledger_name(source, batch_size)
    completed = f"{ledger} complete"
    report = IngestReport(completed_before=store.finished_batches(completed) > 0)
    finished = 0 if report.completed_before else store.finished_batches(ledger)
    tables: dict[tuple[str, str], TableReport] = {}
    for batch, ready in _ahead(_prepared(source.batches(batch_size), store, finished)):
        report.batches += 1
        table = None
        if ready is None:
            report.skipped_batches += 1
            report.skipped_rows += len(batch.records)
        else:
            table = tables.setdefault((batch.kind, batch.table), TableReport(batch.kind, batch.table))
            started = time.perf_counter()
            counts = store.write(ready)
            if not report.completed_before:
                store.mark_batch(ledger, report.batches)
            table._add(len(batch.records), counts, time.perf_counter() - started)
        if progress is not None:
            progress(BatchWritten(report.batches, table))
    report.tables = list(tables.values())
    store.mark_batch(completed, 1)
    store.checkpoint()
    return report


def _prepared(
    batches: Iterator[Batch], store: GraphWriter, finished: int
) -> Iterator[tuple[Batch, PreparedBatch | None]]:
    """Each batch with what is to be written of it: nothing of those that are in already."""
    for number, batch in enumerate(batches, start=1):
        yield batch, None if number <= finished else store.prepare(batch.kind, batch.records)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; the next one is made while the store is busy with this one."""
    with ThreadPoolExecutor(1, "kgrec-read") as reader:
        coming = reader.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = reader.submit(next, items, None)
            yield item


CUT = 2
"""Raised whenever the same sources are cut into other batches than before, so that no count of the old ones is used."""


def _ledger_name(source: RecordSource, batch_size: int) -> str:
    """Everything that decides what the n-th batch is: a count noted for one cutting must not be used for another."""
    schema = hashlib.sha256(source.schema.model_dump_json().encode()).hexdigest()[:16]
    return f"{source.source_id} {schema} {batch_size} {CUT}"
