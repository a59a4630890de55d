"""Names under which people can tell nodes apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

_LONGEST = 40


def distinct_names(names: Sequence[str], uids: Sequence[str], properties: Mapping[str, Sequence[Any]]) -> list[str]:
    """The names, where several nodes have one followed by what differs: ``Emma (1996)`` and ``Emma (2020)``.

    That is the first property that is short, there for each of them and different; else the uid.

    Args:
        properties: columns in the order of the schema, one value per node, None where there is none.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        groups[name].append(row)
    result = list(names)
    for name, rows in groups.items():
        if len(rows) > 1:
            for row, differs in zip(rows, _differing(rows, uids, properties), strict=True):
                result[row] = f"{name} ({differs})"
    taken = set(names)
    for row, name in enumerate(names):  # whoever is called "Emma (1996)" in truth keeps the name
        if result[row] != name and result[row] in taken:
            result[row] = f"{name} ({uids[row]})"
    return result


def _differing(rows: list[int], uids: Sequence[str], properties: Mapping[str, Sequence[Any]]) -> list[str]:
    for values in properties.values():
        texts = [_short(values[row]) for row in rows]
        if all(texts) and len(set(texts)) == len(rows):
            return texts
    return [uids[row] for row in rows]


def _short(value: Any) -> str:
    """A value as text, empty where it is none, a list or too long to stand behind a name."""
    if value is None or isinstance(value, list):
        return ""
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else ""
