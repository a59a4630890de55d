"""Filters: which items may be recommended. Python, the command line and HTTP share these objects and their words."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import FOR, Interactions
from kgrec.errors import ConfigError, shorten
from kgrec.graph.store import GraphReader, schema_of
from kgrec.recommendation.fold_in import item_row
from kgrec.schema.model import GraphSchema

ColdItems = Literal["include", "only", "exclude"]
"""What becomes of items that nobody had interacted with when the model was learned."""
Met = Literal["include", "only", "exclude"]
"""What becomes of items that the person has met without taking them, where the model lets them be found again."""

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, among: value in among,
}
_CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=|!=|=|<|>|\bin\b)\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of an item's property with a value, such as ``Condition("year", ">=", 1990)``.

    Attributes:
        property: name of a property of items; an item that lacks it does not pass.
        operator: one of ``= != < <= > >= in``. For a property that is a list, ``!=`` must hold for every entry, the
            others for one of them.
        value: of the property's type; for ``in`` a collection of such values.
    """

    property: str
    operator: str
    value: Any

    @classmethod
    def parse(cls, text: str, schema: GraphSchema | None) -> Self:
        """The condition of a text such as ``year>=1990`` or ``genres in Comedy,Drama``.

        Args:
            schema: says which properties are numbers; without one every value is a text.

        Raises:
            ConfigError: the text is no comparison, or has no number where one is needed.
        """
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise ConfigError(
                "a filter cannot be read.",
                where="filter",
                found=shorten(text),
                expected="a property, one of = != < <= > >= in, and a value: year>=1990, 'genres in Comedy,Drama'",
                next="in a shell put the filter into quotes, in an address write < as %3C and > as %3E",
            )
        name, sign, value = match.groups()
        spec = schema.nodes[schema.item_type].properties.get(name) if schema else None
        numeric = spec is not None and spec.type in ("number", "time")
        values = [part.strip() for part in value.split(",")] if sign == "in" else [value]
        typed = [_number(part, text) if numeric else part for part in values]
        return cls(name, sign, typed if sign == "in" else typed[0])


@dataclass(frozen=True)
class Filters:
    """Which items may come back. All parts must hold.

    Attributes:
        allow: ids; only these. None allows all.
        deny: ids; none of these. Ids that nobody knows are passed over.
        where: conditions on properties of items, answered by the store as it is now.
        cold_items: ``include``, ``only`` or ``exclude`` the items that nobody had interacted with when the model was
            learned.
        include_seen: items of the history may come back, but for those that it hides.
        met: ``include``, ``only`` or ``exclude`` the items of the history that may come back: what was viewed or put in
            a cart and not bought, where the model lets it be found again (:meth:`AdditiveModel.taken`). ``exclude`` is
            the list of what is new to the person, ``only`` that of what they left behind.

    Raises:
        ConfigError: ``cold_items`` or ``met`` is none of the three words.
    """

    allow: Collection[str] | None = None
    deny: Collection[str] = ()
    where: Sequence[Condition] = ()
    cold_items: ColdItems = "include"
    include_seen: bool = False
    met: Met = "include"

    def __post_init__(self) -> None:
        for what, word in (("cold items", self.cold_items), ("items met before", self.met)):
            if word not in get_args(ColdItems):
                raise ConfigError(
                    f"there is no such way to take {what}.",
                    where=f"filter, {what}",
                    found=shorten(word),
                    expected=f"one of {', '.join(get_args(ColdItems))}",
                    next="choose one",
                )

    @classmethod
    def parse(
        cls,
        schema: GraphSchema | None,
        *,
        allow: Collection[str] | None = None,
        deny: Collection[str] | None = None,
        where: Sequence[str] | None = None,
        cold_items: ColdItems = "include",
        include_seen: bool = False,
        met: Met = "include",
    ) -> Self:
        """The filters of texts, as a command line or an address holds them; a list that is empty was not given.

        Raises:
            ConfigError: a text of ``where`` cannot be read.
        """
        conditions = [Condition.parse(text, schema) for text in where or ()]
        return cls(allow or None, deny or (), conditions, cold_items, include_seen, met)


def check_length(k: int, where: str) -> None:
    """Make sure that a list has a length.

    Raises:
        ConfigError: it has none.
    """
    if k < 1:
        raise ConfigError("k must be at least 1.", where=where, found=str(k), next="ask for one item or more")


def candidates(
    filters: Filters, bundle: Bundle, past: Interactions, store: GraphReader | None
) -> npt.NDArray[np.bool_]:
    """Whether each item passes, ``(items,)``.

    Args:
        past: the history; what it hides, such as an item that was disliked or returned, never passes.
        store: needed for ``filters.where`` alone.

    Raises:
        UnknownItemError: an item of ``filters.allow`` is not in the catalogue.
        ConfigError: a condition that cannot be, or one without a store.
        StoreUnavailableError: there are conditions, and the store cannot be reached.
    """
    items, cold = bundle.items, bundle.model.is_cold
    keep = np.ones(len(items), np.bool_)
    if filters.allow is not None:
        keep[:] = False
        keep[[item_row(bundle, item) for item in filters.allow]] = True
    if filters.where:
        if store is None:
            raise ConfigError(
                "items can be filtered by their properties only with the graph.",
                where="where",
                found="no store is open",
                expected="a store",
                next="name the store that the bundle was learned from",
            )
        passed = matching_items(store, filters.where)
        keep &= np.fromiter((item in passed for item in items), np.bool_, len(items))
    keep[[row for item in filters.deny if (row := items.row(item)) is not None]] = False
    keep[(past.select(past.says != FOR) if filters.include_seen else bundle.model.taken(past)).item] = False
    if filters.met != "include":
        met = np.isin(np.arange(len(items)), past.item)
        keep &= met if filters.met == "only" else ~met
    if bundle.offered is not None:
        keep &= bundle.offered
    if filters.cold_items != "include":
        keep &= cold if filters.cold_items == "only" else ~cold
    return keep


def matching_items(store: GraphReader, where: Sequence[Condition]) -> set[str]:
    """Ids of the items whose properties pass every condition, as the store knows them now.

    Raises:
        ConfigError: unknown property or operator, or a value that cannot be compared with the property.
    """
    schema = schema_of(store)
    properties = tuple(dict.fromkeys(("name", *schema.nodes[schema.item_type].properties)))
    for condition in where:
        _check(condition, properties, schema.item_type)
    passed: set[str] = set()
    for batch in store.export_nodes(schema.item_type):
        keep = [True] * batch.num_rows
        for condition in where:
            values = batch.column(condition.property).to_pylist()
            keep = [kept and _passes(value, condition) for kept, value in zip(keep, values, strict=True)]
        passed.update(uid for uid, kept in zip(batch.column("uid").to_pylist(), keep, strict=True) if kept)
    return passed


def _check(condition: Condition, properties: Collection[str], item_type: str) -> None:
    if condition.property not in properties:
        raise ConfigError(
            "there is no such property to filter by.",
            where=f"filter of {item_type}",
            found=repr(condition.property),
            expected=f"one of {', '.join(properties)}",
            next="correct the name, or add the property to the graph schema and import again",
        )
    if condition.operator not in _OPERATORS:
        raise ConfigError(
            "there is no such comparison.",
            where=f"filter of {item_type}, property {condition.property!r}",
            found=repr(condition.operator),
            expected=f"one of {' '.join(_OPERATORS)}",
            next='write a condition such as Condition("year", ">=", 1990)',
        )


def _passes(value: Any, condition: Condition) -> bool:
    if value is None:
        return False
    compare, wanted = _OPERATORS[condition.operator], condition.value
    try:
        if isinstance(value, list):
            passed = [compare(part, wanted) for part in value]
            return all(passed) if condition.operator == "!=" else any(passed)
        return bool(compare(value, wanted))
    except TypeError as error:
        raise ConfigError(
            "the filter's value cannot be compared with the property.",
            where=f"filter, property {condition.property!r}",
            found=f"{wanted!r} ({type(wanted).__name__})",
            expected=f"something to compare with {type(value).__name__}, such as {value!r}",
            next="give a value of the property's own type",
        ) from error


def _number(value: str, text: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ConfigError(
            "a filter needs a number.",
            where=f"filter {text}",
            found=shorten(value),
            expected="a number, because the graph schema says that the property is one",
            next="correct the value",
        )
    return number
