"""How columns belong together: values that are ids of another table, and columns that decide others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.header_words import ITEMS, USERS, means, nouns_of, words_of

Profiles = Mapping[str, Sequence[ColumnProfile]]
"""Columns by the name of their table."""

_ENOUGH = 0.5
"""Share of the values that must be known elsewhere; others may be of what is described nowhere."""
_VALUES = 30
"""Whole numbers up to about this many are as likely counts, ages or stars."""


@dataclass(frozen=True)
class Link:
    """A column whose values are ids of a table.

    Attributes:
        column: whose values they are.
        key: the column, unique in its table, that has them.
        found: how many of the column's distinct values are there.
    """

    column: ColumnProfile
    key: ColumnProfile
    found: int

    @property
    def share(self) -> float:
        """Of the distinct values, how many are there."""
        return self.found / max(1, self.column.distinct)

    @property
    def evidence(self) -> str:
        """The same in words."""
        values = f"{self.found:,} of {self.column.distinct:,} values"
        return f"{values} of {self.column.called} are in {self.key.called}"


def links_of(tables: Profiles) -> list[Link]:
    """The links between tables, each column's best one only."""
    keys = [column for columns in tables.values() for column in columns if column.unique and column.can_be_id]

    def strength(link: Link | None) -> tuple[float, bool, bool, int]:
        """Of several tables with the ids, the one is meant that names them, and says most of them."""
        if link is None:
            return (-1.0, False, False, 0)
        there = tables[link.key.table]
        named = any(means(column.name, "name") for column in there)
        return (link.share, _agree(link.column, link.key), named, len(there))

    best: dict[str, Link] = {}
    for columns in tables.values():
        for column in columns:
            if column.form.kind not in ("text", "whole", "list") or not column.distinct:
                continue
            for key in keys:
                link = _link(column, key)
                if link is not None and strength(link) > strength(best.get(column.called)):
                    best[column.called] = link
    return list(best.values())


def _link(column: ColumnProfile, key: ColumnProfile) -> Link | None:
    if column is key or (column.unique and column.table == key.table):
        return None
    if column.form.kind == "whole" and key.form.kind == "whole" and not _agree(column, key):
        # Small numbers are in every table that counts its rows.
        low, high = column.span or (0.0, 0.0)
        if high - low < 10 * column.distinct or column.distinct < _VALUES:
            return None
    found = int(pc.sum(pc.is_in(column.values, value_set=key.values)).as_py() or 0)
    link = Link(column, key, found)
    return link if found and link.share >= _ENOUGH else None


def _agree(column: ColumnProfile, key: ColumnProfile) -> bool:
    """Whether the names of two columns speak of the same thing, or the column's name of the key's table."""
    if column.name.lower() == key.name.lower() and set(words_of(key.name)) != {"id"}:
        return True
    about = set(nouns_of(column.name)) - {"id", "name"}
    there = (set(nouns_of(key.name)) | set(nouns_of(key.table))) - {"id", "name"}
    if about & there:
        return True
    return any(bool(about & roles) and bool(there & roles) for roles in (USERS, ITEMS))


def decides(by: ColumnProfile, columns: Sequence[ColumnProfile]) -> dict[str, tuple[int, int]]:
    """Of the values of a column that stand in several rows, how many have one value of each other column only.

    Args:
        columns: columns of the same table; those without texts are left out.

    Returns:
        By column: how many, and of how many.
    """
    assert by.texts is not None
    others = [column for column in columns if column is not by and column.texts is not None]
    names = [f"c{position}" for position in range(len(others))]
    rows = pa.table([by.texts, by.texts, *(column.texts for column in others)], ["by", "rows", *names])
    rows = rows.filter(pc.is_valid(rows["by"]))
    counted = rows.group_by("by").aggregate([("rows", "count"), *((name, "count_distinct") for name in names)])
    counted = counted.filter(pc.greater(counted["rows_count"], 1))
    return {
        column.name: (
            int(pc.sum(pc.less_equal(counted[f"{name}_count_distinct"], 1)).as_py() or 0),
            counted.num_rows,
        )
        for name, column in zip(names, others, strict=True)
    }
