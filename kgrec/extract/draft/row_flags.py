"""Logs with a column of true and false: one that takes rows back, such as ``skipped``, or one that says of what was
shown whether anything came of it, such as ``clicked``. Their sources of a drafted schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kgrec.extract.draft.behaviour_tables import BehaviourTable, verb_of
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.header_words import words_of

_TRUE = frozenset({"true", "yes", "y", "t", "1"})
_TAKEN_BACK = frozenset({"skip", "dislike", "return", "cancel"})
_OUTCOMES = ("view", "click", "play", "cart", "like", "share", "buy")
"""What may come of something that is shown, the widest first."""
_LABELS = frozenset({"label", "target", "response", "converted", "conversion", "interacted", "engaged", "positive"})
_SHOWN = frozenset({"impression", "impressions", "exposure", "exposures", "shown", "displayed", "served", "slates"})


def flag_column(table: BehaviourTable, columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column that says which rows do not speak for their item: so named, true in some rows and false in others."""
    return next((column for column in _flags(table, columns) if verb_of(column.name) in _TAKEN_BACK), None)


def outcome_column(table: BehaviourTable, columns: Sequence[ColumnProfile], verb: str | None) -> ColumnProfile | None:
    """The column that says whether a user chose what they were shown; None where each row is a choice.

    Args:
        verb: what the names of a table say that its rows are, None where they say nothing.
    """
    if table.kind is not None or not (verb is None or _SHOWN & set(words_of(table.table))):
        return None
    found = {
        _OUTCOMES.index(did) if did else len(_OUTCOMES): column
        for column in reversed(_flags(table, columns))
        if (did := verb_of(column.name)) in _OUTCOMES or _LABELS & set(words_of(column.name))
    }
    return found[min(found)] if found else None


def _flags(table: BehaviourTable, columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Columns that are true in some rows and false in others, and are nothing else."""
    taken = (table.user, table.item, table.kind, table.time, table.weight)
    found = []
    for column in columns:
        values = {value.lower() for value in column.values.to_pylist()}
        if column not in taken and (column.form.kind == "flag" or values == {"0", "1"}) and values & _TRUE:
            found.append(column)
    return found


def where_true(column: ColumnProfile) -> dict[str, list[str]]:
    """The filter of rows where a flag is set."""
    return {column.name: [value for value, _ in column.examples if value.lower() in _TRUE]}


def outcome_said(column: ColumnProfile) -> str:
    """What becomes of rows whose flag is not set, in words."""
    (cells,) = where_true(column).values()
    rows = sum(count for value, count in column.examples if value not in cells)
    return f"{rows:,} rows where {column.name} is not {' or '.join(cells)} are left out: shown, not chosen"


def by_flag(column: ColumnProfile, source: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The source for the rows where a flag is not set, and that for those where it is, whose kind it names."""
    (cells,) = where_true(column).values()
    taken_back = {key: value for key, value in source.items() if key != "kind_column"} | {"kind": verb_of(column.name)}
    return (
        {**source, "where_not": {**source.get("where_not", {}), column.name: cells}},
        {**taken_back, "where": {column.name: cells}},
    )


def flag_said(column: ColumnProfile) -> str:
    """What the rows where a flag is set are, in words."""
    true = [(value, count) for value, count in column.examples if value.lower() in _TRUE]
    rows = f"{sum(count for _, count in true):,} rows"
    return f"{column.name} is {' or '.join(value for value, _ in true)} in {rows}, which do not speak for the item"
