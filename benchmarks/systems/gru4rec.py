"""GRU4Rec, a recurrent network over the events of a history, with a softmax over sampled items."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kgrec.data.dataset import Interactions
from kgrec.evaluation.compared_system import System, grid
from kgrec_benchmarks.systems.next_item_training import SequenceRanker, fit_next_item


class GRU4Rec(nn.Module):
    """One layer of gated recurrent units (Hidasi, Karatzoglou, Baltrunas and Tikk 2016, arXiv 1511.06939).

    Scores are inner products of the state after an event with the vectors of the items, which are also what it reads.
    Departure: negatives are drawn uniformly instead of from the other sequences of the batch.
    """

    def __init__(self, n_items: int, embedding_dim: int, max_length: int, dropout: float) -> None:
        super().__init__()
        self.max_length, self.dropout = max_length, dropout
        self.items = nn.Embedding(n_items + 1, embedding_dim, padding_idx=n_items)
        nn.init.normal_(self.items.weight, std=0.02)
        self.units = nn.GRU(embedding_dim, embedding_dim, batch_first=True)
        self.last = nn.LayerNorm(embedding_dim)

    def states(self, sequences: Tensor, lengths: Tensor) -> Tensor:
        """What is known after each event, ``(n, length, d)``; padding stands at the end, where no event looks."""
        read = F.dropout(self.items(sequences), self.dropout, self.training)
        states: Tensor = self.last(F.dropout(self.units(read)[0], self.dropout, self.training))
        return states


def fit_gru4rec(
    train: Interactions,
    n_users: int,
    n_items: int,
    *,
    seed: int = 0,
    embedding_dim: int = 64,
    max_length: int = 100,
    dropout: float = 0.3,
    **training: Any,
) -> SequenceRanker:
    """Fit GRU4Rec; ``training`` is that of :func:`kgrec_benchmarks.systems.next_item_training.fit_next_item`."""
    torch.manual_seed(seed)
    model = GRU4Rec(n_items, embedding_dim, max_length, dropout)
    return fit_next_item(model, train, n_users, seed=seed, **training)


SYSTEM = System(
    fit_gru4rec,
    grid(learning_rate=(1e-3, 3e-3), dropout=(0.3, 0.5)),
    at_most={"dropout": 0.8},
    reads=("seed",),
    stops_early=True,
    needs_times=True,
)
