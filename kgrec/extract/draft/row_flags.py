"""A log with a column of true and false that takes rows back, such as ``skipped``: their source of a drafted schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kgrec.extract.draft.behaviour_tables import BehaviourTable, verb_of
from kgrec.extract.draft.column_profiles import ColumnProfile

_TRUE = frozenset({"true", "yes", "y", "t", "1"})
_TAKEN_BACK = frozenset({"skip", "dislike", "return", "cancel"})


def flag_column(table: BehaviourTable, columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column that says which rows do not speak for their item: so named, true in some rows and false in others."""
    taken = (table.user, table.item, table.kind, table.time, table.weight)
    for column in columns:
        values = {value.lower() for value in column.values.to_pylist()}
        is_flag = column.form.kind == "flag" or values == {"0", "1"}
        if column not in taken and is_flag and values & _TRUE and verb_of(column.name) in _TAKEN_BACK:
            return column
    return None


def by_flag(column: ColumnProfile, source: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The source for the rows where a flag is not set, and that for those where it is, whose kind it names."""
    cells = [value for value, _ in column.examples if value.lower() in _TRUE]
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
