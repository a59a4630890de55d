"""A catalogue and some of its users, on whom the gates of cold items are measured."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from kgrec.data.context_columns import Asked, Contexts
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.limits import LIMITS
from kgrec.learn.processors import thread_limit
from kgrec.scoring.gates import Gates
from kgrec.scoring.histories import Histories
from kgrec.scoring.model import AdditiveModel, block_size

_BYTES = 256 * 2**20

SILENT = 1e-5
"""Scores of at most this spread tell no items apart; of cold items, in spreads of the scores of known ones."""


@dataclass(frozen=True)
class Catalogue:
    """All items of a model or some of them, and users with a history and held-out interactions.

    Attributes:
        model: over these items.
        histories: of the users, weighted for each channel.
        seen, wanted: items of the histories and held-out items, users x items.
    """

    model: AdditiveModel
    histories: Histories
    seen: sparse.csr_matrix
    wanted: sparse.csr_matrix

    @classmethod
    def of(
        cls,
        model: AdditiveModel,
        train: Interactions,
        wanted: sparse.csr_matrix,
        rng: np.random.Generator,
        kept: Array | None = None,
        asked: Asked = None,
    ) -> Catalogue:
        """The catalogue with every user who has a history and held-out items, or with a random sample of many.

        Args:
            train: the interactions that the model was learned from.
            wanted: held-out items, users x items.
            kept: which items are in the catalogue, bool ``(items,)``; None keeps all.
            asked: when each user asks: the trend counts as of then.
        """
        n_users = wanted.shape[0]
        seen, histories = train.matrix(n_users, model.n_items), model.histories(train, n_users)
        histories = histories.asked_in(Contexts.of(asked, n_users))
        users = np.flatnonzero((np.diff(seen.indptr) > 0) & (np.diff(wanted.indptr) > 0))
        most = max(100, min(LIMITS.cold_item_users, _BYTES // (4 * model.n_items * 2)))
        if len(users) > most:
            users = np.sort(rng.choice(users, most, replace=False))
        whole = cls(model, histories[users], seen[users], wanted[users])
        return whole if kept is None else whole._restricted_to(np.flatnonzero(kept))

    def _restricted_to(self, items: IntArray) -> Catalogue:
        model, histories = self.model.restricted_to(items), self.histories.of_items(items)
        return Catalogue(model, histories, self.seen[:, items], self.wanted[:, items])

    def with_gates(self, gates: Gates) -> Catalogue:
        """The same with other gates of the model."""
        return replace(self, model=replace(self.model, gates=gates))

    def scores(self) -> Array:
        """Scores of all items for all users, float32 ``(users, items)``, computed a block of users at a time."""
        result = np.empty(self.seen.shape, np.float32)
        step = block_size(self.model.n_items)

        def score(start: int) -> None:
            block = slice(start, start + step)
            result[block] = self.model.scores(self.histories[block], np.float32)

        with ThreadPoolExecutor(thread_limit(), "kgrec-catalogue") as threads:
            list(threads.map(score, range(0, len(result), step)))
        return result

    def cold_spread(self) -> Array:
        """Median spread of each channel's scores of cold items, in spreads of those of known items, ``(channels,)``.

        The median is over the users for whom the channel tells any cold items apart; 0 where there is no such user.
        """
        cold, medians = self.model.is_cold, np.zeros(len(self.model.channels))
        step = block_size(self.model.n_items)
        for c, channel in enumerate(self.model.channels):
            ratios = []
            for start in range(0, len(self.histories), step):
                history = self.histories.matrices[c][start : start + step]
                scores = channel.matrix.scores(history.astype(np.float32))
                of_cold, of_known = scores[:, cold].std(axis=1), scores[:, ~cold].std(axis=1)
                has_signal = (of_known > SILENT) & (of_cold > SILENT * of_known)
                ratios.append(of_cold[has_signal] / of_known[has_signal])
            ratio = np.concatenate(ratios)
            medians[c] = np.median(ratio) if len(ratio) else 0.0
        return medians
