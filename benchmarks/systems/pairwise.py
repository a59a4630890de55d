"""Graph baselines: vectors of users and items, trained by pairwise ranking and stopped early by validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.neural.model import rows_of
from kgrec.metrics.rankers import Ranker, VectorRanker
from kgrec.parallel.allocator import memory_kept
from kgrec_benchmarks.systems.early_stopping import diverged, trained

_BATCH = 4096


class GraphModel(Protocol):
    """A torch module that embeds users and items of one graph; nodes are users, then items, then entities."""

    def embed(self) -> Tensor:
        """Vectors of all nodes, ``(nodes, d)``."""

    def free(self) -> Tensor:
        """The free vectors that L2 pulls on, ``(nodes, d)``."""

    def begin_epoch(self) -> None:
        """Make anew what changes once per epoch."""

    def further_loss(self, rng: np.random.Generator) -> Tensor | float:
        """What is added to the loss of a step."""


@dataclass(frozen=True)
class GraphRanker(VectorRanker):
    """A fitted graph baseline; ``epochs`` is how many it took."""

    epochs: int = 0


@memory_kept()
def fit_pairwise(
    model: GraphModel,
    train: Interactions,
    n_users: int,
    n_items: int,
    *,
    seed: int,
    learning_rate: float = 0.01,
    l2: float = 1e-4,
    quality: Callable[[Ranker], float] | None = None,
    seconds: float = float("inf"),
    epochs: int | None = None,
) -> GraphRanker:
    """The vectors that minimise ``-log sigma(s_ui - s_uj) + l2 |e|^2`` (BPR, Rendle et al. 2009), found by Adam.

    Item j is a random one that the user has not taken.

    Args:
        l2: pull on the free vectors of each triple of a batch, half the mean of their squared lengths.
        quality, seconds, epochs: see :func:`kgrec_benchmarks.systems.early_stopping.trained`.

    Raises:
        TrainingDivergedError: a loss was not finite.
    """
    assert isinstance(model, nn.Module)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    pairs = np.unique(train.user * np.int64(n_items) + train.item)

    def one_epoch(epoch: int) -> None:
        rng = np.random.default_rng((seed, epoch))
        model.train()
        model.begin_epoch()
        for batch in np.array_split(rng.permutation(pairs), max(1, round(len(pairs) / _BATCH))):
            user, item = torch.from_numpy(batch // n_items), torch.from_numpy(batch % n_items + n_users)
            other = torch.from_numpy(_others(batch // n_items, pairs, n_items, rng) + n_users)
            vectors, nodes = model.embed(), torch.cat([user, item, other])
            of_user, of_item, of_other = rows_of(vectors, nodes).chunk(3)
            loss = F.softplus((of_user * (of_other - of_item)).sum(1)).mean()
            loss = loss + 0.5 * l2 * rows_of(model.free(), nodes).square().sum() / len(batch) + model.further_loss(rng)
            if not torch.isfinite(loss):
                raise diverged(model, epoch, float(loss.detach()), learning_rate)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def ranker_after(epoch: int) -> GraphRanker:
        return _ranker(model, n_users, n_items, epoch)

    return trained(one_epoch, ranker_after, quality=quality, seconds=seconds, epochs=epochs)


def _others(user: Array, pairs: Array, n_items: int, rng: np.random.Generator) -> Array:
    """A random item for each user that they have not taken; what was drawn in vain is drawn again, up to 10 times.

    ``pairs`` are the taken ones as ``user * n_items + item``, in ascending order.
    """
    item = rng.integers(0, n_items, len(user))
    for _ in range(10):
        wanted = user * np.int64(n_items) + item
        taken = pairs[np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)] == wanted
        if not taken.any():
            break
        item[taken] = rng.integers(0, n_items, int(taken.sum()))
    return item


@torch.no_grad()
def _ranker(model: GraphModel, n_users: int, n_items: int, epoch: int) -> GraphRanker:
    assert isinstance(model, nn.Module)
    model.eval()
    vectors = model.embed().numpy()
    return GraphRanker(vectors[:n_users].copy(), vectors[n_users : n_users + n_items].copy(), epoch)
