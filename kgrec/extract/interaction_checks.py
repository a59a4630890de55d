"""Data checks of interactions: unknown nodes, repeats, times, and what training will refuse."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from kgrec.config import MAX_DROPPED
from kgrec.data.dataset import Array, Interactions
from kgrec.data.record_columns import InteractionColumns, Numbering
from kgrec.extract.behaviour_checks import BehaviourChecks
from kgrec.extract.check_counts import Check, Count, CountPerTable, NodeName
from kgrec.extract.repeats import RunningTotals, hashes_of
from kgrec.extract.training_forecast import refusals
from kgrec.schema.meanings import meaning
from kgrec.schema.model import GraphSchema

_DAY = 86_400.0
_LIKELY_UNIX = 1e8
"""Times from here on (1973) are unix seconds; positions stay below."""


class InteractionChecks:
    """Looks at interactions block by block, as columns.

    Args:
        nodes: ids of the users and of the items that the sources describe.
        near: what is nearly an unknown node, in words.
    """

    def __init__(
        self, schema: GraphSchema, nodes: tuple[Sequence[str], Sequence[str]], near: Callable[[NodeName], str]
    ) -> None:
        self._schema = schema
        self._types = schema.user_type, schema.item_type
        self._nodes = nodes
        self._numbers = tuple(Numbering(sorted(ids)) for ids in nodes)
        self._near = near
        self._stated = RunningTotals()
        self._behaviour = BehaviourChecks(schema)
        self._repeated, self._unknown, self._zero, self._future, self._units = (Count() for _ in range(5))
        self._dangling = CountPerTable()
        self._taken: list[tuple[Array, Array, Array, Array]] = []
        self._tomorrow = time.time() + _DAY

    def look(self, table: str, block: InteractionColumns) -> None:
        """Count what is odd in some interactions of a table."""
        users, items = (
            numbers.of_all(column.dictionary)[column.indices.to_numpy()]
            for numbers, column in zip(self._numbers, (block.columns["user"], block.columns["item"]), strict=True)
        )
        times = block.columns["time"].fill_null(np.nan).to_numpy()

        def ends(row: int) -> tuple[NodeName, NodeName]:
            record = block[row]
            return NodeName(self._types[0], record.user), NodeName(self._types[1], record.item)

        def words(row: int) -> str:
            user, item = ends(row)
            return f"{user} {item} time {block[row].time} in table {table}"

        def missing(row: int) -> str:
            end = ends(row)[0 if users[row] < 0 else 1]
            return " ".join(filter(None, (str(end), "in table", table, self._near(end))))

        self._behaviour.note(block, words)
        _, first = self._stated.count(hashes_of(block))
        self._repeated.note_rows(~first, words)
        self._behaviour.note_repeats(block, np.flatnonzero(~first), words)
        there = (users >= 0) & (items >= 0)
        self._dangling.note_rows(table, ~there, missing)
        with np.errstate(invalid="ignore"):
            self._unknown.note_rows(np.isnan(times), words)
            self._zero.note_rows(times == 0.0, words)
            self._future.note_rows(times > self._tomorrow, words)
            self._units.note_rows((times > 0) & (times < _LIKELY_UNIX), words)
        self._taken.append((users[there], items[there], times[there], self._speaks_for(block)[there]))

    def _speaks_for(self, block: InteractionColumns) -> Array:
        """Whether each interaction speaks for its item."""
        kinds, weights = block.columns["kind"], block.columns["weight"].to_numpy()
        codes, speaks = kinds.indices.to_numpy(), np.zeros(len(block), np.bool_)
        for code, kind in enumerate(kinds.dictionary.to_pylist()):
            of_kind = codes == code
            different, place = np.unique(weights[of_kind], return_inverse=True)
            means = meaning(self._schema, block.type, kind)
            speaks[of_kind] = np.array([means.of(weight) == "for" for weight in different.tolist()], np.bool_)[place]
        return speaks

    def checks(self) -> Iterator[Check]:
        """The answers about everything that was looked at."""
        yield self._repeated.check("interactions stated twice", "WARN")
        yield self._dangling.check("interactions of users or items that no table describes", MAX_DROPPED)
        yield from (
            Check(what, "WARN" if odd else "PASS", count, of, first)
            for what, odd, count, of, first in self._behaviour.findings()
        )
        yield self._unknown.check("interactions without time", "WARN")
        if 0 < self._zero.odd < self._zero.of and not self._units.odd:
            yield self._zero.check("times that are zero among unix seconds", "WARN")
        yield self._future.check("times in the future", "WARN")
        if 0 < self._units.odd < self._units.of - self._zero.odd - self._unknown.odd:
            yield self._units.check("positions among unix seconds", "FAIL")
        parts = zip(*self._taken, strict=True) if self._taken else ([np.empty(0)],) * 4
        users, items, times, speaks = map(np.concatenate, parts)
        yield self._without_order(users.astype(np.int64), times)
        told = speaks.astype(np.bool_)
        for what, found, of in refusals(Interactions.of_pairs(users[told], items[told], times[told])):
            yield Check(f"too little for training, which needs {what}", "FAIL", found, of)
        yield self._absent(0, users).check("users without any interaction", "WARN")
        cold = "items without any interaction (new ones; they are recommended from facts and text)"
        yield self._absent(1, items).check(cold, "PASS")

    def _without_order(self, users: Array, times: Array) -> Check:
        """Users with several interactions that all have the same time, the one of the first of them first."""
        order = np.argsort(users, kind="stable")
        one, moments = users[order], times[order].view(np.int64)
        starts = np.flatnonzero(np.r_[True, one[1:] != one[:-1]]) if len(one) else np.empty(0, np.int64)
        sizes = np.diff(np.r_[starts, len(one)])
        others = np.r_[False, (moments[1:] != moments[:-1]) & (one[1:] == one[:-1])]
        alike = (np.add.reduceat(others, starts) == 0) if len(starts) else np.empty(0, np.bool_)
        several = np.flatnonzero(sizes > 1)
        several = several[np.argsort(order[starts[several]])]  # as they come in the sources
        count = Count()
        ids = sorted(self._nodes[0])
        count.note_rows(alike[several], lambda n: str(NodeName(self._types[0], ids[one[starts[several[n]]]])))
        return count.check("users whose interactions all have the same time, so no order", "WARN")

    def _absent(self, side: int, taken: Array) -> Count:
        """Nodes without an interaction."""
        count, numbers = Count(), self._numbers[side]
        ids = list(self._nodes[side])
        is_taken = np.isin([numbers.of(uid) for uid in ids], taken)
        count.note_rows(~is_taken, lambda n: str(NodeName(self._types[side], ids[n])))
        return count
