"""Where the rows of a table stand in their files, which is not how many came before where rows were left out."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


class RowNumbers:
    """File and number of each row that a loader yields, kept as runs of consecutive numbers (16 bytes a run).

    A loader that passes rows over says beforehand where those stand that it yields.
    """

    def __init__(self) -> None:
        self._rows = 0
        self._starts = array("q")
        self._numbers = array("q")
        self._files: list[str] = []
        self._file_starts: list[int] = []

    def next_is(self, where: str, number: int) -> None:
        """The next row to be yielded is the one of this number in this file, those after it the ones after it."""
        if not self._files or self._files[-1] != where:
            self._files.append(where)
            self._file_starts.append(self._rows)
        elif self._numbers[-1] + self._rows - self._starts[-1] == number:
            return
        self._starts.append(self._rows)
        self._numbers.append(number)

    def count(self, rows: int) -> None:
        """So many rows follow one another."""
        self._rows += rows

    def come(self, where: str, numbers: Sequence[int]) -> None:
        """The next rows to be yielded are those of these rising numbers in this file."""
        if numbers and numbers[-1] - numbers[0] == len(numbers) - 1:
            self.next_is(where, numbers[0])
            self.count(len(numbers))
            return
        for number in numbers:
            self.next_is(where, number)
            self.count(1)

    def tell(self, where: str, rows: Iterable[tuple[int, T]]) -> Iterator[T]:
        """Yield the rows of a file, each of which comes with its number."""
        following, given = None, 0
        for number, row in rows:
            if number != following:
                self.count(given)
                self.next_is(where, number)
                given = 0
            given += 1
            following = number + 1
            yield row
        self.count(given)

    def place(self, row: int, where: str) -> tuple[str, int]:
        """File and number of a row.

        Args:
            row: how manieth row it is that was yielded; the first is 1.
            where: the table, for one whose loader said nothing.
        """
        run = bisect_right(self._starts, row - 1) - 1
        if run < 0:
            return where, row
        file = self._files[bisect_right(self._file_starts, row - 1) - 1]
        return file, self._numbers[run] + row - 1 - self._starts[run]
