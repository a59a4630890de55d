"""Rows of one user, item, kind, platform and time put together as the schema says: their sum, largest, last or each.

    ann, 1, play, 3       -> weight 3
    ann, 1, play, 5       -> weight 8     the same interaction, as its key says
    ann, 1, play, 1       -> weight 9     what the store keeps, because the last record of a key wins

So the records stay as many as the rows, an interrupted import goes on anywhere, and the same source imported twice
leaves the same. What is put together must come in one import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc

from kgrec.data.dataset import Array
from kgrec.data.records import Interaction, InteractionColumns, Record
from kgrec.schema.meanings import has_word, meaning
from kgrec.schema.model import GraphSchema, Repeats


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

    def adds_up(self, record: Interaction) -> bool:
        """Whether a record counts otherwise than in place of the one before it."""
        return self.of(record)[0] != "last"

    def _rule(self, type: str, kind: str, untimed: bool) -> tuple[Repeats, bool]:
        means = meaning(self._schema, type, kind)
        if means.repeats is not None:
            return means.repeats, True
        judges = means.weights.stars is not None or has_word(kind, "rates")
        return ("sum" if untimed and means.speaks == "for" and not judges else "last"), False


class RepeatedInteractions:
    """Puts the interactions of all tables together, block by block in their order."""

    def __init__(self, schema: GraphSchema) -> None:
        self._rules, self._totals = RepeatRules(schema), _Totals()

    def put_together(self, records: Sequence[Record]) -> Sequence[Record]:
        """The interactions, each with what it and those of its key before it come to; columns where none adds up."""
        if isinstance(records, InteractionColumns) and not self._some_add_up(records):
            return records
        block = list(records)
        adding = [n for n, one in enumerate(block) if isinstance(one, Interaction) and self._rules.adds_up(one)]
        ones = [block[n] for n in adding]
        for n, one in zip(adding, self._totals.with_totals(ones, self._rules) if ones else (), strict=True):
            block[n] = one
        return block

    def _some_add_up(self, records: InteractionColumns) -> bool:
        unknown = records.columns["time"].null_count
        untimed = {True} if unknown == len(records) else {False, unknown > 0}
        kinds = pc.unique(records.columns["kind"]).to_pylist()
        return any(self._rules.of_kind(records.type, kind, none)[0] != "last" for kind in kinds for none in untimed)


class _Totals:
    """What the rows of each key have come to, 16 bytes a key: hashes in sorted runs, of which few are alike in size."""

    def __init__(self) -> None:
        self._runs: list[tuple[Array, Array]] = []

    def with_totals(self, records: Iterable[Record], rules: RepeatRules) -> list[Interaction]:
        """The records with their running totals: of weights, or for ``each`` of rows, which number them."""
        interactions = [record for record in records if isinstance(record, Interaction)]
        hashes = np.array([hash((r.type, r.user, r.item, r.key)) for r in interactions], np.int64)
        before = self._look_up(hashes)
        changed: dict[int, float] = {}
        result = []
        for record, key, known in zip(interactions, hashes.tolist(), before.tolist(), strict=True):
            rule, _ = rules.of(record)
            so_far = changed.get(key, known)
            first = so_far != so_far  # nan: none so far
            if rule == "each":
                number = 0 if first else int(so_far) + 1
                changed[key] = number
                result.append(replace(record, repeat=number))
            else:
                weight = record.weight
                total = weight if first else so_far + weight if rule == "sum" else max(so_far, weight)
                changed[key] = total
                result.append(record if first else replace(record, weight=total))
        self._keep(changed)
        return result

    def _look_up(self, hashes: Array) -> Array:
        """The total of each hash, nan where there is none yet."""
        found = np.full(len(hashes), np.nan)
        for keys, values in self._runs:
            place = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
            there = keys[place] == hashes
            found[there] = values[place[there]]
        return found

    def _keep(self, changed: dict[int, float]) -> None:
        hashes, totals = np.array(list(changed), np.int64), np.array(list(changed.values()), np.float64)
        fresh = np.ones(len(hashes), np.bool_)
        for keys, values in self._runs:
            place = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
            there = keys[place] == hashes
            values[place[there]] = totals[there]
            fresh &= ~there
        order = np.argsort(hashes[fresh])
        if not len(order):
            return
        self._runs.append((hashes[fresh][order], totals[fresh][order]))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (keys, values), (more, further) = self._runs[-2:]
            keys, values = np.concatenate([keys, more]), np.concatenate([values, further])
            order = np.argsort(keys, kind="stable")
            self._runs[-2:] = [(keys[order], values[order])]
