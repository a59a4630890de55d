"""StatedRecords: which records an import states, known in memory that does not grow while they are read."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from hashlib import blake2b
from typing import IO

import numpy as np
import numpy.typing as npt

from kgrec.data.records import Batch, EdgeRecord, Kind, NodeRecord, Record


class StatedOfType:
    """Records of one type, to ask for: those with the same identity are in it.

    Args:
        digests: 8 bytes of each.
    """

    def __init__(self, digests: bytes) -> None:
        self._numbers: npt.NDArray[np.uint64] = np.sort(np.frombuffer(digests, np.uint64))

    def __contains__(self, record: Record) -> bool:
        return self._holds(_identity(record))

    def has_value(self, record: NodeRecord | EdgeRecord, name: str) -> bool:
        """Whether a node or a fact was stated with a value of a property, by whichever platform."""
        return self._holds(_value(record, name))

    def _holds(self, identity: tuple[str, ...]) -> bool:
        number = np.frombuffer(_digest(identity), np.uint64)
        place = int(np.searchsorted(self._numbers, number)[0])
        return place < len(self._numbers) and bool(self._numbers[place] == number[0])


class StatedRecords:
    """Remembers all records that an import states, and their values, in 8 bytes of a temporary file each."""

    def __init__(self) -> None:
        self._files: dict[tuple[Kind, str], IO[bytes]] = {}
        self._open = ExitStack()

    def __enter__(self) -> StatedRecords:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def add(self, batch: Batch) -> None:
        """Remember the records of a batch."""
        for record in batch.records:
            key = batch.kind, record.type
            if key not in self._files:
                file = tempfile.TemporaryFile(prefix="kgrec-stated-")  # noqa: SIM115  closed with the others
                self._files[key] = self._open.enter_context(file)
            self._files[key].write(_digest(_identity(record)))
            if isinstance(record, NodeRecord | EdgeRecord):
                self._files[key].writelines(_digest(_value(record, name)) for name in record.properties)

    def of_type(self, kind: Kind, type: str) -> StatedOfType:
        """The records of a type."""
        file = self._files.get((kind, type))
        if file is None:
            return StatedOfType(b"")
        file.seek(0)
        return StatedOfType(file.read())


def _identity(record: Record) -> tuple[str, ...]:
    """What tells a statement from every other of its type: a platform's own, where several state the same."""
    if isinstance(record, NodeRecord):
        return record.uid, record.platform
    if isinstance(record, EdgeRecord):
        ends = record.source_type, record.source, record.target_type, record.target
        return *ends, record.relation, record.platform
    return record.user, record.item, record.key


def _value(record: NodeRecord | EdgeRecord, name: str) -> tuple[str, ...]:
    """The identity of a property's value of a node or a fact."""
    if isinstance(record, NodeRecord):
        return record.uid, "", name
    return record.source_type, record.source, record.target_type, record.target, record.relation, "", name


def _digest(identity: tuple[str, ...]) -> bytes:
    # Among a billion records, one in ten billion is taken for another: one that should go would stay.
    return blake2b(repr(identity).encode("utf-8", "surrogatepass"), digest_size=8).digest()
