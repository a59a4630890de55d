"""Training of the joint model: early stopping, divergence check, checkpoints that resume (on the CPU to the bit)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.errors import ConfigError
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural.batch_losses import TERMS, BatchLosses, Drawn
from kgrec.learn.neural.checkpoint import Checkpoint, State, fingerprint
from kgrec.learn.neural.epoch_loop import Epoch, EpochLoop, OnEpoch
from kgrec.learn.neural.model import Embeddings, JointModel
from kgrec.learn.neural.sampling import user_batches
from kgrec.learn.neural.shard_sums import Cut, ShardWorkers, in_turn
from kgrec.learn.processors import usable_processors
from kgrec.parallel.allocator import memory_kept

Validate = Callable[[Embeddings], float]

_DECAY = {False: 1e-4, True: 1e-5}
"""L2 by whether the loss is sampled: an item is then in few steps, between which a stronger pull would undo them."""


@dataclass(frozen=True)
class Trained:
    """The embeddings of the best epoch, its number from 1, and the figures of every epoch."""

    embeddings: Embeddings
    best_epoch: int
    log: list[Epoch]


class Trainer:
    """Trains the embeddings of nodes and of texts.

    Args:
        dataset: graph and training behaviour. Every item should have an interaction, as in a
            :class:`~kgrec.learn.neural.training_subgraph.TrainingSubgraph`: another would count as a negative, and
            nobody has had the chance to take it.
        texts: text embeddings of all nodes, float32 ``(nodes, t)``, or None.
        prior: where the items' bias starts, float32 ``(items,)``.
        config: settings.
        histories: weighted histories to learn from, ``(users, items)``.
        checkpoint: folder that keeps the state after every epoch; training goes on from there when it exists.
        degree: see :func:`kgrec.learn.neural.hetero_graph.to_hetero`.
    """

    def __init__(
        self,
        dataset: Dataset,
        texts: Array | None,
        prior: Array,
        config: TrainConfig,
        histories: sparse.csr_matrix,
        checkpoint: Path | None = None,
        degree: Array | None = None,
    ) -> None:
        torch.set_num_threads(config.num_threads or min(torch.get_num_threads(), usable_processors()))
        torch.manual_seed(config.seed)
        self.config = config
        self._device = training_device(config)
        self.model = JointModel(dataset, texts, prior, config, degree).to(self._device)
        self.losses = BatchLosses(self.model, dataset, texts, histories, config)
        decay = _DECAY[self.losses.sampled] if config.weight_decay == "auto" else config.weight_decay
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=config.learning_rate, weight_decay=decay, fused=True
        )
        kept = None
        if checkpoint is not None:
            kept = Checkpoint(
                checkpoint,
                config,
                fingerprint(
                    user=dataset.interactions.user,
                    item=dataset.interactions.item,
                    head=dataset.facts.head,
                    relation=dataset.facts.relation,
                    tail=dataset.facts.tail,
                    history_indptr=self.losses.histories.indptr,
                    history_indices=self.losses.histories.indices,
                    history_data=self.losses.histories.data,
                    prior=prior,
                    texts=texts,
                    degree=degree,
                ),
            )
        self._loop = EpochLoop(self.model, self.optimizer, config.patience, kept)

    @memory_kept()
    def fit(
        self,
        validate: Validate | None = None,
        on_epoch: OnEpoch | None = None,
        epochs: int | None = None,
        workers: ShardWorkers = in_turn,
    ) -> Trained:
        """The embeddings where validation stops improving, or after exactly ``epochs`` where there is no validation.

        Args:
            validate: quality of some embeddings, higher is better; without it the last epoch is kept.
            on_epoch: called with every epoch's figures.
            workers: who works the shards of the batches.

        Raises:
            TrainingDivergedError: a loss or a weight was not finite; the checkpoint holds the state before that epoch.
            ConfigError: the checkpoint belongs to other settings or other data.
            BundleError: the checkpoint is damaged, or another version of kgrec made it.
        """

        def validated() -> float:
            assert validate is not None
            return validate(self.model.embeddings())

        def one_epoch(number: int) -> Epoch:
            workers.begin(number, self._loop.state)
            return self._epoch(number, workers)

        loop = self._loop if self._loop.keeper is not None else replace(self._loop, keeper=workers.keeper)
        log, best_epoch = loop.run(
            one_epoch, epochs or self.config.epochs, None if validate is None else validated, on_epoch
        )
        self.model.cpu()
        return Trained(self.model.embeddings(), best_epoch, log)

    @memory_kept()
    def take_part(self, number: int, state: State, workers: ShardWorkers) -> None:
        """Work shards of an epoch for another process, which has the state and the result.

        Args:
            state: what the epoch begins with.
            workers: who works the shards, this process among them.
        """
        self._loop.restore(state)
        self._epoch(number, workers)

    def _epoch(self, number: int, workers: ShardWorkers) -> Epoch:
        """The figures of one pass over the users. Draws depend on seed and number only, so resuming repeats them."""
        rng = np.random.default_rng((self.config.seed, number))
        torch.manual_seed(self.config.seed * 1_000_003 + number)
        started = time.perf_counter()
        sums = dict.fromkeys(TERMS, 0.0)
        users = np.flatnonzero(np.diff(self.losses.positives.indptr) > 1)
        if len(users) > LIMITS.epoch_users:
            users = rng.choice(users, LIMITS.epoch_users, replace=False)
        seen = 0
        for batch in user_batches(users, self.config.batch_size, rng):
            cut, parameters = self._encoded(), self.losses.parameters
            work = partial(self._of_shard, cut, self.losses.draw(batch, rng))
            terms, *gradients = workers.summed(self.config.user_shards, work)
            if not torch.isfinite(self._joint(*terms)):
                found = ", ".join(f"{name} {float(value):.3g}" for name, value in zip(TERMS, terms, strict=True))
                where = f"after {seen} of {len(users)} users"
                raise self._loop.diverged("the loss is not finite.", number, where, found)
            self.optimizer.zero_grad()
            cut.flow_back(gradients, parameters)
            self.optimizer.step()
            seen += len(batch)
            for name, value in zip(TERMS, terms, strict=True):
                sums[name] += float(value) * len(batch)
        lost = [name for name, value in self.model.named_parameters() if not torch.isfinite(value).all()]
        if lost:
            raise self._loop.diverged("a weight is not finite.", number, f"after {seen} of {len(users)} users", lost[0])
        means = {f"loss_{name}": value / max(seen, 1) for name, value in sums.items()}
        loss = means["loss_behaviour"] + self.config.kg_weight * means["loss_kg"]
        return {
            "epoch": float(number + 1),
            "loss": loss + self.config.text_weight * means["loss_text"],
            **means,
            "seconds": time.perf_counter() - started,
        }

    def _encoded(self) -> Cut:
        """All nodes as the encoders make them, with some free embeddings dropped, cut off behind them."""
        with self._autocast():
            return Cut.of(*self.model.encode(self.config.free_dropout), len(self.model.bias))

    def _of_shard(self, cut: Cut, drawn: Drawn, shard: int) -> list[Tensor]:
        """The terms of a shard, ``(3,)``, and the gradients of its loss."""
        with self._autocast():
            terms = list(self.losses.of_shard(*cut.arguments, drawn, shard).values())
            loss = self._joint(*terms)
        told = torch.stack([term.detach().float() for term in terms])
        return [told, *cut.gradients(loss, self.losses.parameters)]

    def _joint(self, behaviour: Tensor, kg: Tensor, text: Tensor) -> Tensor:
        """The joint loss."""
        return behaviour + self.config.kg_weight * kg + self.config.text_weight * text

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16")


def training_device(config: TrainConfig) -> torch.device:
    """The device that embeddings are trained on by the settings.

    Raises:
        ConfigError: the settings ask for a GPU, and there is none.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "there is no GPU to train on.",
            where="training settings",
            found="device: cuda, and torch sees none",
            expected="an NVIDIA GPU, and torch built for it",
            next="train with --set device=cpu, or see what `python -c 'import torch; print(torch.version.cuda)'` says",
        )
    return torch.device(config.device)
