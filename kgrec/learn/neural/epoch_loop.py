"""Epochs of training, one after another: the best is kept, early stopping ends them, a checkpoint resumes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kgrec.errors import BundleError, TrainingDivergedError
from kgrec.learn.neural.checkpoint import Checkpoint, State

Epoch = dict[str, float]
OnEpoch = Callable[[Epoch], None]

VALID = "valid_ndcg@10"
"""The figure of an epoch that validation gives."""


@dataclass(frozen=True)
class EpochLoop:
    """Runs the epochs of a model.

    Attributes:
        model: the model that is trained.
        optimizer: of its parameters.
        patience: epochs without a better validation before stopping.
        checkpoint: keeps the state after every epoch; training goes on from there when it exists.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    patience: int
    checkpoint: Checkpoint | None = None

    def run(
        self,
        one_epoch: Callable[[int], Epoch],
        last: int,
        validate: Callable[[], float] | None = None,
        on_epoch: OnEpoch | None = None,
    ) -> tuple[list[Epoch], int]:
        """The figures of every epoch and the number, from 1, of the best, whose weights the model then has.

        Args:
            one_epoch: trains once and gives the figures; epochs are numbered from 0.
            last: epochs at most; without validation exactly so many.
            validate: quality of the model as it is, higher is better; without it the last epoch is kept.
            on_epoch: called with every epoch's figures.

        Raises:
            ConfigError: the checkpoint belongs to other settings or other data.
            BundleError: the checkpoint is damaged, or another version of kgrec made it.
        """
        log: list[Epoch] = []
        best: dict[str, Tensor] = {}
        best_epoch = 0
        kept = self.checkpoint.load() if self.checkpoint is not None else None
        if kept is not None:
            log, best, best_epoch = kept.log, self._restore(kept), kept.best_epoch
        while len(log) < last and not (validate is not None and len(log) - best_epoch >= self.patience):
            entry = one_epoch(len(log))
            if validate is not None:
                entry[VALID] = validate()
            log.append(entry)
            if validate is None or entry[VALID] > log[best_epoch - 1][VALID] or not best:
                best_epoch = len(log)
                best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            if self.checkpoint is not None:
                self.checkpoint.save(self._state(log, best, best_epoch))
            if on_epoch is not None:
                on_epoch(entry)
        # What only training needs is several times the weights.
        self.optimizer.zero_grad()
        self.optimizer.state.clear()
        self.model.load_state_dict(best)
        return log, best_epoch

    def diverged(self, summary: str, number: int, place: str, found: str) -> TrainingDivergedError:
        """The error of an epoch whose loss or weights are not finite; the checkpoint holds the state before it."""
        rescue = f"lower learning_rate (now {self.optimizer.param_groups[0]['lr']:g}) and train again"
        if self.checkpoint is not None and self.checkpoint.mark_diverged():
            rescue += f"; it goes on from epoch {number}, kept in {self.checkpoint.folder}"
        where = f"epoch {number + 1}, {place}"
        return TrainingDivergedError(summary, where=where, found=found, expected="finite numbers", next=rescue)

    def _state(self, log: list[Epoch], best: Mapping[str, Tensor], best_epoch: int) -> State:
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in best.items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        return State(tensors, log, best_epoch)

    def _restore(self, state: State) -> dict[str, Tensor]:
        """The best weights of a state, from which training goes on; the learning rate stays that of this run."""
        part = {
            p: {k[len(p) :]: v for k, v in state.tensors.items() if k.startswith(p)}
            for p in ("model.", "best.", "adam.")
        }
        assert self.checkpoint is not None
        try:
            self.model.load_state_dict(part["model."])
        except RuntimeError as error:
            raise BundleError(
                "the checkpoint was made by another version of kgrec.",
                where=str(self.checkpoint.folder),
                found=str(error),
                expected="the weights of this model",
                next="delete the folder and train again",
            ) from error
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in part["adam."].items():
            number, name = key.split(".", 1)
            moments.setdefault(int(number), {})[name] = value
        optimizer = self.optimizer.state_dict()
        optimizer["state"] = moments
        self.optimizer.load_state_dict(optimizer)
        return part["best."]
