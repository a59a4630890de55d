"""Candidates: which items may be recommended, and the exact best of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from kgrec.errors import ConfigError
from kgrec.graph.store import GraphStore, schema_of

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, among: value in among,
}


def matching_items(store: GraphStore, where: Mapping[str, Any]) -> set[str]:
    """Ids of the items whose properties pass every condition, as the store knows them now.

    A condition is a value (equal; for a property that is a list: contains) or a pair of an operator and a value, such
    as ``(">=", 1990)`` or ``("in", ["en", "fr"])``. An item without the property does not pass.

    Raises:
        ConfigError: unknown property or operator, or a value that cannot be compared with the property.
    """
    schema = schema_of(store)
    item_type = schema.item_type
    properties = tuple(dict.fromkeys(("name", *schema.nodes[item_type].properties)))
    conditions = [_condition(name, wanted, properties, item_type) for name, wanted in where.items()]
    passed: set[str] = set()
    for batch in store.export_nodes(item_type):
        keep = [True] * batch.num_rows
        for name, sign, wanted in conditions:
            values = batch.column(name).to_pylist()
            keep = [kept and _passes(value, name, sign, wanted) for kept, value in zip(keep, values, strict=True)]
        passed.update(uid for uid, kept in zip(batch.column("uid").to_pylist(), keep, strict=True) if kept)
    return passed


def _condition(name: str, wanted: Any, properties: tuple[str, ...], item_type: str) -> tuple[str, str, Any]:
    if name not in properties:
        raise ConfigError(
            "there is no such property to filter by.",
            where=f"filter of {item_type}",
            found=repr(name),
            expected=f"one of {', '.join(properties)}",
            next="correct the name, or add the property to the graph schema and import again",
        )
    sign, value = wanted if isinstance(wanted, tuple) and len(wanted) == 2 else ("=", wanted)
    if sign not in _OPERATORS:
        raise ConfigError(
            "there is no such comparison.",
            where=f"filter of {item_type}, property {name!r}",
            found=repr(sign),
            expected=f"one of {' '.join(_OPERATORS)}",
            next='write a value for equality, or a pair such as (">=", 1990)',
        )
    return name, sign, value


def _passes(value: Any, name: str, sign: str, wanted: Any) -> bool:
    if value is None:
        return False
    compare = _OPERATORS[sign]
    try:
        if isinstance(value, list):
            passed = [compare(part, wanted) for part in value]
            return all(passed) if sign == "!=" else any(passed)
        return bool(compare(value, wanted))
    except TypeError as error:
        raise ConfigError(
            "the filter's value cannot be compared with the property.",
            where=f"filter, property {name!r}",
            found=f"{wanted!r} ({type(wanted).__name__})",
            expected=f"something to compare with {type(value).__name__}, such as {value!r}",
            next="give a value of the property's own type",
        ) from error
