"""Data checks of behaviour: what weights and kinds will be taken to say, and what becomes of repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from kgrec.data.dataset import Array
from kgrec.data.record_columns import InteractionColumns
from kgrec.errors import shorten
from kgrec.extract.repeats import RepeatRules
from kgrec.schema.forms import Repeats, Speaks
from kgrec.schema.meanings import Meaning, meaning
from kgrec.schema.model import GraphSchema

_TAKEN: dict[Speaks, str] = {
    "for": "speaking for their item",
    "against": "speaking against their item: no reason, not recommended again, what spoke for it before is taken back",
    "filter": "hiding their item: no reason, not recommended again, what spoke for it before is taken back",
    "nothing": "saying nothing, and left out",
}
_PUT_TOGETHER: dict[Repeats, str] = {
    "sum": "their weights add up",
    "max": "the largest weight counts",
    "last": "the last row counts, the others do not",
    "each": "each counts as one",
}

Finding = tuple[str, bool, int, int, str | None]
"""What is asked, whether it is a warning, how many there are, of how many, and the first one in words."""


@dataclass
class _Repeated:
    """Repeats of one kind: how they are put together, whether the schema says so, the first of them, how many."""

    rule: Repeats
    is_given: bool
    first: str
    rows: int = 0


class BehaviourChecks:
    """What interactions say of their items, counted while they are read.

    Args:
        schema: says what kinds and weights mean.
    """

    def __init__(self, schema: GraphSchema) -> None:
        self._schema = schema
        self._meanings: dict[tuple[str, str], Meaning] = {}
        self._of_kind: Counter[tuple[str, str]] = Counter()
        self._turned: Counter[tuple[str, str, bool, Speaks]] = Counter()
        self._first: dict[tuple[str, ...] | tuple[str, str, bool, Speaks], str] = {}
        self._rules = RepeatRules(schema)
        self._repeats: dict[tuple[str, str, bool], _Repeated] = {}

    def note(self, block: InteractionColumns, words: Callable[[int], str]) -> None:
        """Count some; ``words`` name one by its row."""
        weights = block.columns["weight"].to_numpy()
        turned: dict[tuple[str, str, bool, Speaks], tuple[int, int]] = {}
        for kind, rows in _by_kind(block):
            name = block.type, kind
            if name not in self._meanings:
                self._meanings[name] = meaning(self._schema, *name)
                self._first[name] = _joined(words, weights, rows[0])
            means = self._meanings[name]
            self._of_kind[name] += len(rows)
            if means.speaks == "for":
                of_kind = np.unique(weights[rows], return_index=True, return_counts=True)
                for weight, place, count in zip(*(column.tolist() for column in of_kind), strict=True):
                    says = means.of(weight)
                    if says != "for" or weight <= 0:
                        sort = (*name, weight <= 0, says)
                        first, before = turned.get(sort, (rows[place], 0))
                        turned[sort] = min(first, rows[place]), before + count
        for sort, (row, count) in sorted(turned.items(), key=lambda one: one[1]):
            self._turned[sort] += count
            if sort not in self._first:
                self._first[sort] = _joined(words, weights, row)

    def note_repeats(self, block: InteractionColumns, rows: Array, words: Callable[[int], str]) -> None:
        """Count rows that state again what another before them did: user, item, kind, platform and time."""
        weights, untimed = block.columns["weight"].to_numpy(), block.columns["time"].is_null().to_numpy(False)
        for kind, of_kind in _by_kind(block):
            for no_time in (False, True):
                some = of_kind[np.isin(of_kind, rows) & (untimed[of_kind] == no_time)]
                name = block.type, kind, no_time
                if len(some) and name not in self._repeats:
                    rule = self._rules.of_kind(*name)
                    self._repeats[name] = _Repeated(*rule, _joined(words, weights, some[0]))
                if len(some):
                    self._repeats[name].rows += len(some)

    def findings(self) -> Iterator[Finding]:
        """What there is to tell; one without a warning where every interaction speaks for its item."""
        total = sum(self._of_kind.values())
        if all(means.speaks == "for" for means in self._meanings.values()) and not self._turned:
            yield "interactions that do not speak for their item", False, 0, total, None
        for name, means in self._meanings.items():
            if means.speaks != "for":
                what = f"interactions of kind {_named(name)} are taken as {_TAKEN[means.speaks]} ({means.why})"
                yield what, "schema" not in means.why, self._of_kind[name], total, self._first[name]
        for turned, count in self._turned.items():
            type, kind, low, says = turned
            what = f"interactions of kind {_named((type, kind))} with {self._weights(turned)} are taken as "
            yield what + _TAKEN[says], low, count, self._of_kind[type, kind], self._first[turned]

        for (type, kind, untimed), repeats in self._repeats.items():
            without = "without a time" if untimed else "of one time"
            what = f"repeated interactions of kind {_named((type, kind))} {without}: {_PUT_TOGETHER[repeats.rule]}"
            why = " (as the schema says)" if repeats.is_given else ""
            yield what + why, not repeats.is_given, repeats.rows, self._of_kind[type, kind], repeats.first

    def _weights(self, turned: tuple[str, str, bool, Speaks]) -> str:
        """The weights in question, in words."""
        up_to, least = self._meanings[turned[:2]].limits
        if turned[2]:
            return "a weight below 0" if turned[3] == "against" and up_to < 0 else "a weight of 0 or below"
        return f"a weight up to {up_to:g}" if turned[3] == "against" else f"a weight between {up_to:g} and {least:g}"


def unreadable_types(schema: GraphSchema, nodes: Mapping[str, int]) -> Iterator[Finding]:
    """Node types that no path is shown over, because their nodes have only ids to be called by.

    Args:
        nodes: how many there are of each type.
    """
    for type in schema.nodes:
        if nodes.get(type) and type not in (schema.user_type, schema.item_type) and not schema.has_names(type):
            what = f"{type} has no names, so no reason is shown over one: give it a property `name` with a column"
            yield what, True, nodes[type], nodes[type], None


def _named(name: tuple[str, str]) -> str:
    return f"{shorten(name[1], 60)} ({name[0]})"


def _by_kind(block: InteractionColumns) -> list[tuple[str, Array]]:
    """The rows of each kind, kinds as they come."""
    kinds = block.columns["kind"]
    codes = kinds.indices.to_numpy()
    here, first = np.unique(codes, return_index=True)
    names = kinds.dictionary.to_pylist()
    return [(names[code], np.flatnonzero(codes == code)) for code in here[np.argsort(first)].tolist()]


def _joined(words: Callable[[int], str], weights: Array, row: int) -> str:
    return f"{words(row)} weight {weights[row]:g}"
