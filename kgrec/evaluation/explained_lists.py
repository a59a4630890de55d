"""Lists taken apart: what carries the scores of the items on them, and which path is shown of each item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from kgrec.data.context_columns import Asked, Contexts
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.triples import Facts
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.evidence import EvidenceTable
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, EDGE_TO_PAST, SHARED_HEAD, SHARED_TAIL
from kgrec.scoring.path_terms import PathTerms, without_facts

_SHOWN = 0.1
"""Of the best path's value: a path that is worth this much may be shown in its place."""


@dataclass(frozen=True)
class ShownPath:
    """A path from a past item to a listed one.

    Attributes:
        past: row of the past item.
        way, relation, entity: how the two meet, as in :class:`~kgrec.scoring.path_matrix.PathMatrix`.
        value: what the path adds to the score.
    """

    past: int
    way: int
    relation: int
    entity: int
    value: float

    def fact(self, item: int, relations: tuple[str, ...]) -> Facts:
        """The fact of the recommended item that the path ends with."""
        from_item = self.way in (SHARED_TAIL, EDGE_TO_PAST)
        head, tail = (item, self.entity) if from_item else (self.entity, item)
        return Facts(np.array([head]), np.array([self.relation]), np.array([tail]), relations)


@dataclass(frozen=True)
class ExplainedList:
    """One user's list, taken apart.

    Attributes:
        parts: contributions to the scores of its items, in order of rank.
        terms: of each item, what the past items add through each way to meet it.
    """

    parts: Contributions
    terms: tuple[PathTerms, ...]

    @cached_property
    def table(self) -> EvidenceTable:
        """What each past item adds to each item by evidence."""
        return EvidenceTable.of(self.parts.channels, self.parts.values)

    @cached_property
    def positive(self) -> Array:
        """The positive score of each item, ``(m,)``."""
        return self.table.positive(*self.parts.whoever_asks)

    @property
    def path_shares(self) -> Array:
        """Share of each item's positive score that flows through explicit paths, ``(m,)``."""
        return self.table.path_shares(*self.parts.whoever_asks)

    def evidence_shares(self) -> dict[str, float]:
        """Share of the whole list's positive score by evidence, then of ``popularity``, ``trend`` and ``context``."""
        total = max(float(self.positive.sum()), 1e-12)
        sums = np.maximum(self.table.values, 0.0).sum(axis=(1, 2))
        shares = {name: float(value) / total for name, value in zip(self.table.names, sums, strict=True)}
        beside = {"popularity": self.parts.prior}
        beside |= {"trend": self.parts.trend} if self.parts.trend.any() else {}
        beside |= {"context": self.parts.contexts} if self.parts.contexts.any() else {}
        return shares | {name: float(np.maximum(part, 0.0).sum()) / total for name, part in beside.items()}

    def entity_shares(self, n: int = 3) -> Array:
        """Share of each item's positive score by its n strongest entities, summed over past items, ``(m,)``."""
        best = [
            _largest(np.bincount(np.unique(of.entity, return_inverse=True)[1], of.values.sum(axis=0)), n)
            for of in self.terms
        ]
        return self._share(np.array(best))

    def past_item_shares(self, n: int = 3) -> Array:
        """Share of each item's positive score by the n past items that add most, by all evidence, ``(m,)``."""
        of_past = np.maximum(self.table.values, 0.0).sum(axis=0)
        return self._share(np.array([_largest(column, n) for column in of_past.T]))

    def shown(
        self, recency: Array | None = None, popularity: Callable[[PathTerms], Array] | None = None
    ) -> list[ShownPath | None]:
        """The path to show of each item; None where there is none.

        Of the paths worth a tenth of the item's best one or more: one with a relation that the list has not had yet,
        then the one whose past item is recent and whose entity is popular, by the sum of both, then the best.

        Args:
            recency: of the past items, 0 to 1, ``(h,)``; None where unknown.
            popularity: of the nodes that an item's paths go over, 0 to 1, ``(paths,)``; all the same without it.
        """
        had: set[int] = set()
        paths: list[ShownPath | None] = []
        for of in self.terms:
            best = of.values.max(initial=0.0)
            if best <= 0:
                paths.append(None)
                continue
            past, feature = np.nonzero(of.values >= _SHOWN * best)
            is_new = ~np.isin(of.relation[feature], list(had))
            merit = np.zeros(len(past)) if recency is None else recency[past]
            if popularity is not None:
                merit = merit + popularity(of)[feature]
            first = int(np.lexsort((-of.values[past, feature], -merit, ~is_new))[0])
            h, f = int(past[first]), int(feature[first])
            had.add(int(of.relation[f]))
            paths.append(
                ShownPath(
                    int(self.parts.history[h]),
                    int(of.way[f]),
                    int(of.relation[f]),
                    int(of.entity[f]),
                    float(of.values[h, f]),
                )
            )
        return paths

    def fact_value(self, position: int, path: ShownPath) -> float:
        """What the fact that a path ends with adds to the score, through all past items."""
        of = self.terms[position]
        ways = (SHARED_TAIL, EDGE_TO_PAST) if path.way in (SHARED_TAIL, EDGE_TO_PAST) else (SHARED_HEAD, EDGE_FROM_PAST)
        over = np.isin(of.way, ways) & (of.relation == path.relation) & (of.entity == path.entity)
        return float(of.values[:, over].sum())

    def _share(self, values: Array) -> Array:
        shares: Array = values / np.where(self.positive > 0, self.positive, 1.0)
        return shares


def explained_lists(
    model: AdditiveModel, known: Interactions, users: IntArray, lists: IntArray, asked: Contexts | None = None
) -> Iterator[tuple[Interactions, ExplainedList]]:
    """Each user's interactions and list, taken apart; users whose list is empty are left out.

    Args:
        known: interactions of all users.
        users: user rows ``(n,)``.
        lists: item rows, best first, ``(n, k)``; -1 where a list ends early.
        asked: the context of every user row.
    """
    order = np.argsort(known.user, kind="stable")
    starts, ends = (np.searchsorted(known.user[order], users, side) for side in ("left", "right"))
    for n, user in enumerate(users.tolist()):
        items = lists[n][lists[n] >= 0]
        if len(items):
            own = known.select(order[starts[n] : ends[n]])
            parts = model.contributions(own, items, None if asked is None else asked.of_user(user))
            terms = tuple(PathTerms.of(model, parts))
            yield own, ExplainedList(parts, terms)


def deletion_error(
    model: AdditiveModel, own: Interactions, explained: ExplainedList, position: int, path: ShownPath, asked: Asked
) -> float:
    """How far the number shown of a fact is from what the score loses when the fact leaves the graph.

    Nothing is learned again; the whole catalogue is scored again as for an answer.
    """
    item = int(explained.parts.items[position])
    relations = tuple(map(str, range(path.relation + 1)))
    lesser = without_facts(model, path.fact(item, relations))
    one_user = replace(own, user=np.zeros(len(own), np.int64))
    before, after = (each.scores(each.histories(one_user, 1, asked))[0, item] for each in (model, lesser))
    return abs(float(before - after) - explained.fact_value(position, path))


def _largest(values: Array, n: int) -> float:
    """The sum of the n largest."""
    return float(np.sort(values)[::-1][:n].sum())
