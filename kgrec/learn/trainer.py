"""The training loop: joint loss, early stopping, divergence check, checkpoints that resume exactly."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy import sparse
from torch import Tensor

from kgrec.config import TrainConfig
from kgrec.dataset import Array, Dataset
from kgrec.errors import BundleError, TrainingDivergedError
from kgrec.learn.decoder import DECODERS
from kgrec.learn.losses import exact_bce, info_nce, kg_loss, sampled_bce, softmax_loss
from kgrec.learn.model import Embeddings, JointModel, unit_history
from kgrec.learn.sampling import TripleSampler, dense_rows, popularity_negatives, user_batches

Epoch = dict[str, float]
OnEpoch = Callable[[Epoch], None]
Validate = Callable[[Embeddings], float]

_TRIPLES, _CORRUPTED, _ALIGNED = 2048, 8, 512


@dataclass(frozen=True)
class Trained:
    """The embeddings of the best epoch and what happened on the way; ``best_epoch`` counts from 1."""

    embeddings: Embeddings
    best_epoch: int
    log: list[Epoch]


class Trainer:
    """Learns the knowledge and the semantic channel.

    Args:
        dataset: graph and training behaviour.
        texts: text embeddings of all nodes, float32 ``(nodes, t)``, or None.
        prior: where the items' bias starts, float32 ``(items,)``.
        config: settings.
        histories: weighted histories to learn from, ``(users, items)``.
        checkpoint: folder that keeps the state after every epoch; training goes on from there when it exists.
    """

    def __init__(
        self,
        dataset: Dataset,
        texts: Array | None,
        prior: Array,
        config: TrainConfig,
        histories: sparse.csr_matrix,
        checkpoint: Path | None = None,
    ) -> None:
        torch.set_num_threads(config.num_threads or torch.get_num_threads())
        torch.manual_seed(config.seed)
        self.config = config
        self.model = JointModel(dataset, texts, prior, config)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._histories = unit_history(histories)
        self._positives = (histories > 0).astype(np.float32)
        self._counts = np.bincount(dataset.interactions.item, minlength=len(dataset.items)).astype(np.float64)
        self._triples = TripleSampler(dataset.facts) if len(dataset.facts) and config.kg_weight else None
        self._with_text = None if texts is None else np.flatnonzero(np.abs(texts).sum(1) > 0)
        self._checkpoint = checkpoint
        self._sampled = config.loss == "sampled_bce" or len(dataset.items) > config.exact_items

    def fit(
        self, validate: Validate | None = None, on_epoch: OnEpoch | None = None, epochs: int | None = None
    ) -> Trained:
        """Train until validation stops improving, or for exactly ``epochs`` where there is no validation.

        Args:
            validate: quality of some embeddings, higher is better; without it the last epoch is kept.
            on_epoch: called with every epoch's figures.

        Raises:
            TrainingDivergedError: a loss was not finite; the checkpoint holds the state before that epoch.
        """
        log: list[Epoch] = []
        best: dict[str, Tensor] = {}
        best_epoch = 0
        if self._checkpoint is not None and (self._checkpoint / "state.json").is_file():
            log, best, best_epoch = self._resume()
        last = epochs or self.config.epochs
        while len(log) < last and not self._out_of_patience(len(log), best_epoch, validate):
            entry = self._epoch(len(log))
            if validate is not None:
                entry["valid_ndcg@10"] = validate(self.model.embeddings())
            log.append(entry)
            if validate is None or entry["valid_ndcg@10"] > log[best_epoch - 1]["valid_ndcg@10"] or not best:
                best_epoch = len(log)
                best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            if self._checkpoint is not None:
                self._save(log, best, best_epoch)
            if on_epoch is not None:
                on_epoch(entry)
        self.model.load_state_dict(best)
        return Trained(self.model.embeddings(), best_epoch, log)

    def _out_of_patience(self, done: int, best_epoch: int, validate: Validate | None) -> bool:
        return validate is not None and done - best_epoch >= self.config.patience

    def _epoch(self, number: int) -> Epoch:
        """One pass over all users. Its randomness depends on seed and number only, so that resuming changes nothing."""
        rng = np.random.default_rng((self.config.seed, number))
        torch.manual_seed(self.config.seed * 1_000_003 + number)
        started = time.perf_counter()
        sums = {"behaviour": 0.0, "kg": 0.0, "text": 0.0}
        users = np.flatnonzero(np.diff(self._positives.indptr) > 1)
        seen = 0
        for batch in user_batches(users, self.config.batch_size, rng):
            losses = self._losses(batch, rng)
            config = self.config
            total = losses["behaviour"] + config.kg_weight * losses["kg"] + config.text_weight * losses["text"]
            if not torch.isfinite(total):
                raise TrainingDivergedError(
                    "the loss is not finite.",
                    where=f"epoch {number + 1}, after {seen} of {len(users)} users",
                    found=", ".join(f"{name} {float(value.detach()):.3g}" for name, value in losses.items()),
                    expected="finite numbers",
                    next=self._rescue(number),
                )
            self.optimizer.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            seen += len(batch)
            for name, value in losses.items():
                sums[name] += float(value.detach()) * len(batch)
        means = {f"loss_{name}": value / max(seen, 1) for name, value in sums.items()}
        loss = means["loss_behaviour"] + self.config.kg_weight * means["loss_kg"]
        return {
            "epoch": float(number + 1),
            "loss": loss + self.config.text_weight * means["loss_text"],
            **means,
            "seconds": time.perf_counter() - started,
        }

    def _rescue(self, number: int) -> str:
        kept = f"; the state of epoch {number} is kept in {self._checkpoint}" if self._checkpoint and number else ""
        return f"lower learning_rate (now {self.config.learning_rate:g}){kept}"

    def _losses(self, users: Array, rng: np.random.Generator) -> dict[str, Tensor]:
        config, model = self.config, self.model
        source, target, texts = model.encode(config.free_dropout)
        positives = dense_rows(self._positives, users)
        history = dense_rows(self._histories, users)
        history = history * (torch.rand_like(history) >= config.dropout) / (1 - config.dropout)
        if self._sampled:
            behaviour = self._sampled_loss(source["item"], target["item"], texts, history, positives, rng)
        else:
            scores = model.scores(source["item"], target["item"], texts, history)
            behaviour = (softmax_loss if config.loss == "softmax" else exact_bce)(scores, positives)
        zero = behaviour.new_zeros(())
        nodes = model.nodes(target)
        return {
            "behaviour": behaviour,
            "kg": self._kg_loss(nodes, rng) if self._triples is not None else zero,
            "text": self._text_loss(nodes, rng) if self._with_text is not None and config.text_weight else zero,
        }

    def _sampled_loss(
        self,
        source: Tensor,
        target: Tensor,
        texts: Tensor | None,
        history: Tensor,
        positives: Tensor,
        rng: np.random.Generator,
    ) -> Tensor:
        owner, item = positives.nonzero(as_tuple=True)
        drawn, log_weight = popularity_negatives(self._counts, self.config.num_negatives, rng)
        taken, column = torch.unique(item, return_inverse=True)
        scores = self.model.scores(source, target, texts, history, torch.cat([taken, drawn]))
        negative = scores[:, len(taken) :]
        return sampled_bce(
            scores[owner, column], owner, positives.sum(1), negative, log_weight, positives[:, drawn] > 0
        )

    def _kg_loss(self, nodes: Tensor, rng: np.random.Generator) -> Tensor:
        assert self._triples is not None
        decode = DECODERS[self.config.kg_decoder]
        head, kind, tail, false = self._triples.draw(_TRIPLES, _CORRUPTED, rng)
        relation = self.model.relation(kind)
        true = decode(nodes[head], relation, nodes[tail])
        corrupted = decode(nodes[head][:, None], relation[:, None], nodes[false])
        return kg_loss(true, corrupted)

    def _text_loss(self, nodes: Tensor, rng: np.random.Generator) -> Tensor:
        assert self._with_text is not None
        assert self.model.target.text is not None
        rows = torch.from_numpy(rng.choice(self._with_text, min(_ALIGNED, len(self._with_text)), replace=False))
        texts = torch.cat([self.model.texts["item"], self.model.texts["entity"]])[rows]
        return info_nce(nodes[rows], self.model.target.text(texts))

    def _save(self, log: list[Epoch], best: Mapping[str, Tensor], best_epoch: int) -> None:
        """Write the state beside the old one and swap it in, so that a kill leaves one or the other."""
        assert self._checkpoint is not None
        self._checkpoint.mkdir(parents=True, exist_ok=True)
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in best.items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        name = f"epoch-{len(log)}.safetensors"
        save_file({key: value.contiguous() for key, value in tensors.items()}, self._checkpoint / name)
        state = {"config": self.config.model_dump(), "log": log, "best_epoch": best_epoch, "tensors": name}
        draft = self._checkpoint / "state.json.tmp"
        draft.write_text(json.dumps(state))
        draft.replace(self._checkpoint / "state.json")
        for old in self._checkpoint.glob("epoch-*.safetensors"):
            if old.name != name:
                old.unlink()

    def _resume(self) -> tuple[list[Epoch], dict[str, Tensor], int]:
        assert self._checkpoint is not None
        path = self._checkpoint / "state.json"
        state: dict[str, Any] = json.loads(path.read_text())
        if state["config"] != self.config.model_dump():
            raise BundleError(
                "the checkpoint was made with other settings.",
                where=str(path),
                found=str({k: v for k, v in state["config"].items() if v != getattr(self.config, k, None)}),
                expected="the settings of this run",
                next="use the same settings, or another checkpoint folder",
            )
        tensors = load_file(self._checkpoint / state["tensors"])
        part = {
            p: {k[len(p) :]: v for k, v in tensors.items() if k.startswith(p)} for p in ("model.", "best.", "adam.")
        }
        self.model.load_state_dict(part["model."])
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in part["adam."].items():
            number, name = key.split(".", 1)
            moments.setdefault(int(number), {})[name] = value
        optimizer = self.optimizer.state_dict()
        optimizer["state"] = moments
        self.optimizer.load_state_dict(optimizer)
        return state["log"], part["best."], state["best_epoch"]
