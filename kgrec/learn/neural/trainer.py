"""Training of the joint model: early stopping, divergence check, checkpoints that resume (on the CPU to the bit)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.errors import ConfigError
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural.allocator import memory_kept
from kgrec.learn.neural.checkpoint import Checkpoint, fingerprint
from kgrec.learn.neural.epoch_loop import Epoch, EpochLoop, OnEpoch
from kgrec.learn.neural.losses import exact_bce, gbce, info_nce, kg_loss, sampled_bce, softmax_loss
from kgrec.learn.neural.model import Embeddings, JointModel, entries, rows_of, unit_history
from kgrec.learn.neural.sampling import TripleSampler, popularity_negatives, user_batches
from kgrec.learn.neural.triple_decoders import DECODERS
from kgrec.learn.processors import usable_processors

Validate = Callable[[Embeddings], float]

_TRIPLES, _CORRUPTED, _ALIGNED = 2048, 8, 512
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
        self._sampled = config.loss in ("sampled_bce", "gbce") or len(dataset.items) > config.exact_items
        decay = _DECAY[self._sampled] if config.weight_decay == "auto" else config.weight_decay
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=config.learning_rate, weight_decay=decay, fused=True
        )
        self._histories = unit_history(histories)
        self._positives = (histories > 0).astype(np.float32)
        self._counts = np.bincount(dataset.interactions.item, minlength=len(dataset.items)).astype(np.float64)
        self._triples = TripleSampler(dataset.facts) if len(dataset.facts) and config.kg_weight else None
        self._texts = np.zeros((0, 0), np.float32) if texts is None else texts
        self._with_text = np.flatnonzero(np.abs(texts).sum(1) > 0) if texts is not None else np.zeros(0, np.int64)
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
                    history_indptr=self._histories.indptr,
                    history_indices=self._histories.indices,
                    history_data=self._histories.data,
                    prior=prior,
                    texts=texts,
                    degree=degree,
                ),
            )
        self._loop = EpochLoop(self.model, self.optimizer, config.patience, kept)

    @memory_kept()
    def fit(
        self, validate: Validate | None = None, on_epoch: OnEpoch | None = None, epochs: int | None = None
    ) -> Trained:
        """The embeddings where validation stops improving, or after exactly ``epochs`` where there is no validation.

        Args:
            validate: quality of some embeddings, higher is better; without it the last epoch is kept.
            on_epoch: called with every epoch's figures.

        Raises:
            TrainingDivergedError: a loss or a weight was not finite; the checkpoint holds the state before that epoch.
            ConfigError: the checkpoint belongs to other settings or other data.
            BundleError: the checkpoint is damaged, or another version of kgrec made it.
        """

        def validated() -> float:
            assert validate is not None
            return validate(self.model.embeddings())

        log, best_epoch = self._loop.run(
            self._epoch, epochs or self.config.epochs, None if validate is None else validated, on_epoch
        )
        self.model.cpu()
        return Trained(self.model.embeddings(), best_epoch, log)

    def _epoch(self, number: int) -> Epoch:
        """The figures of one pass over the users. Draws depend on seed and number only, so resuming repeats them."""
        rng = np.random.default_rng((self.config.seed, number))
        torch.manual_seed(self.config.seed * 1_000_003 + number)
        started = time.perf_counter()
        sums = {"behaviour": 0.0, "kg": 0.0, "text": 0.0}
        users = np.flatnonzero(np.diff(self._positives.indptr) > 1)
        if len(users) > LIMITS.epoch_users:
            users = rng.choice(users, LIMITS.epoch_users, replace=False)
        seen = 0
        for batch in user_batches(users, self.config.batch_size, rng):
            with torch.autocast(self._device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
                losses = self._losses(batch, rng)
            config = self.config
            total = losses["behaviour"] + config.kg_weight * losses["kg"] + config.text_weight * losses["text"]
            if not torch.isfinite(total):
                found = ", ".join(f"{name} {float(value.detach()):.3g}" for name, value in losses.items())
                where = f"after {seen} of {len(users)} users"
                raise self._loop.diverged("the loss is not finite.", number, where, found)
            self.optimizer.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            seen += len(batch)
            for name, value in losses.items():
                sums[name] += float(value.detach()) * len(batch)
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

    def _losses(self, users: Array, rng: np.random.Generator) -> dict[str, Tensor]:
        config, model = self.config, self.model
        source, target, texts = model.encode(config.free_dropout)
        if self._sampled:
            behaviour = self._sampled_loss(source, target, texts, users, rng)
        else:
            scores = model.scores(source, target, texts, self._hidden_in_part(users, rng))
            owner, item = entries(self._positives[users], self._device)
            behaviour = (softmax_loss if config.loss == "softmax" else exact_bce)(scores, owner, item)
        zero = behaviour.new_zeros(())
        return {
            "behaviour": behaviour,
            "kg": self._kg_loss(target, rng) if self._triples is not None else zero,
            "text": self._text_loss(target, rng) if len(self._with_text) and config.text_weight else zero,
        }

    def _hidden_in_part(self, users: Array, rng: np.random.Generator) -> sparse.csr_matrix:
        """Histories of some users with a random share of each hidden (dropout): the model must predict the rest."""
        history = self._histories[users]
        history.data = history.data * (rng.random(history.nnz) >= self.config.dropout) / (1 - self.config.dropout)
        history.eliminate_zeros()
        return history

    def _sampled_loss(
        self, source: Tensor, target: Tensor, texts: Tensor | None, users: Array, rng: np.random.Generator
    ) -> Tensor:
        """The loss over the positives of the batch and sampled negatives; no array is as wide as the catalogue."""
        config = self.config
        positives = self._positives[users]
        if config.loss == "gbce":
            drawn = rng.integers(0, len(self._counts), config.num_negatives)
        else:
            drawn, log_weight = popularity_negatives(self._counts, config.num_negatives, rng)
        history = self._hidden_in_part(users, rng)
        pairs = np.repeat(np.arange(len(users)), np.diff(positives.indptr)), positives.indices
        positive, negative = self.model.sampled_scores(source, target, texts, history, pairs, drawn)
        owner = torch.from_numpy(pairs[0]).to(self._device)
        n = torch.from_numpy(np.diff(positives.indptr).astype(np.float32)).to(self._device)
        own = torch.from_numpy(positives[:, drawn].toarray() > 0).to(self._device)
        if config.loss == "gbce":
            return gbce(positive, owner, n, negative, own, len(self._counts))
        return sampled_bce(positive, owner, n, negative, torch.from_numpy(log_weight).to(self._device), own)

    def _kg_loss(self, nodes: Tensor, rng: np.random.Generator) -> Tensor:
        assert self._triples is not None
        decode = DECODERS[self.config.kg_decoder]
        drawn = self._triples.draw(_TRIPLES, _CORRUPTED, rng)
        head, relation, tail, corrupted_tail = (part.to(self._device) for part in drawn)
        of_relation = self.model.relation(relation)
        of_head = rows_of(nodes, head)
        true = decode(of_head, of_relation, rows_of(nodes, tail))
        corrupted = decode(of_head[:, None], of_relation[:, None], rows_of(nodes, corrupted_tail))
        return kg_loss(true, corrupted)

    def _text_loss(self, nodes: Tensor, rng: np.random.Generator) -> Tensor:
        assert self.model.target.text is not None
        rows = rng.choice(self._with_text, min(_ALIGNED, len(self._with_text)), replace=False)
        texts = torch.from_numpy(self._texts[rows]).to(self._device)
        return info_nce(rows_of(nodes, torch.from_numpy(rows).to(self._device)), self.model.target.text(texts))


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
