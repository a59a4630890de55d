"""WaitingRecords: records that wait until they fill a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kgrec.data.record_columns import RecordColumns
from kgrec.data.records import Batch, Kind, Record


class WaitingRecords:
    """Cuts records into batches of one table, always in the same places; columns stay columns.

    Args:
        kind: of all records.
        size: of a batch that is not the last of its table.
    """

    def __init__(self, kind: Kind, size: int) -> None:
        self._kind = kind
        self._size = size
        self._table = ""
        self._waiting: Sequence[Record] = ()

    def add(self, table: str, records: Sequence[Record]) -> Iterator[Batch]:
        """The batches that are full now."""
        if table != self._table or not _go_together(self._waiting, records):
            yield from self.rest()
        self._table = table
        self._waiting = _joined(self._waiting, records) if self._waiting else records
        whole = len(self._waiting) // self._size * self._size
        for start in range(0, whole, self._size):
            yield Batch(self._kind, table, self._waiting[start : start + self._size])
        self._waiting = self._waiting[whole:]

    def rest(self) -> Iterator[Batch]:
        """The last batch of a table."""
        if self._waiting:
            yield Batch(self._kind, self._table, self._waiting)
        self._waiting = ()


def _go_together(one: Sequence[Record], other: Sequence[Record]) -> bool:
    if isinstance(one, RecordColumns):
        return one.goes_with(other)
    return not (one and isinstance(other, RecordColumns))


def _joined(one: Sequence[Record], other: Sequence[Record]) -> Sequence[Record]:
    if isinstance(one, RecordColumns) and isinstance(other, RecordColumns):
        return one.joined(other)
    return [*one, *other]
