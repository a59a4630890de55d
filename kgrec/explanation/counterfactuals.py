"""Scores and ranks without a past item or an entity, computed by scoring again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array, IntArray
from kgrec.explanation.reasons import Counterfactual
from kgrec.parallel.cached_attribute import cached_property
from kgrec.scoring.contributions import Contributions
from kgrec.scoring.path_terms import through_entity
from kgrec.scoring.scored import Scored
from kgrec.scoring.top_k import rank_of


class Counterfactuals:
    """Effects of leaving something out, each scored once, however many items ask, and past items all together.

    Args:
        bundle: the learned model.
        contributions: of the person's history.
        scored: the scores of all items, as they rank.
        among: which items ranks are counted among, bool ``(items,)``.
        past_items: rows of those that will be asked about.
        without: scores of all items ``(n, items)``, each row as if the person had never interacted with one of n.
    """

    def __init__(
        self,
        bundle: Bundle,
        contributions: Contributions,
        scored: Scored,
        among: npt.NDArray[np.bool_],
        past_items: IntArray,
        without: Callable[[IntArray], Array],
    ) -> None:
        self._bundle = bundle
        self._contributions = contributions
        self._scored = scored
        self._among = among
        self._n_candidates = int(np.count_nonzero(among))
        self._asked = np.unique(past_items)
        self._score_again = without
        self._entities: dict[int, Array] = {}
        self._ranks: dict[int, int] = {}

    @cached_property
    def _past_items(self) -> dict[int, Array]:
        """Scores of all items without each of the past items."""
        return dict(zip(self._asked.tolist(), self._score_again(self._asked), strict=True))

    @cached_property
    def _through(self) -> Callable[[int], Array]:
        return through_entity(self._bundle.model, self._contributions)

    def without_past_item(self, past: int, row: int) -> Counterfactual:
        """Score and rank of an item without every interaction with a past one; both are given by their rows."""
        return self._effect(self._bundle.items[past], past, self._past_items[past], row)

    def without_entity(self, entity: int, row: int) -> Counterfactual:
        """Score and rank of an item where no item has any fact with an entity, which is given by its row."""
        if entity not in self._entities:
            self._entities[entity] = self._scored.scores - self._through(entity)
        _, _, uid = self._bundle.nodes[entity].partition(":")
        return self._effect(uid, entity, self._entities[entity], row)

    def _effect(self, uid: str, node: int, without: Array, row: int) -> Counterfactual:
        if row not in self._ranks:
            self._ranks[row] = rank_of(row, self._scored.scores, self._among)
        return Counterfactual(
            uid,
            self._bundle.names[node],
            float(without[row]),
            self._ranks[row],
            rank_of(row, without, self._among),
            self._n_candidates + (not self._among[row]),
        )
