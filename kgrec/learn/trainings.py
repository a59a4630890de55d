"""The trainings of one data set, handed to what runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.learn.channels.sequences import latest_events
from kgrec.learn.neural.model import Embeddings
from kgrec.learn.neural.next_item_factors import NextItemFactors, NextItemRun
from kgrec.learn.neural.shared_training import handed_over
from kgrec.learn.neural.trainer import Trained
from kgrec.learn.neural.training_run import TrainingRun
from kgrec.parallel.executor import Executor, Pending
from kgrec.progress import Progress
from kgrec.scoring.history_weights import HistoryWeights

_NEXT_ITEMS = "next-items"
"""Folder of their checkpoint."""


@dataclass(frozen=True)
class Trainings:
    """Hands trainings over.

    Attributes:
        dataset: graph and training behaviour.
        texts: text embeddings of all nodes, float32 ``(nodes, t)``, or None.
        config: settings.
        checkpoint: folder for resuming; None keeps no state.
        executor: runs them.
    """

    dataset: Dataset
    texts: Array | None
    config: TrainConfig
    checkpoint: Path | None
    executor: Executor

    def depths(
        self, depths: Sequence[int], serving: HistoryWeights, valid: sparse.csr_matrix
    ) -> list[Pending[Trained]]:
        """The embeddings by some depths of the GNN, in training until validation stops them."""
        return self._handed_over([self._run(depth, serving, valid=valid) for depth in depths])

    def members(self, depth: int, serving: HistoryWeights, epochs: int, first: int = 0) -> list[Pending[Trained]]:
        """The ensemble from a member on, in training: each from another seed, for as many epochs."""
        members = range(first, self.config.ensemble)
        return self._handed_over([self._run(depth, serving, epochs=epochs, member=member) for member in members])

    def _run(self, depth: int, serving: HistoryWeights, **of_run: Any) -> TrainingRun:
        return TrainingRun(
            self.dataset, self.texts, self._settings, serving, depth, checkpoint=self.checkpoint, **of_run
        )

    def _handed_over(self, runs: Sequence[TrainingRun]) -> list[Pending[Trained]]:
        """Some trainings, in work: each has a worker, and where more are free, an equal share of them."""
        workers = self.executor.free() // max(len(runs), 1)
        return [handed_over(run, self.executor, workers) for run in runs]

    def next_items(
        self, serving: HistoryWeights, valid: sparse.csr_matrix | None = None, epochs: int | None = None
    ) -> Pending[NextItemFactors]:
        """The next-item factors, in training; the arguments are those of :class:`NextItemRun`."""
        interactions, n_items = self.dataset.interactions, len(self.dataset.items)
        user, item, _ = latest_events(interactions, n_items)
        return self.executor.submit(
            NextItemRun(
                interactions=interactions,
                user=user,
                item=item,
                n_users=len(self.dataset.users),
                n_items=n_items,
                config=self._settings,
                serving=serving,
                checkpoint=None if self.checkpoint is None else self.checkpoint / _NEXT_ITEMS,
                valid=valid,
                epochs=epochs,
            )
        )

    @property
    def _settings(self) -> TrainConfig:
        """The settings of a training, which computes with as many threads as the executor says."""
        threads = self.executor.threads_of_call or self.config.num_threads
        return self.config.model_copy(update={"num_threads": threads})


def results(pending: Sequence[Pending[Trained]], progress: Progress) -> list[Trained]:
    """What some trainings found, in their order."""
    shares = progress.parts(*[1] * len(pending))
    return [each.result(share) for each, share in zip(pending, shares, strict=True)]


def embeddings_of(pending: Sequence[Pending[Trained]], progress: Progress) -> list[Embeddings]:
    """The embeddings of some trainings, in their order."""
    return [trained.embeddings for trained in results(pending, progress)]
