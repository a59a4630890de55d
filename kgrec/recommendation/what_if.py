"""What if: the list of somebody with a past item or an entity left out, or with something done besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import IntArray, Interactions
from kgrec.errors import UnknownIdError, UnknownItemError, shorten
from kgrec.explanation.explainer import Explainer, Person
from kgrec.explanation.explanation import Explanation
from kgrec.graph.store import GraphReader
from kgrec.graph.store_link import GraphLink
from kgrec.recommendation.answer_types import History, RankChange
from kgrec.recommendation.filters import Filters, candidates
from kgrec.recommendation.fold_in import PastInteraction, fold_in, item_row
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.path_matrix import PathMatrix
from kgrec.scoring.scored import Scored
from kgrec.scoring.top_k import rank_of


@dataclass(frozen=True)
class Change:
    """Somebody with another history, and the bundle as it would answer them.

    Attributes:
        bundle: without what meets in the entities that are left out; nothing is learned again.
        person: with the changed history.
    """

    bundle: Bundle
    person: Person

    @classmethod
    def of(
        cls, bundle: Bundle, person: Person, without: Sequence[str], without_entities: Sequence[str], add: History
    ) -> Self:
        """The change; arguments as for :meth:`~kgrec.recommendation.recommender.Recommender.what_if`.

        Raises:
            UnknownItemError: an item is not in the catalogue, or one of ``without`` is not in the history.
            UnknownIdError: an entity is not in the graph that the bundle was learned from.
        """
        past = person.interactions
        left_out = np.array([_past_row(bundle, past, item) for item in without], np.int64)
        kept = past.select(~np.isin(past.item, left_out))
        if len(add):
            kept = _with(kept, add, bundle)
        if without_entities:
            nodes = [_node_row(bundle, node) for node in without_entities]
            bundle = replace(bundle, model=_without_meetings(bundle.model, np.array(nodes, np.int64)))
        return cls(bundle, replace(person, interactions=kept))


@dataclass(frozen=True)
class RankedList:
    """A list before it is told.

    Attributes:
        bundle, person: what it was made from.
        among: which items passed the filters, bool ``(items,)``.
        scored: the scores of all items.
        best: rows of the list, best first.
    """

    bundle: Bundle
    person: Person
    among: npt.NDArray[np.bool_]
    scored: Scored
    best: IntArray

    def explanations(self, link: GraphLink, counterfactuals: bool) -> list[Explanation]:
        """Of each item of the list."""
        explainer = Explainer(self.bundle, self.person, link)
        return explainer.explain(self.best, self.scored, self.among, counterfactuals)

    def explanation(self, row: int, link: GraphLink) -> Explanation:
        """Of any item, wherever it stands."""
        rows = np.array([row], np.int64)
        return Explainer(self.bundle, self.person, link).explain(rows, self.scored, self.among)[0]

    def rank(self, row: int) -> int | None:
        """Place of an item among the candidates, from 1; None where it is none."""
        return rank_of(row, self.scored.scores, self.among) if self.among[row] else None


def both_lists(
    bundle: Bundle, store: GraphReader | None, person: Person, change: Change, filters: Filters, k: int
) -> tuple[RankedList, RankedList]:
    """The list as it is, and with the change.

    Raises:
        UnknownItemError: an item of ``filters.allow`` is not in the catalogue.
        ConfigError: ``filters.where`` without a store.
        StoreUnavailableError: there are conditions, and the store cannot be reached.
    """

    def ranked(bundle: Bundle, person: Person) -> RankedList:
        among, scored = candidates(filters, bundle, person.interactions, store), person.scored(bundle)
        return RankedList(bundle, person, among, scored, scored.best(among, k))

    return ranked(bundle, person), ranked(change.bundle, change.person)


def rank_changes(before: RankedList, after: RankedList, besides: Sequence[int] = ()) -> list[RankChange]:
    """Where each item of either list stands in both, those of the second list first.

    Args:
        besides: rows of further items.
    """
    bundle = before.bundle
    rows = dict.fromkeys([*after.best.tolist(), *before.best.tolist(), *besides])
    return [
        RankChange(
            bundle.items[row],
            bundle.names[row],
            float(before.scored.scores[row]),
            float(after.scored.scores[row]),
            before.rank(row),
            after.rank(row),
        )
        for row in rows
    ]


def _past_row(bundle: Bundle, past: Interactions, item: str) -> int:
    row = item_row(bundle, item)
    if row not in past.item:
        raise UnknownItemError(
            "an item that is to be left out is not in the history.",
            where="without",
            found=shorten(item),
            expected=f"one of the {len(np.unique(past.item))} items of the history",
            next="leave out an item that the history has",
        )
    return row


def _node_row(bundle: Bundle, node: str) -> int:
    row = bundle.nodes.row(node)
    if row is None:
        raise UnknownIdError(
            "there is no such node in the bundle.",
            where="without_entities",
            found=shorten(node),
            expected="Type:id of a node, as explanations name the entity of a reason",
            next=f"a node looks like {shorten(bundle.nodes[len(bundle.nodes) - 1])}",
        )
    return row


def _with(past: Interactions, add: History, bundle: Bundle) -> Interactions:
    """The history with more; what has no time is done after everything that has one."""
    given = [PastInteraction(entry) if isinstance(entry, str) else entry for entry in add]
    if past.has_time:
        latest = float(past.time.max())
        given = [replace(one, time=latest + n) if one.time is None else one for n, one in enumerate(given, start=1)]
    more = fold_in(given, bundle)
    names = {
        name: tuple(dict.fromkeys([*getattr(past, name), *getattr(more, name)]))
        for name in ("kinds", "platforms", "types")
    }
    return _renumbered(past, names).joined(_renumbered(more, names))


def _renumbered(past: Interactions, names: Mapping[str, tuple[str, ...]]) -> Interactions:
    """The same interactions with kinds, platforms and types numbered as in ``names``."""
    numbers = {
        name.removesuffix("s"): np.array([names[name].index(own) for own in getattr(past, name)], np.int64)[
            getattr(past, name.removesuffix("s"))
        ]
        for name in names
    }
    return replace(past, **names, **numbers)  # type: ignore[arg-type]  # names of fields


def _without_meetings(model: AdditiveModel, nodes: IntArray) -> AdditiveModel:
    """The model of a graph in which no item has a fact with some nodes; nothing is learned again."""
    matrices = (channel.matrix for channel in model.channels)
    return model.with_matrices(
        [
            matrix.weighed((~np.isin(matrix.entity, nodes)).astype(np.float64))
            if isinstance(matrix, PathMatrix)
            else matrix
            for matrix in matrices
        ]
    )
