"""SASRec, self-attention over the events of a history, with a softmax over sampled items."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kgrec.data.dataset import Interactions
from kgrec.evaluation.compared_system import System, grid
from kgrec_benchmarks.systems.next_item_training import SequenceRanker, fit_next_item


class SASRec(nn.Module):
    """One block of causal self-attention (Kang and McAuley 2018, arXiv 1808.09781), normalised before each part.

        h = dropout(items[sequence] + positions)
        h = h + dropout(attention(norm(h)))        h = norm(h + dropout(W2 relu(W1 norm(h))))

    Scores are inner products of the state after an event with the vectors of the items. Positions count from the end of
    the sequence. Departure: a sampled softmax instead of one negative and a binary loss, which is what makes it strong
    (Klenitskiy and Vasilev 2023, arXiv 2309.07602).
    """

    def __init__(self, n_items: int, embedding_dim: int, max_length: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.max_length, self.heads, self.dropout = max_length, heads, dropout
        self.items = nn.Embedding(n_items + 1, embedding_dim, padding_idx=n_items)
        self.positions = nn.Embedding(max_length, embedding_dim)
        for table in (self.items, self.positions):
            nn.init.normal_(table.weight, std=0.02)
        self.before_attention, self.before_feed, self.last = (nn.LayerNorm(embedding_dim) for _ in range(3))
        self.mix = nn.Linear(embedding_dim, 3 * embedding_dim)
        self.out = nn.Linear(embedding_dim, embedding_dim)
        self.feed = nn.Sequential(
            nn.Linear(embedding_dim, embedding_dim),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(embedding_dim, embedding_dim),
        )

    def states(self, sequences: Tensor, lengths: Tensor) -> Tensor:
        """What is known after each event, ``(n, length, d)``."""
        n, length = sequences.shape
        from_end = (lengths[:, None] - 1 - torch.arange(length)).clamp(min=0)
        h = self.items(sequences) + self.positions(from_end)
        h = F.dropout(h, self.dropout, self.training)
        query, key, value = (
            part.view(n, length, self.heads, -1).transpose(1, 2)
            for part in self.mix(self.before_attention(h)).chunk(3, -1)
        )
        attention_dropout = self.dropout if self.training else 0.0
        # Padding stands at the end, where no event looks.
        seen = F.scaled_dot_product_attention(query, key, value, dropout_p=attention_dropout, is_causal=True)
        h = h + F.dropout(self.out(seen.transpose(1, 2).reshape(n, length, -1)), self.dropout, self.training)
        h = h + F.dropout(self.feed(self.before_feed(h)), self.dropout, self.training)
        states: Tensor = self.last(h)
        return states


def fit_sasrec(
    train: Interactions,
    n_users: int,
    n_items: int,
    *,
    seed: int = 0,
    embedding_dim: int = 64,
    max_length: int = 100,
    heads: int = 2,
    dropout: float = 0.5,
    **training: Any,
) -> SequenceRanker:
    """Fit SASRec; ``training`` is that of :func:`kgrec_benchmarks.systems.next_item_training.fit_next_item`."""
    torch.manual_seed(seed)
    model = SASRec(n_items, embedding_dim, max_length, heads, dropout)
    return fit_next_item(model, train, n_users, seed=seed, **training)


SYSTEM = System(
    fit_sasrec,
    grid(learning_rate=(1e-3, 3e-3), dropout=(0.5, 0.2)),
    at_most={"dropout": 0.8},
    reads=("seed",),
    stops_early=True,
    needs_times=True,
)
