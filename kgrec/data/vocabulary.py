"""Vocabulary: external id <-> row index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kgrec.plain_text import composed


class Vocabulary:
    """An ordered set of ids; row ``i`` of every array that it belongs to is about ``vocabulary[i]``.

    Raises:
        ValueError: when an id occurs twice.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids: Sequence[str] = tuple(ids)
        self._rows: Mapping[str, int] = {uid: row for row, uid in enumerate(self._ids)}
        if len(self._rows) != len(self._ids):
            raise ValueError("an id occurs twice in a vocabulary")

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __getitem__(self, row: int) -> str:
        return self._ids[row]

    def __contains__(self, uid: object) -> bool:
        return uid in self._rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self._ids == other._ids

    def __hash__(self) -> int:
        return hash(self._ids)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} ids)"

    def row(self, uid: str) -> int | None:
        """Row of an id, in whichever form its letters are composed; None where it is unknown."""
        row = self._rows.get(uid)
        return self._rows.get(composed(uid)) if row is None else row

    def rows(self, uids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Rows of many ids, -1 where unknown."""
        return np.fromiter((self._rows.get(uid, -1) for uid in uids), np.int64, len(uids))
