"""One training of the embeddings, from behaviour and facts to embeddings of every node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.learn.neural.epoch_loop import Epoch
from kgrec.learn.neural.model import Embeddings, learned_ranker, unit_history
from kgrec.learn.neural.shard_sums import ShardWorkers, in_turn
from kgrec.learn.neural.trainer import Trained, Trainer
from kgrec.learn.neural.training_subgraph import TrainingSubgraph
from kgrec.metrics.ranking import mean_metrics
from kgrec.parallel.cached_attribute import cached_property
from kgrec.progress import Progress
from kgrec.scoring.history_weights import HistoryWeights

_SEED_STEP = 1_000_003
"""Between the seeds of an ensemble's members, so that runs with neighbouring seeds share none."""


@dataclass(frozen=True)
class TrainingRun:
    """A training that is ready to run, here or in another process.

    Attributes:
        dataset: graph and training behaviour; cold items take no part and are embedded at the end.
        texts: text embeddings of all nodes, float32 ``(nodes, t)``, or None.
        config: settings.
        serving: how histories will be weighed, which validation does likewise.
        depth: of the GNN.
        member: of the ensemble, from 0; each has a seed of its own.
        checkpoint: folder for resuming; None keeps no state.
        valid: what validation stops on, users x items; None trains for exactly ``epochs``.
        epochs: None for as many as the settings allow.
    """

    dataset: Dataset
    texts: Array | None
    config: TrainConfig
    serving: HistoryWeights
    depth: int
    member: int = 0
    checkpoint: Path | None = None
    valid: sparse.csr_matrix | None = None
    epochs: int | None = None

    def __call__(self, progress: Progress) -> Trained:
        """Embeddings of all nodes of the data set, and the figures of the epochs.

        Raises:
            TrainingDivergedError: a loss or a weight was not finite.
            ConfigError, BundleError: the checkpoint is of other settings or data, or damaged.
        """
        return self.led(progress, in_turn)

    def led(self, progress: Progress, workers: ShardWorkers) -> Trained:
        """The same, its shards worked by whoever works them."""
        trainer = self.trainer()
        part = self._subgraph.dataset
        n_users, n_items = len(part.users), len(part.items)
        history = unit_history(self.serving.matrix(part.interactions, n_users, n_items)).astype(np.float32)
        seen = part.interactions.matrix(n_users, n_items)
        wanted = None if self.valid is None else self.valid[:, self._subgraph.items].tocsr()

        def validate(embeddings: Embeddings) -> float:
            return mean_metrics(learned_ranker(embeddings, history), seen, wanted, ks=(10,))["ndcg@10"]

        def report(entry: Epoch) -> None:
            quality = f", ndcg@10 {entry['valid_ndcg@10']:.4f}" if "valid_ndcg@10" in entry else ""
            shared = f", {workers.size} workers" if workers.size > 1 else ""
            last = self.epochs or self.config.epochs
            note = f"loss {entry['loss']:.4f}{quality}{shared}"
            progress(self._step(), int(entry["epoch"]), last, note, unit="epochs")

        trained = trainer.fit(None if wanted is None else validate, report, self.epochs, workers)
        embedded = self._subgraph.embed(trainer.model, self.dataset, self.texts, trainer.config)
        return replace(trained, embeddings=embedded)

    def trainer(self) -> Trainer:
        """What trains the embeddings of the training subgraph."""
        subgraph = self._subgraph
        part = subgraph.dataset
        n_users, n_items = len(part.users), len(part.items)
        counts = np.bincount(part.interactions.item, minlength=n_items)
        prior = np.log((counts + 0.5) / len(part.interactions))
        flat = HistoryWeights().matrix(part.interactions, n_users, n_items)
        seed = self.config.seed + _SEED_STEP * self.member
        config = self.config.model_copy(update={"num_layers": self.depth, "seed": seed})
        texts = None if self.texts is None else self.texts[subgraph.nodes]
        return Trainer(part, texts, prior, config, flat, self._folder(), subgraph.degree)

    @cached_property
    def _subgraph(self) -> TrainingSubgraph:
        return TrainingSubgraph.of(self.dataset)

    def _step(self) -> str:
        return f"embeddings, {self.depth} hops" if self.valid is not None else f"embeddings, part {self.member + 1}"

    def _folder(self) -> Path | None:
        name = f"{self.depth}-hops" if self.member == 0 else f"{self.depth}-hops-{self.member + 1}"
        return None if self.checkpoint is None else self.checkpoint / name
