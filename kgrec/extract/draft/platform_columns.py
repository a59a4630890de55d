"""A log of several platforms: the column that says which, as a source of a drafted schema for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kgrec.extract.draft.behaviour_tables import BehaviourTable
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.drafting import Drafting
from kgrec.extract.draft.header_words import names_an_id, property_name, words_of

_NAMES = frozenset({"platform", "plattform", "plateforme", "site", "website", "source", "marketplace", "平台", "来源"})
_MOST = 6


def platform_column(table: BehaviourTable, columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column that says where an interaction came from: so named, with a few values, filled in every row."""
    taken = (table.user, table.item, table.kind, table.time, table.weight)
    for column in columns:
        named = _NAMES & set(words_of(column.name)) and not names_an_id(column.name)
        few = column.form.kind == "text" and 2 <= column.distinct <= _MOST and column.filled == column.rows
        if named and few and column.texts is not None and column not in taken:
            return column
    return None


def by_platform(
    drafting: Drafting, column: ColumnProfile, source: Mapping[str, Any], place: tuple[str | int, ...]
) -> list[dict[str, Any]]:
    """A source of interactions for each platform of its table.

    The first one takes what none of the others does, so that no row is lost where another platform comes later.

    Args:
        place: of the first source in the schema.
    """
    values = [value for value, _ in column.examples]
    sources = []
    for number, (value, count) in enumerate(column.examples):
        name = property_name(value, "") or f"{drafting.platform}_{number + 1}"
        drafting.sheet.data["platforms"].setdefault(name, {"en": value})
        one = {**source, "platform": name}
        key, cells = ("where", [value]) if number else ("where_not", values[1:])
        one[key] = {**source.get(key, {}), column.name: cells}
        said = f"{column.name} is {value} in {count:,} rows"
        if not number:
            said += "; ids of users and items are taken to be the same on every platform"
        start, at = place[:-1], place[-1]
        assert isinstance(at, int)
        drafting.sheet.say(*start, at + number, because=said)
        sources.append(one)
    return sources
