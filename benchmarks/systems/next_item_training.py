"""Sequence models that predict each next item of a history, trained by a softmax over sampled items."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.learn.neural.losses import sampled_softmax
from kgrec.learn.neural.sequence_batches import batches, padded, windows
from kgrec.metrics.rankers import Ranker
from kgrec.parallel.allocator import memory_kept
from kgrec_benchmarks.systems.early_stopping import diverged, trained
from kgrec_benchmarks.systems.event_order import in_order


class SequenceModel(Protocol):
    """A torch module that reads a sequence of items.

    Attributes:
        max_length: events that it reads at most.
        items: vectors by which candidates are scored, the same that it reads; one more row than items, for padding.
    """

    max_length: int
    items: nn.Embedding

    def states(self, sequences: Tensor, lengths: Tensor) -> Tensor:
        """What is known after each event, ``(n, length, d)``; events are item rows, filled up with padding at the end.

        Args:
            sequences: int64 ``(n, length)``.
            lengths: of the sequences without padding, ``(n,)``.
        """


@dataclass(frozen=True)
class SequenceRanker:
    """A fitted sequence model over everybody's history.

    Attributes:
        model: fitted; nobody changes it any more.
        item, start: histories as :func:`~kgrec_benchmarks.systems.event_order.in_order` gives them.
        epochs: how many it took.
    """

    model: SequenceModel
    item: IntArray
    start: IntArray
    epochs: int

    def with_history(self, history: Interactions) -> Self:
        """The same model over other histories."""
        item, start = in_order(history, len(self.start) - 1)
        return replace(self, item=item, start=start)

    @torch.no_grad()
    def scores(self, users: IntArray) -> Array:
        """Inner products with the state after the last event, float32 ``(len(users), items)``; 0 without a history."""
        assert isinstance(self.model, nn.Module)
        self.model.eval()
        table = self.model.items.weight[:-1]
        found = np.zeros((len(users), len(table)), np.float32)
        ends = self.start[users + 1]
        begins = np.maximum(self.start[users], ends - self.model.max_length)
        there = np.flatnonzero(ends > begins)
        if len(there):
            sequences, lengths = padded(self.item, begins[there], ends[there], len(table))
            states = self.model.states(sequences, lengths)[torch.arange(len(there)), lengths - 1]
            found[there] = (states @ table.T).numpy()
        return found


@memory_kept()
def fit_next_item(
    model: SequenceModel,
    train: Interactions,
    n_users: int,
    *,
    seed: int,
    learning_rate: float = 1e-3,
    batch: int = 128,
    negatives: int = 1024,
    quality: Callable[[Ranker], float] | None = None,
    seconds: float = float("inf"),
    epochs: int | None = None,
) -> SequenceRanker:
    """The model that minimises ``-log softmax`` of each next item among it and sampled ones, found by Adam.

    The sampled items are drawn uniformly once for a batch; where one of them is the next item it is left out there. A
    catalogue of no more than ``negatives`` items is summed over as a whole.

    Args:
        batch: sequences of a step; a longer history is several sequences.
        quality, seconds, epochs: see :func:`kgrec_benchmarks.systems.early_stopping.trained`.

    Raises:
        TrainingDivergedError: a loss was not finite.
    """
    assert isinstance(model, nn.Module)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    item, start = in_order(train, n_users)
    begins, ends = windows(start, model.max_length)
    n_items = model.items.num_embeddings - 1

    def one_epoch(epoch: int) -> None:
        rng = np.random.default_rng((seed, epoch))
        torch.manual_seed(int(rng.integers(2**62)))  # dropout
        model.train()
        for rows in batches(ends - begins, batch, rng):
            sequences, lengths = padded(item, begins[rows], ends[rows], n_items)
            states = model.states(sequences[:, :-1], lengths - 1)
            wanted = sequences[:, 1:]
            there = wanted != n_items
            loss = sampled_softmax(states[there], wanted[there], model.items.weight[:-1], negatives, rng)
            if not torch.isfinite(loss):
                raise diverged(model, epoch, float(loss.detach()), learning_rate)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def ranker_after(epoch: int) -> SequenceRanker:
        return SequenceRanker(copy.deepcopy(model), item, start, epoch)

    return trained(one_epoch, ranker_after, quality=quality, seconds=seconds, epochs=epochs)
