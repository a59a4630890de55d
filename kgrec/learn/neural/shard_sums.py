"""Sums over the shards of a batch, and the cut at which the shards' gradients meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from kgrec.learn.neural.checkpoint import Keeper, State

WorkShard = Callable[[int], list[Tensor]]
"""What a shard, by its number, adds to a step: tensors of the same shapes for every shard."""


class ShardWorkers(Protocol):
    """Who works the shards of a training.

    Attributes:
        keeper: keeps the state where the training has no checkpoint of its own; None where nobody else is in it.
        size: how many work at the moment.
    """

    @property
    def keeper(self) -> Keeper | None: ...

    @property
    def size(self) -> int: ...

    def begin(self, epoch: int, state: Callable[[], State]) -> None:
        """Told before every epoch, with the state that it begins with."""

    def summed(self, shards: int, work: WorkShard) -> list[Tensor]:
        """The sum over the shards, added up in their order: the same to the last bit, whoever works them."""


class InTurn:
    """This process works the shards, one after another."""

    keeper: Keeper | None = None
    size = 1

    def begin(self, epoch: int, state: Callable[[], State]) -> None:
        """Nothing."""

    def summed(self, shards: int, work: WorkShard) -> list[Tensor]:
        """The sum over the shards."""
        return added(map(work, range(shards)))


in_turn = InTurn()
"""Who works the shards where nothing else is said."""


def added(parts: Iterable[list[Tensor]]) -> list[Tensor]:
    """The sum of lists of tensors, in their order. Sums of numbers with a point depend on it in their last bits."""
    total: list[Tensor] = []
    for part in parts:
        total = [one + other for one, other in zip(total, part, strict=True)] if total else part
    return total


@dataclass(frozen=True)
class Cut:
    """Encoded nodes cut off from their encoders: the shards work from there, and their sum flows back once.

    Attributes:
        encoded: what the encoders made, with the way back to their parameters.
        leaves: the same without it.
    """

    encoded: list[Tensor]
    leaves: list[Tensor]

    @classmethod
    def of(cls, source: Tensor, target: Tensor, texts: Tensor | None, n_items: int) -> Cut:
        """The cut behind the encoders; of the nodes as history only the items are in a loss."""
        encoded = [source[:n_items], target] if texts is None else [source[:n_items], target, texts]
        return cls(encoded, [each.detach().requires_grad_() for each in encoded])

    @property
    def arguments(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Source, target and texts, for a loss."""
        source, target, *texts = self.leaves
        return source, target, texts[0] if texts else None

    def gradients(self, loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
        """Gradients of a loss by the leaves and by some parameters; zeros by what it does not read."""
        by = [*self.leaves, *parameters]
        found = torch.autograd.grad(loss, by, allow_unused=True) if loss.requires_grad else [None] * len(by)
        return [torch.zeros_like(one) if grad is None else grad for one, grad in zip(by, found, strict=True)]

    def flow_back(self, gradients: Sequence[Tensor], parameters: Sequence[Tensor]) -> None:
        """Add to the gradients of the parameters, and through the encoders to those of theirs, in one backward pass.

        A parameter that encoders read as well adds up in the order that a pass over the whole loss has.
        """
        aliases = [parameter.view_as(parameter) for parameter in parameters]
        torch.autograd.backward([*self.encoded, *aliases], list(gradients))
