"""Rows of one user, item, kind, platform and time put together as the schema says: their sum, largest, last or each.

    ann, 1, play, 3       -> weight 3
    ann, 1, play, 5       -> weight 8     the same interaction, as its key says
    ann, 1, play, 1       -> weight 9     what the store keeps, because the last record of a key wins

So the records stay as many as the rows, an interrupted import goes on anywhere, and the same source imported twice
leaves the same. What is put together must come in one import.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kgrec.data.dataset import Array
from kgrec.data.record_columns import InteractionColumns
from kgrec.data.records import Interaction
from kgrec.schema.forms import Repeats
from kgrec.schema.meanings import has_word, meaning
from kgrec.schema.model import GraphSchema


class RepeatRules:
    """How repeats of each type and kind add up.

    Where the schema does not say: with a time they are one event stated twice, and the last row counts; without one
    they add up, but for judgements such as stars and what speaks against its item, of which the last counts.
    """

    def __init__(self, schema: GraphSchema) -> None:
        self._schema = schema
        self._rules: dict[tuple[str, str, bool], tuple[Repeats, bool]] = {}

    def of(self, record: Interaction) -> tuple[Repeats, bool]:
        """The rule, and whether the schema says so."""
        return self.of_kind(record.type, record.kind, record.time is None)

    def of_kind(self, type: str, kind: str, untimed: bool) -> tuple[Repeats, bool]:
        """The same by type, kind and whether the time is unknown."""
        name = type, kind, untimed
        if name not in self._rules:
            self._rules[name] = self._rule(*name)
        return self._rules[name]

    def _rule(self, type: str, kind: str, untimed: bool) -> tuple[Repeats, bool]:
        means = meaning(self._schema, type, kind)
        if means.repeats is not None:
            return means.repeats, True
        judges = means.weights.stars is not None or has_word(kind, "rates")
        return ("sum" if untimed and means.speaks == "for" and not judges else "last"), False


class RepeatedInteractions:
    """Puts the interactions of all tables together, block by block in their order."""

    def __init__(self, schema: GraphSchema) -> None:
        self._rules, self._totals = RepeatRules(schema), RunningTotals()

    def put_together(self, records: InteractionColumns) -> InteractionColumns:
        """The interactions, each with what it and those of its key before it come to."""
        rules = self._rules_of_rows(records)
        rows = np.flatnonzero(rules != _LAST)
        if not len(rows):
            return records
        hashes, weights = hashes_of(records)[rows], records.columns["weight"].to_numpy()
        totals, first = self._totals.after(hashes, weights[rows], rules[rows])
        each, weights, repeat = rules[rows] == _EACH, weights.copy(), np.zeros(len(records), np.int64)
        weights[rows] = np.where(each, weights[rows], totals)
        repeat[rows] = np.where(each & ~first, totals, 0)
        return records.with_columns({"weight": pa.array(weights), "repeat": pa.array(repeat)})

    def _rules_of_rows(self, records: InteractionColumns) -> Array:
        """Place of each row's rule in ``_RULES``."""
        kinds = records.columns["kind"]
        of_kind = [
            [_RULES.index(self._rules.of_kind(records.type, kind, untimed)[0]) for untimed in (False, True)]
            for kind in kinds.dictionary.to_pylist()
        ]
        untimed = records.columns["time"].is_null().to_numpy(zero_copy_only=False)
        table = np.array(of_kind, np.int8).reshape(-1, 2)
        rules: Array = table[kinds.indices.to_numpy(), untimed.astype(np.int8)]
        return rules


_RULES: tuple[Repeats, ...] = ("last", "sum", "max", "each")
_LAST, _SUM, _MAX, _EACH = range(len(_RULES))


def hashes_of(records: InteractionColumns) -> Array:
    """A number for the key of each record: of its type, user, item, kind, platform and time."""
    start = hash((records.type, records.platform))
    hashes = np.full(len(records), start, np.int64).view(np.uint64)
    for name in ("user", "item", "kind"):
        column = records.columns[name]
        of_text = np.array([hash(text) for text in column.dictionary.to_pylist()], np.int64).view(np.uint64)
        hashes = _mixed(hashes ^ of_text[column.indices.to_numpy()])
    times = records.columns["time"].fill_null(np.nan).to_numpy()
    return _mixed(hashes ^ times.view(np.uint64)).view(np.int64)


def _mixed(numbers: Array) -> Array:
    """Numbers of which every bit depends on every bit of the given ones: the finalizer of splitmix64."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    mixed: Array = numbers ^ (numbers >> np.uint64(31))
    return mixed


class RunningTotals:
    """What the rows of each key have come to, 16 bytes a key: hashes in sorted runs, of which few are alike in size."""

    def __init__(self) -> None:
        self._runs: list[tuple[Array, Array]] = []

    def after(self, hashes: Array, weights: Array, rules: Array) -> tuple[Array, Array]:
        """Running total after each row: of weights, or for ``each`` of rows, which numbers them from 0; whether the
        row is the first of its key."""
        keys, key = np.unique(hashes, return_inverse=True)
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
        turn = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
        so_far = self._look_up(keys)
        totals, first = np.empty(len(hashes)), np.zeros(len(hashes), np.bool_)
        by_turn = order[np.argsort(turn, kind="stable")]
        for rows in np.split(by_turn, np.cumsum(np.bincount(turn))[:-1]):  # each key once in each of them
            before, weight, rule = so_far[key[rows]], weights[rows], rules[rows]
            first[rows] = np.isnan(before)
            later = np.select([rule == _SUM, rule == _MAX], [before + weight, np.maximum(before, weight)], before + 1)
            totals[rows] = np.where(first[rows], np.where(rule == _EACH, 0.0, weight), later)
            so_far[key[rows]] = totals[rows]
        self._keep(keys, so_far)
        return totals, first

    def count(self, hashes: Array) -> tuple[Array, Array]:
        """Number of each row among those of its key, from 0, and whether it is the first."""
        return self.after(hashes, np.zeros(len(hashes)), np.full(len(hashes), _EACH))

    def _look_up(self, hashes: Array) -> Array:
        """The total of each hash, nan where there is none yet."""
        found = np.full(len(hashes), np.nan)
        for keys, values in self._runs:
            place = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
            there = keys[place] == hashes
            found[there] = values[place[there]]
        return found

    def _keep(self, hashes: Array, totals: Array) -> None:
        """Remember the totals of some hashes, which are sorted."""
        fresh = np.ones(len(hashes), np.bool_)
        for keys, values in self._runs:
            place = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
            there = keys[place] == hashes
            values[place[there]] = totals[there]
            fresh &= ~there
        if not fresh.any():
            return
        self._runs.append((hashes[fresh], totals[fresh]))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (keys, values), (more, further) = self._runs[-2:]
            keys, values = np.concatenate([keys, more]), np.concatenate([values, further])
            order = np.argsort(keys, kind="stable")
            self._runs[-2:] = [(keys[order], values[order])]
