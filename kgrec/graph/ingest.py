"""Records into a store, in durable batches, so that an interrupted import continues where it stopped."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from kgrec.config import MAX_REMOVED
from kgrec.data.records import Batch
from kgrec.errors import DroppedRowsError, NothingLeftError, shorten
from kgrec.graph.dangling import End, missing_ends
from kgrec.graph.ingest_report import BatchWritten, IngestReport, TableReport
from kgrec.graph.replacement import replace_earlier
from kgrec.graph.stated_records import StatedRecords
from kgrec.graph.statement_notes import Stated, StatementNotes
from kgrec.graph.store import GraphStore, ImportTarget
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

    @property
    def stated(self) -> Mapping[Stated, Collection[str]]:
        """Names of the sources by what they state; what a batch is of is there before the batch."""
        ...

    def read_again(self, source: str) -> Iterator[Batch]:
        """All records of another source, by its name, as an import of it would have them.

        Raises:
            KgrecError: it cannot be read.
        """
        ...


def ingest(
    source: RecordSource,
    store: GraphStore,
    *,
    batch_size: int = 10_000,
    max_dropped: float | None = None,
    replace: bool = False,
    max_removed: float = MAX_REMOVED,
    progress: Callable[[BatchWritten], None] | None = None,
) -> IngestReport:
    """Report of an import: the schema is applied, and every record of a source written.

    After each batch the store notes how many are in. A run that was interrupted, by ctrl-c or a kill, is continued by
    the next call with the same sources, schema and ``batch_size``; the batch that was under way is written again,
    which changes nothing. An import that had been completed is written again from the start: where the sources are
    unchanged that creates nothing, and it puts back what was deleted since.

    Args:
        max_dropped: largest share of a table's records that may be dangling; None: any. Records that an interrupted
            import had put in count as well.
        replace: when everything is in, remove what the same sources stated before and no longer state.
        max_removed: largest share of a type's records that may be removed then.

    Raises:
        SchemaMismatchError: the store holds a graph of another shape.
        SourceError: it met a file or row that it cannot take.
        DroppedRowsError: more records of a table were dangling than may be; what was read so far is in the store.
        ReplacementError: more would be removed than may be; everything is in the store, and nothing was removed.
    """
    with StatedRecords() as stated:
        return _ingest(source, store, batch_size, max_dropped, stated if replace else None, max_removed, progress)


def _ingest(
    source: RecordSource,
    store: GraphStore,
    batch_size: int,
    max_dropped: float | None,
    stated: StatedRecords | None,
    max_removed: float,
    progress: Callable[[BatchWritten], None] | None,
) -> IngestReport:
    store.apply_schema(source.schema)
    ledger = _ledger_name(source, batch_size)
    target = store.bulk_import(ledger)
    unknown = target is None or target.finished == 0
    report = IngestReport(completed_before=unknown and store.finished_batches(f"{ledger} {_COMPLETE}") > 0)
    if target is None or report.completed_before:
        target = _Upserts(store, ledger, again=report.completed_before)
    tables: dict[tuple[str, str], TableReport] = {}
    notes = StatementNotes(target, replaces=stated is not None)
    totals = _Totals(source.schema, target, store.url, max_dropped)
    for batch, ready in _ahead(_prepared(source.batches(batch_size), target, target.finished)):
        report.batches += 1
        table = None
        notes.take(source.stated)
        if stated is not None:
            stated.add(batch)
        totals.begin(batch)
        if ready is None:
            report.skipped_batches += 1
            report.skipped_rows += len(batch.records)
        else:
            table = tables.setdefault((batch.kind, batch.table), TableReport(batch.kind, batch.table))
            started = time.perf_counter()
            counts = target.write(ready, report.batches)
            if counts.dangling:
                totals.add(counts.dangling)
                table.missing = totals.missing
            table.add(len(batch.records), counts, time.perf_counter() - started)
        if progress is not None:
            progress(BatchWritten(report.batches, table))
    totals.end()
    report.nothing_left = totals.nothing_left
    target.note(_COMPLETE, 1)
    started = time.perf_counter()
    late = target.finish()
    seconds = time.perf_counter() - started
    for (kind, name), counts in late.items():
        table = tables.setdefault((kind, name), TableReport(kind, name))
        share = (counts.created + counts.matched) / max(1, sum(each.created + each.matched for each in late.values()))
        table.add(0, counts, seconds * share)
    report.tables = list(tables.values())
    if stated is not None:
        created = Counter[str]()
        for table in report.tables:
            created[table.kind] += table.created
        report.replacement = replace_earlier(
            store, ledger, source.stated, stated, created, max_removed, source.read_again
        )
    store.checkpoint()
    return report


_COMPLETE = "complete"
"""Name of the note that all batches were written."""


class _Totals:
    """Records and dangling records of the table under way, those of an interrupted import included: what takes the
    batches keeps their number beside that of the batches.

    Args:
        where: the store's address, for messages.
    """

    def __init__(self, schema: GraphSchema, target: ImportTarget, where: str, max_dropped: float | None) -> None:
        self._schema = schema
        self._target = target
        self._where = where
        self._max = max_dropped
        self._fresh = target.finished == 0  # so that numbers that are kept are of another run
        self._batch: Batch | None = None
        self.missing: list[End] = []
        self._rows = self._dangling = 0
        self.nothing_left: list[str] = []

    @property
    def _name(self) -> str:
        assert self._batch is not None
        return f"dangling {self._batch.kind} {self._batch.table}"

    def begin(self, batch: Batch) -> None:
        """Count the records of a batch; where it is the first of a table, the one before is judged."""
        if self._batch is None or (batch.kind, batch.table) != (self._batch.kind, self._batch.table):
            self.end()
            self._batch, self._rows, self.missing = batch, 0, []
            self._dangling = 0 if self._fresh or batch.kind == "nodes" else self._target.noted(self._name)
        self._batch = batch
        self._rows += len(batch.records)
        if self._dangling and not self.missing:  # of batches that an interrupted import had put in
            self.missing = missing_ends(self._schema, self._target.has_node, batch.records)

    def add(self, dangling: int) -> None:
        """Count dangling records of the batch."""
        assert self._batch is not None
        self._dangling += dangling
        self._target.note(self._name, self._dangling)
        self.missing = self.missing or missing_ends(self._schema, self._target.has_node, self._batch.records)

    def end(self) -> None:
        """Judge the table under way.

        Raises:
            DroppedRowsError, NothingLeftError: more of its records were dangling than may be, or all.
        """
        if self._batch is None or not self._dangling:
            return
        what = f"{self._batch.kind} from table '{self._batch.table}'"
        if self._dangling == self._rows:
            self.nothing_left.append(what)
        if self._max is not None and self._dangling > self._max * self._rows:
            kind = NothingLeftError if self._dangling == self._rows else DroppedRowsError
            error = kind(
                f"{self._dangling:,} of {self._rows:,} {what} refer to nodes that do not exist.",
                where=self._where,
                found=", ".join(f"no {type} {shorten(uid)}" for type, uid in self.missing) or "ids that no node has",
                expected=f"at most {self._max:.0%} of a table's rows left out",
                next="correct the ids or the schema, or let more rows go with --max-dropped",
            )
            error.missing = tuple(self.missing)
            raise error


class _Upserts:
    """Batches go in one after the other.

    See :class:`kgrec.graph.store.ImportTarget`.

    Args:
        again: the import had been completed, so its batches are not counted anew.
    """

    def __init__(self, store: GraphStore, ledger: str, again: bool) -> None:
        self._store = store
        self._ledger = ledger
        self._again = again

    @property
    def finished(self) -> int:
        return 0 if self._again else self._store.finished_batches(self._ledger)

    def prepare(self, batch: Batch) -> PreparedBatch:
        return self._store.prepare(batch.kind, batch.records)

    def write(self, prepared: PreparedBatch, number: int) -> UpsertCounts:
        counts = self._store.write(prepared)
        if not self._again:
            self._store.mark_batch(self._ledger, number)
        return counts

    def has_node(self, type: str, uid: str) -> bool:
        return self._store.node(type, uid) is not None

    def noted(self, name: str) -> int:
        return self._store.finished_batches(f"{self._ledger} {name}")

    def note(self, name: str, number: int) -> None:
        self._store.mark_batch(f"{self._ledger} {name}", number)

    def finish(self) -> Mapping[tuple[str, str], UpsertCounts]:
        return {}


def _prepared(batches: Iterator[Batch], target: ImportTarget, finished: int) -> Iterator[tuple[Batch, Any]]:
    """Each batch with what is to be written of it: nothing of those that are in already."""
    for number, batch in enumerate(batches, start=1):
        yield batch, None if number <= finished else target.prepare(batch)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; the next one is made while the store is busy with this one."""
    with ThreadPoolExecutor(1, "kgrec-read") as reader:
        coming = reader.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = reader.submit(next, items, None)
            yield item


CUT = 3
"""Raised whenever the same sources are cut into other batches than before, so that no count of the old ones is used."""


def _ledger_name(source: RecordSource, batch_size: int) -> str:
    """Everything that decides what the n-th batch is: a count noted for one cutting must not be used for another."""
    schema = hashlib.sha256(source.schema.model_dump_json().encode()).hexdigest()[:16]
    return f"{source.source_id} {schema} {batch_size} {CUT}"
