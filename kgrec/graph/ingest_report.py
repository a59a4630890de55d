"""What an import did, table by table, while it goes on and at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kgrec.graph.dangling import End
from kgrec.graph.replacement import Replacement
from kgrec.graph.store_types import UpsertCounts


@dataclass
class TableReport:
    """What became of one table's records of one kind.

    Attributes:
        rows: records given to the store.
        created, matched, dangling: how many were new, were there already, or lacked an end node and were left out.
        seconds: time the store took.
        missing: the first nodes, by type and uid, that dangling records refer to.
    """

    kind: str
    table: str
    rows: int = 0
    created: int = 0
    matched: int = 0
    dangling: int = 0
    seconds: float = 0.0
    missing: list[End] = field(default_factory=list)

    @property
    def rows_per_s(self) -> float:
        """Records per second, 0.0 before the first batch."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    def add(self, rows: int, counts: UpsertCounts, seconds: float) -> None:
        """Count records that were given to the store, and what they changed."""
        self.rows += rows
        self.created += counts.created
        self.matched += counts.matched
        self.dangling += counts.dangling
        self.seconds += seconds


@dataclass
class IngestReport:
    """What an import did.

    Attributes:
        nothing_left: tables, in words, of which every record was dangling; also of what was put in before.
        tables: one report per table and kind, in the order they came; skipped batches are in none.
        skipped_batches, skipped_rows: what an interrupted import had put in before, and this one passed over.
        batches: how many batches the whole import has.
        completed_before: the same import had been completed earlier, so every record was written once more.
        replacement: what was taken back, where the import replaces.
    """

    tables: list[TableReport] = field(default_factory=list)
    skipped_batches: int = 0
    skipped_rows: int = 0
    batches: int = 0
    completed_before: bool = False
    nothing_left: list[str] = field(default_factory=list)
    replacement: Replacement | None = None

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
                | {"missing": [f"{type} {uid}" for type, uid in table.missing]}
                for table in self.tables
            ],
            "skipped_batches": self.skipped_batches,
            "skipped_rows": self.skipped_rows,
            "batches": self.batches,
            "completed_before": self.completed_before,
            "replaced": None if self.replacement is None else [one.as_dict() for one in self.replacement.types],
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
