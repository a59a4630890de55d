"""Counts of what is odd, each with the first offender in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from kgrec.data.dataset import Array
from kgrec.errors import shorten

Status = Literal["PASS", "WARN", "FAIL"]


@dataclass(frozen=True)
class Check:
    """One question and its answer.

    Attributes:
        what: the question, as a name.
        count: how many are odd; 0 for PASS unless the count is no fault.
        of: among how many.
        first: the first offender in words, None where there is none.
    """

    what: str
    status: Status
    count: int
    of: int
    first: str | None = None


@dataclass
class Count:
    """How many were odd among how many, and the first of them."""

    odd: int = 0
    of: int = 0
    first: str | None = None

    def note(self, is_odd: bool, *words: object) -> None:
        """Count one; ``words`` name it, put together only where it is the first odd one."""
        self.of += 1
        if is_odd:
            self.odd += 1
            self.first = self.first or " ".join(filter(None, map(str, words)))

    def note_rows(self, is_odd: Array, words: Callable[[int], str]) -> None:
        """Count many at once, bool ``(n,)``; ``words`` name one by its place."""
        self.of += len(is_odd)
        if is_odd.any():
            self.odd += int(is_odd.sum())
            self.first = self.first or words(int(np.argmax(is_odd)))

    def check(self, what: str, odd: Status) -> Check:
        """The answer; ``odd`` is its status where any is odd."""
        return Check(what, odd if self.odd else "PASS", self.odd, self.of, self.first)


class CountPerTable:
    """The same for each table.

    Attributes:
        counts: by the table's name.
    """

    def __init__(self) -> None:
        self.counts: dict[str, Count] = defaultdict(Count)

    def note(self, table: str, is_odd: bool, *words: object, near: object) -> None:
        """Count one of a table; ``near`` is said behind it."""
        self.counts[table].note(is_odd, *words, "in table", table, near)

    def note_rows(self, table: str, is_odd: Array, words: Callable[[int], str]) -> None:
        """Count many of a table."""
        self.counts[table].note_rows(is_odd, words)

    def check(self, what: str, most: float) -> Check:
        """One check of all tables; it fails where more of any than a share were odd, as an import does."""
        every = self.counts.values()
        fails = any(count.odd > most * count.of for count in every)
        first = next((count.first for count in every if count.odd), None)
        whole = Count(sum(count.odd for count in every), sum(count.of for count in every), first)
        return whole.check(what, "FAIL" if fails else "WARN")


class NodeName(NamedTuple):
    """A node in words, made only where it is shown."""

    type: str
    uid: str

    def __str__(self) -> str:
        return f"{self.type} {shorten(self.uid, 60)}"
