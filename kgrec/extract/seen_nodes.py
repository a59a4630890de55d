"""SeenNodes: which node records only repeat the one before, known in memory that does not grow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from hashlib import blake2b

import pyarrow as pa

from kgrec.data.id_texts import rows_of
from kgrec.data.records import NodeRecord

_SIZE = 16
"""Bytes of a digest: enough that no two records of any import share one."""
_MOST_CELLS = 2**20
"""Cells of a column that are kept: some 100 MB of texts."""


class SeenNodes:
    """Knows what the last record of a node said, for about as many nodes as it has slots.

    A node has one slot, where the digest of its last record is kept; another node with the same slot takes it over.
    What is so forgotten counts as new: written to a store again, it changes nothing.

    Args:
        slots: of 16 bytes each.
    """

    def __init__(self, slots: int = 2**20) -> None:
        self._slots = slots
        self._knows_none = True
        self._digests = bytearray(slots * _SIZE)
        self._cells: defaultdict[Hashable, set[str | int | None]] = defaultdict(set)

    def fresh(self, column: Hashable, cells: pa.Array) -> Sequence[int]:
        """Rows of the cells that were not met in a column which does nothing but name nodes.

        Args:
            cells: texts or whole numbers; of others all are fresh.
        """
        if not _is_plain(cells.type):
            return range(len(cells))
        met, coded = self._cells[column], cells.dictionary_encode()
        unmet = pa.array([cell not in met for cell in coded.dictionary.to_pylist()], pa.bool_())
        return rows_of(unmet.take(coded.indices).fill_null(True))

    def meet(self, column: Hashable, cells: pa.Array) -> None:
        """Keep cells that have named their nodes, as many as there is room for."""
        met = self._cells[column]
        if _is_plain(cells.type):
            met.update(cells.to_pylist()[: _MOST_CELLS - len(met)])

    def is_new(self, record: NodeRecord) -> bool:
        """Whether the record says something else than the one before it about its node, or that one is forgotten."""
        content = repr((record.platform, record.properties))
        place, digest = self._place(record), _digest(f"{_node(record)}{content}")
        if self._digests[place] == digest:
            return False
        self._digests[place] = digest
        self._knows_none = False
        return True

    def forget(self, record: NodeRecord) -> None:
        """Take the next record of this one's node for new."""
        if not self._knows_none:
            self._digests[self._place(record)] = bytes(_SIZE)

    def _place(self, record: NodeRecord) -> slice:
        start = int.from_bytes(_digest(_node(record))) % self._slots * _SIZE
        return slice(start, start + _SIZE)


def _is_plain(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind))


def _node(record: NodeRecord) -> str:
    return repr((record.type, record.uid))


def _digest(text: str) -> bytes:
    # Unlike hash(), the same in every process: an import that goes on must be cut in the same places.
    return blake2b(text.encode(), digest_size=_SIZE).digest()
