"""Many texts as a few arrays, which may lie in a file that processes share: none is made before it is asked for.

texts      "anna", "bo"
bytes      a n n a \\n b o \\n        UTF-8, each ended by a line feed that belongs to none of them
ends       5, 8
slots      -1, 1, 0, -1             row of the text whose checksum leads there, or to one of the slots before
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from kgrec.data.vocabulary import Vocabulary

Arrays = Mapping[str, npt.NDArray[Any]]
_END = b"\n"


class PackedTexts(Sequence[str]):
    """Texts by their place; equal to any sequence of the same texts.

    Args:
        content: uint8 ``(bytes,)``.
        ends: of each text in it, behind its line feed, uint32 ``(n,)``.

    Raises:
        ValueError: they do not fit each other.
    """

    def __init__(self, content: npt.NDArray[np.uint8], ends: npt.NDArray[np.uint32]) -> None:
        starts = np.concatenate([np.zeros(1, ends.dtype), ends])
        if starts[-1] != len(content) or (starts[1:] <= starts[:-1]).any():
            raise ValueError(f"{len(ends)} ends of texts do not fit {len(content)} bytes")
        self._content, self._ends = content, ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, row: int) -> str: ...

    @overload
    def __getitem__(self, row: slice) -> tuple[str, ...]: ...

    def __getitem__(self, row: int | slice) -> str | tuple[str, ...]:
        if isinstance(row, slice):
            return tuple(self[n] for n in range(*row.indices(len(self))))
        return self.as_bytes(row).decode("utf-8")

    def as_bytes(self, row: int) -> bytes:
        """A text in UTF-8."""
        place = range(len(self))[row]
        return self._content[int(self._ends[place - 1]) if place else 0 : int(self._ends[place]) - 1].tobytes()

    def __iter__(self) -> Iterator[str]:
        return (self[row] for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        same_length = isinstance(other, Sequence) and len(other) == len(self)
        return same_length and all(mine == theirs for mine, theirs in zip(self, other, strict=True))  # type: ignore[call-overload]

    def __hash__(self) -> int:
        return hash(tuple(self))


class PackedVocabulary(Vocabulary):
    """A vocabulary of packed texts, whose rows are looked up in slots.

    Args:
        slots: row by checksum, -1 for none, int32; as many as a power of 2.

    Raises:
        ValueError: there are too few slots.
    """

    def __init__(self, ids: PackedTexts, slots: npt.NDArray[np.int32]) -> None:
        if len(slots) <= len(ids) or len(slots) & (len(slots) - 1):
            raise ValueError(f"{len(slots)} slots for {len(ids)} ids")
        self._ids = ids
        self._rows = _Rows(ids, slots)


class _Rows(Mapping[str, int]):
    """Rows of packed ids."""

    def __init__(self, ids: PackedTexts, slots: npt.NDArray[np.int32]) -> None:
        self._ids, self._slots = ids, slots

    def __getitem__(self, uid: str) -> int:
        if not isinstance(uid, str):
            raise KeyError(uid)
        wanted = uid.encode("utf-8", "surrogatepass")
        last = len(self._slots) - 1
        slot = zlib.crc32(wanted) & last
        while (row := int(self._slots[slot])) >= 0:
            if self._ids.as_bytes(row) == wanted:
                return row
            slot = (slot + 1) & last
        raise KeyError(uid)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)


def packed(texts: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """The arrays ``content`` and ``ends`` of :class:`PackedTexts`."""
    encoded = [text.encode("utf-8") + _END for text in texts]
    ends = np.cumsum([len(one) for one in encoded], dtype=np.uint32)
    return {"content": np.frombuffer(b"".join(encoded), np.uint8), "ends": ends}


def slots_of(ids: Iterable[str]) -> npt.NDArray[np.int32]:
    """The slots of :class:`PackedVocabulary`: half as many again as ids at least, so that few lead to the same one."""
    encoded = [uid.encode("utf-8") for uid in ids]
    last = (1 << (3 * len(encoded) // 2).bit_length()) - 1
    slots = [-1] * (last + 1)
    for row, uid in enumerate(encoded):
        slot = zlib.crc32(uid) & last
        while slots[slot] >= 0:
            slot = (slot + 1) & last
        slots[slot] = row
    return np.array(slots, np.int32)
