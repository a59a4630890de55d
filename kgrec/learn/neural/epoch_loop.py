"""Epochs of training, one after another: the best is kept, early stopping ends them, a checkpoint resumes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from kgrec.errors import BundleError, TrainingDivergedError
from kgrec.learn.neural.checkpoint import Keeper, State

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
        keeper: keeps the state after every epoch; training goes on from there when there is one.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    patience: int
    keeper: Keeper | None = None

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
        kept = self.keeper.load() if self.keeper is not None else None
        if kept is not None:
            log, best, best_epoch = kept.log, self.restore(kept), kept.best_epoch
        while len(log) < last and not (validate is not None and len(log) - best_epoch >= self.patience):
            entry = one_epoch(len(log))
            if validate is not None:
                entry[VALID] = validate()
            log.append(entry)
            if validate is None or entry[VALID] > log[best_epoch - 1][VALID] or not best:
                best_epoch = len(log)
                best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            if self.keeper is not None:
                self.keeper.save(self.state(log, best, best_epoch))
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
        if self.keeper is not None and self.keeper.mark_diverged():
            rescue += f"; it goes on from epoch {number}, kept in {self.keeper.place}"
        where = f"epoch {number + 1}, {place}"
        return TrainingDivergedError(summary, where=where, found=found, expected="finite numbers", next=rescue)

    def state(self, log: Sequence[Epoch] = (), best: Mapping[str, Tensor] = MappingProxyType({}), of: int = 0) -> State:
        """The state of the model and the optimizer as they are.

        Args:
            log: figures of the epochs so far.
            best: weights of the best epoch.
            of: its number, from 1.
        """
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in best.items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        return State(tensors, list(log), of)

    def restore(self, state: State) -> dict[str, Tensor]:
        """The best weights of a state, from which training goes on; the learning rate stays that of this run.

        Raises:
            BundleError: it was kept by another version of kgrec.
        """
        part = {
            p: {k[len(p) :]: v for k, v in state.tensors.items() if k.startswith(p)}
            for p in ("model.", "best.", "adam.")
        }
        try:
            self.model.load_state_dict(part["model."])
        except RuntimeError as error:
            raise BundleError(
                "the checkpoint was made by another version of kgrec.",
                where=None if self.keeper is None else self.keeper.place,
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
