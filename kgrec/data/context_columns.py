"""Context columns: what is known of the circumstances of interactions, or of questions, before anything is chosen.

Some are declared, such as the weather or the device; three come from the moment, in universal time (UTC):

    hour       eight parts of the day, "18-21"
    weekday    "Monday" to "Sunday"
    month      "January" to "December"
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from kgrec.data.dataset import Array, IntArray

_HOURS = 3
HOUR, WEEKDAY, MONTH = "hour", "weekday", "month"
OF_MOMENT: Mapping[str, tuple[str, ...]] = {
    HOUR: tuple(f"{start}-{start + _HOURS}" for start in range(0, 24, _HOURS)),
    WEEKDAY: tuple(calendar.day_name),
    MONTH: tuple(calendar.month_name)[1:],
}
"""Columns that come from the moment, and their values."""


@dataclass(frozen=True)
class ContextColumn:
    """One circumstance of each of some interactions, or of each of some users who ask.

    Attributes:
        name: of the circumstance.
        values: that there are.
        code: of each entry the place among ``values``, -1 where unknown, int64 ``(n,)``.
    """

    name: str
    values: tuple[str, ...]
    code: IntArray

    @classmethod
    def of_texts(cls, name: str, texts: Sequence[str]) -> ContextColumn:
        """A column of texts, an empty one unknown.

        Example:
            >>> ContextColumn.of_texts("weather", ["rain", "", "sun", "rain"]).code.tolist()
            [0, -1, 1, 0]
        """
        values = tuple(sorted(set(texts) - {""}))
        place = {value: code for code, value in enumerate(values)} | {"": -1}
        return cls(name, values, np.array([place[text] for text in texts], np.int64))

    def select(self, keep: npt.NDArray[np.bool_] | IntArray | slice) -> ContextColumn:
        """The entries of a mask, an index array or a slice."""
        return replace(self, code=self.code[keep])

    def codes_among(self, values: Sequence[str]) -> IntArray:
        """The place of each entry among other values, -1 where it is unknown or not among them."""
        place = {value: code for code, value in enumerate(values)}
        codes: IntArray = np.array([*(place.get(value, -1) for value in self.values), -1], np.int64)[self.code]
        return codes


@dataclass(frozen=True)
class Contexts:
    """The circumstances in which some users ask.

    Attributes:
        at: when, unix seconds, nan where unknown, float64 ``(users,)``.
        columns: what else is known, one entry per user each.
    """

    at: Array
    columns: tuple[ContextColumn, ...] = ()

    @classmethod
    def of(cls, asked: Asked, n_users: int) -> Contexts:
        """The contexts of so many users: one context for all, one moment, a moment each, or nothing is known."""
        if isinstance(asked, Contexts):
            return asked if len(asked.at) == n_users else asked[np.zeros(n_users, np.int64)]
        return cls(np.broadcast_to(np.asarray(np.nan if asked is None else asked, np.float64), (n_users,)))

    def __getitem__(self, rows: IntArray | slice) -> Contexts:
        """Those of some users."""
        return Contexts(self.at[rows], tuple(column.select(rows) for column in self.columns))

    def of_user(self, row: int) -> Contexts:
        """That of one user."""
        return self[slice(row, row + 1)]

    def codes(self, name: str, values: Sequence[str]) -> IntArray:
        """The place of each user's circumstance among some values, -1 where it is unknown."""
        for column in self.columns:
            if column.name == name:
                return column.codes_among(values)
        if name in OF_MOMENT:
            return of_moment(name, self.at).codes_among(values)
        return np.full(len(self.at), -1)


Asked: TypeAlias = "Contexts | Array | float | None"
"""Contexts of users, or when they ask: unix seconds ``(users,)``, one moment for all, or None where it is unknown."""


def of_moment(name: str, moments: Array) -> ContextColumn:
    """A column that comes from moments, unix seconds, nan where unknown.

    Example:
        The first hour of Thursday, the 1st of January 1970, and a moment on the next day.

        >>> [of_moment(name, np.array([0.0, 110_000.0])).code.tolist() for name in ("hour", "weekday", "month")]
        [[0, 2], [3, 4], [0, 0]]
    """
    known = ~np.isnan(moments)
    seconds = np.where(known, moments, 0.0).astype("datetime64[s]")
    days = seconds.astype("datetime64[D]")
    if name == HOUR:
        code = (seconds - days).astype(np.int64) // (_HOURS * 3600)
    elif name == WEEKDAY:
        code = (days.astype(np.int64) + 3) % 7  # the 1st of January 1970 was a Thursday
    else:
        code = days.astype("datetime64[M]").astype(np.int64) % 12
    return ContextColumn(name, OF_MOMENT[name], np.where(known, code, -1))


def context_text(values: Mapping[str, str]) -> str:
    """Circumstances as a JSON object, by name; unknown ones are left out, and nothing is an empty text.

    Example:
        >>> context_text({"weather": "rain", "device": "phone", "place": ""})
        '{"device":"phone","weather":"rain"}'
    """
    known = {name: value for name, value in values.items() if value}
    return json.dumps(known, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if known else ""


def columns_of(texts: Sequence[str], code: IntArray) -> tuple[ContextColumn, ...]:
    """The columns of entries that have the contexts ``texts[code]``, see :func:`context_text`."""
    each: list[dict[str, str]] = [json.loads(text) if text else {} for text in texts]
    names = sorted({name for one in each for name in one})
    columns = (ContextColumn.of_texts(name, [one.get(name, "") for one in each]) for name in names)
    return tuple(column.select(code) for column in columns)


def joined(
    first: Sequence[ContextColumn], n_first: int, second: Sequence[ContextColumn], n_second: int
) -> tuple[ContextColumn, ...]:
    """The columns of both, of ``n_first`` and then ``n_second`` entries; what one does not have is unknown there."""
    names = dict.fromkeys(column.name for column in (*first, *second))
    return tuple(_joined(name, _named(first, name, n_first), _named(second, name, n_second)) for name in names)


def _named(columns: Sequence[ContextColumn], name: str, n: int) -> ContextColumn:
    unknown = ContextColumn(name, (), np.full(n, -1))
    return next((column for column in columns if column.name == name), unknown)


def _joined(name: str, first: ContextColumn, second: ContextColumn) -> ContextColumn:
    values = tuple(dict.fromkeys((*first.values, *second.values)))
    return ContextColumn(name, values, np.concatenate([first.code, second.codes_among(values)]))
