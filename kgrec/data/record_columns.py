"""Records as columns: what comes by the million is kept without an object per row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kgrec.data.records import EdgeRecord, Interaction

R = TypeVar("R", covariant=True)

CODED = pa.dictionary(pa.int32(), pa.string())
"""Texts of which most occur again: each of them once, and a number per row."""


def coded(texts: pa.Array) -> pa.DictionaryArray:
    """Texts, or texts that are coded in another way, with each of them once that occurs."""
    return texts.cast(pa.string()).dictionary_encode()


def constant(text: str, size: int) -> pa.DictionaryArray:
    """A column with the same text in every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int32)), pa.array([text]))


def texts_of(column: pa.DictionaryArray) -> list[str]:
    """The text of each row."""
    texts = column.dictionary.to_pylist()
    return [texts[code] for code in column.indices.to_pylist()]


class Numbering:
    """Texts by the numbers of their places.

    Args:
        texts: each of them once.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._numbers = dict(zip(texts, range(len(texts)), strict=True))
        self._last: tuple[pa.Array, npt.NDArray[np.int64]] | None = None

    def of(self, text: str) -> int:
        """The number of a text, -1 where it has none."""
        return self._numbers.get(text, -1)

    def of_all(self, texts: pa.Array) -> npt.NDArray[np.int64]:
        """Numbers of many; those that were asked for last, as of rows that were cut in several parts, are known."""
        last = self._last
        if last is None or not last[0].equals(texts):
            self._last = last = texts, np.array([self._numbers.get(text, -1) for text in texts.to_pylist()], np.int64)
        return last[1]


@dataclass(frozen=True)
class RecordColumns(Sequence[R]):
    """Records of one type and platform as columns; a record is made when it is asked for.

    Attributes:
        columns: as :attr:`SCHEMA` has them.
    """

    SCHEMA: ClassVar[pa.Schema]

    type: str
    platform: str
    columns: pa.RecordBatch

    @classmethod
    def of_arrays(cls, type: str, platform: str, arrays: Mapping[str, pa.Array]) -> Self:
        """Records of some columns; those of texts need not be coded as yet."""
        made = []
        for field in cls.SCHEMA:
            array = arrays[field.name]
            made.append(coded(array) if field.type == CODED and array.type != CODED else array)
        return cls(type, platform, pa.RecordBatch.from_arrays(made, schema=cls.SCHEMA))

    def __len__(self) -> int:
        rows: int = self.columns.num_rows
        return rows

    @abstractmethod
    def __iter__(self) -> Iterator[R]: ...

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> R | Self:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError("rows are taken in their order")
            return replace(self, columns=self.columns.slice(start, max(0, stop - start)))
        return next(iter(self[slice(row := range(len(self))[index], row + 1)]))

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Self:
        """Some of the records."""
        return replace(self, columns=self.columns.take(pa.array(rows, pa.int64())))

    def with_columns(self, arrays: Mapping[str, pa.Array]) -> Self:
        """The same records with other columns of some names."""
        columns = {name: self.columns[name] for name in self.SCHEMA.names} | dict(arrays)
        return self.of_arrays(self.type, self.platform, columns)

    def goes_with(self, other: object) -> bool:
        """Whether the other ones are columns of the same type and platform."""
        return isinstance(other, type(self)) and (self.type, self.platform) == (other.type, other.platform)

    def joined(self, other: Self) -> Self:
        """These records and the others after them."""
        # Coded anew, so that texts of rows that went before do not stay with those that are left.
        arrays = {}
        for field in self.SCHEMA:
            mine, others = self.columns[field.name], other.columns[field.name]
            parts = [coded(mine), others] if field.type == CODED else [mine, others]
            arrays[field.name] = pa.chunked_array(parts, field.type).unify_dictionaries().combine_chunks()
        return self.of_arrays(self.type, self.platform, arrays)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        """The values of each row."""
        columns = (texts_of(column) if column.type == CODED else column.to_pylist() for column in self.columns.columns)
        return zip(*columns, strict=True)


class InteractionColumns(RecordColumns[Interaction]):
    """Interactions of one type and platform.

    Attributes:
        columns: ``user``, ``item``, ``kind``, ``time`` (null where unknown), ``weight``, ``repeat`` and ``context``, as
            :class:`kgrec.data.records.Interaction` has them.
    """

    SCHEMA = pa.schema(
        {"user": CODED, "item": CODED, "kind": CODED}
        | {"time": pa.float64(), "weight": pa.float64(), "repeat": pa.int64(), "context": CODED}
    )

    def __iter__(self) -> Iterator[Interaction]:
        for user, item, kind, time, weight, repeat, context in self._rows():
            yield Interaction(self.type, user, item, kind, self.platform, time, weight, repeat, context)


class EdgeColumns(RecordColumns[EdgeRecord]):
    """Facts of one type and platform without properties.

    Attributes:
        columns: ``source_type``, ``source``, ``target_type``, ``target`` and ``relation``, as
            :class:`kgrec.data.records.EdgeRecord` has them.
    """

    SCHEMA = pa.schema(dict.fromkeys(("source_type", "source", "target_type", "target", "relation"), CODED))

    def __iter__(self) -> Iterator[EdgeRecord]:
        for source_type, source, target_type, target, relation in self._rows():
            yield EdgeRecord(self.type, source_type, source, target_type, target, relation, {}, self.platform)
