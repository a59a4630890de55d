"""The channels in closed form, their settings chosen on validation.

EASE with facts in its Gram matrix and item neighbours; where times are known, what follows what and what lasts; for
items without interactions, a content map.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Dataset
from kgrec.learn.channels.behaviour_search import BehaviourChoice
from kgrec.learn.channels.behaviour_weights import BehaviourSetting, ItemWeights
from kgrec.learn.channels.co_session import session_rules
from kgrec.learn.channels.cold_items import Content, ContentSetting
from kgrec.learn.channels.content_kernel import fact_matrix
from kgrec.learn.channels.next_item_ridge import directed_ridge
from kgrec.metrics.ranking import sample_users
from kgrec.progress import Progress
from kgrec.scoring.channel_names import BEHAVIOUR, CO_SESSION, LONG_TERM, NEXT_ITEM, SHORT_TERM
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.model import Channel, SparseMatrix

_WARM_LIMIT = 15_000
_SMALL = 5_000
_VALID_USERS = 3_000
SEQUENCES = {SHORT_TERM: 0.7, NEXT_ITEM: 0.97}
"""Channels of what follows what, and how fast each forgets."""
_SESSIONS = {SHORT_TERM: 0.7, CO_SESSION: 1.0}
_SEQUENCE_LIMIT = 25_000
"""Items times channels up to which the directed ridge fits; beyond, what is near in time is counted."""
_LASTING_LIMIT = 6_000
"""Items up to which a further ridge, for lasting taste, costs little."""


class BehaviourLearner:
    """Builds the behaviour channel of a data set.

    Args:
        dataset: graph and behaviour.
        texts: unit text vectors of the items ``(items, t)``, or None; they place new items.
        progress: told what is tried.

    Attributes:
        facts: items x facts, see :func:`kgrec.learn.channels.content_kernel.fact_matrix`.
        new: items without interactions, bool ``(items,)``. Weights are solved among the others only.
    """

    def __init__(self, dataset: Dataset, texts: Array | None, progress: Progress) -> None:
        self.dataset = dataset
        self.facts = fact_matrix(dataset.facts, len(dataset.items), len(dataset.nodes))
        seen = dataset.interactions.matrix(len(dataset.users), len(dataset.items))
        self.new = np.diff(seen.tocsc().indptr) == 0
        self._warm = np.flatnonzero(~self.new)
        self._weights = ItemWeights(seen[:, self._warm].tocsr(), self.facts[self._warm])
        self._content = Content(dataset.facts, len(dataset.nodes), texts, self._weights.seen, self._warm, self.new)
        self._progress = progress

    def choose(self, valid: sparse.csr_matrix, with_lasting: bool = False) -> BehaviourSetting:
        """The best on validation pairs ``(users, items)`` of some users.

        Args:
            with_lasting: whether a channel of lasting taste is wanted; a large catalogue has none.
        """
        valid = sample_users(valid[:, self._warm].tocsr(), _VALID_USERS)
        seen = self.dataset.interactions
        best = BehaviourChoice(self._weights, seen, self._weighted, valid, self._progress).best()
        with_lasting &= len(self._warm) <= _LASTING_LIMIT
        return replace(best, sequence=tuple(self._timed.values()), lasting=best.lasting if with_lasting else 0.0)

    def _weighted(self, weights: HistoryWeights) -> sparse.csr_matrix:
        return self._of_all(weights)[:, self._warm]

    def _of_all(self, weights: HistoryWeights) -> sparse.csr_matrix:
        data = self.dataset
        return weights.matrix(data.interactions, len(data.users), len(data.items)).astype(np.float32)

    def channels(self, setting: BehaviourSetting) -> list[Channel]:
        """The channels of a setting: co-occurrence and, where it has them, sequence and lasting taste.

        The first two have the same columns of new items; what differs is how the histories fade. The last has none.
        """
        sequences = [(name, self._placed(small), history) for name, small, history in self._sequences(setting)]
        parts = [(BEHAVIOUR, self._known(setting), setting.steady), *sequences]
        if self.places_new:
            columns = self._content.columns(setting.content)
            parts = [(name, weights + columns, history) for name, weights, history in parts]
        if setting.lasting:
            strong = self._weights.ease(replace(setting, ridge=setting.lasting, nearest=0))
            parts.append((LONG_TERM, self._placed(strong.weights), setting.steady))
        return [
            Channel(name, SparseMatrix(weights.tocsr().astype(np.float32)), history) for name, weights, history in parts
        ]

    def _known(self, setting: BehaviourSetting) -> sparse.csr_matrix:
        """Co-occurrence among the items that have any, at their places among all."""
        weights = self._placed(self._weights.blended(setting).weights)
        return self._content.blended(weights, setting.content, setting.few) if setting.few else weights

    def choose_few(self, setting: BehaviourSetting, valid: sparse.csr_matrix) -> float:
        """How items with few interactions are placed: see :class:`~kgrec.learn.channels.cold_items.Content`."""
        if not self._has_content or len(self._warm) > _SMALL:
            return 0.0
        history = self._of_all(setting.steady)
        weights, sample = self._known(replace(setting, few=0.0)), sample_users(valid, _VALID_USERS)
        return self._content.choose_few(weights, history, sample, setting.content, self._progress)

    def choose_content(self, hidden: sparse.csr_matrix, history: HistoryWeights) -> ContentSetting:
        """How new items are placed best: see :meth:`kgrec.learn.channels.cold_items.Content.choose`."""
        return self._content.choose(self._of_all(history), hidden, self._progress)

    def _sequences(self, setting: BehaviourSetting) -> list[tuple[str, sparse.csr_matrix, HistoryWeights]]:
        """What follows what, one name, matrix of warm items and history per recency."""
        if not setting.sequence:
            return []
        place = np.zeros(len(self.new), np.int64)
        place[self._warm] = np.arange(len(self._warm))
        seen = self.dataset.interactions
        seen = replace(seen, item=place[seen.item])
        n = len(self._warm)
        names = SEQUENCES if setting.sequence == tuple(SEQUENCES.values()) else _SESSIONS
        if names is SEQUENCES:
            top = setting.top if n > _SMALL else None
            matrices = directed_ridge(seen, n, setting.sequence, top=top)
        else:
            matrices = [session_rules(seen, n)] * len(setting.sequence)
        histories = [replace(setting.history, recency=recency) for recency in setting.sequence]
        return list(zip(names, matrices, histories, strict=True))

    def prior(self, setting: BehaviourSetting) -> Array:
        """Log number of an item's users in unit spread, float32 ``(items,)``; of new items as content predicts it."""
        known = np.log(np.diff(self._weights.seen.tocsc().indptr) + 0.5)
        prior = np.zeros(len(self.new), np.float32)
        prior[self._warm] = (known - known.mean()) / max(float(known.std()), 1e-9)
        return prior + self._content.prior(prior, setting.content) if self.places_new else prior

    @property
    def places_new(self) -> bool:
        """Whether there are new items with content, and few enough warm ones to solve the content map in memory."""
        return bool(self.new.any()) and len(self._warm) <= _WARM_LIMIT and self._has_content

    @property
    def _has_content(self) -> bool:
        return self.facts.nnz > 0 or self._content.texts is not None

    @property
    def _timed(self) -> dict[str, float]:
        """Names and recencies of the channels that read the order in time."""
        if not self.dataset.interactions.has_time:
            return {}
        return SEQUENCES if len(SEQUENCES) * len(self._warm) <= _SEQUENCE_LIMIT else _SESSIONS

    def _placed(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        """Weights among warm items at their places among all items."""
        small, n = weights.tocoo(), len(self.new)
        return sparse.csr_matrix((small.data, (self._warm[small.row], self._warm[small.col])), shape=(n, n))
