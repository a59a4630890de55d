"""LightGCN, the usual graph baseline without facts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from kgrec.data.dataset import Array, Interactions
from kgrec.evaluation.compared_system import System, grid
from kgrec.learn.neural.quiet_pyg import EdgeIndex, LightGCN
from kgrec_benchmarks.systems.pairwise import GraphRanker, fit_pairwise


class UserItemLightGCN(LightGCN):  # type: ignore[misc]  # PyG ships no types
    """LightGCN (He et al. 2020, arXiv 2002.02126) over the graph of users and items.

        e^(l+1)_v = SUM_{w in N(v)} e^(l)_w / sqrt(|N(v)| |N(w)|)        e_v = mean over l of e^(l)_v

    PyG's model, whose propagation is one sparse product with a cached transpose instead of a gather and a scatter.
    """

    def __init__(self, user: Array, item: Array, n_nodes: int, embedding_dim: int, num_layers: int) -> None:
        super().__init__(n_nodes, embedding_dim, num_layers)
        torch.nn.init.normal_(self.embedding.weight, std=0.1)
        source, target = np.concatenate([user, item]), np.concatenate([item, user])
        order = np.lexsort((source, target))
        degree = np.maximum(np.bincount(target, minlength=n_nodes), 1).astype(np.float64)
        index = torch.from_numpy(np.stack([target[order], source[order]]))
        self.adj_t = EdgeIndex(index, sparse_size=(n_nodes, n_nodes), sort_order="row").fill_cache_()
        self.weight = torch.from_numpy((1.0 / np.sqrt(degree[target] * degree[source]))[order].astype(np.float32))

    def embed(self) -> Tensor:
        """Vectors of all nodes, ``(nodes, d)``."""
        x = self.free()
        total: Tensor = x * self.alpha[0]
        for layer in range(self.num_layers):
            x = self.adj_t.matmul(x, input_value=self.weight)
            total = total + x * self.alpha[layer + 1]
        return total

    def free(self) -> Tensor:
        """The embedding table, ``(nodes, d)``."""
        table: Tensor = self.embedding.weight
        return table

    def begin_epoch(self) -> None:
        """Nothing is made anew."""

    def further_loss(self, rng: np.random.Generator) -> float:
        """Nothing is added."""
        return 0.0


def fit_lightgcn(
    train: Interactions,
    n_users: int,
    n_items: int,
    *,
    seed: int = 0,
    embedding_dim: int = 64,
    num_layers: int = 2,
    **training: Any,
) -> GraphRanker:
    """Fit LightGCN; ``training`` is that of :func:`kgrec_benchmarks.systems.pairwise.fit_pairwise`."""
    torch.manual_seed(seed)
    pairs = train.matrix(n_users, n_items).tocoo()
    user, item = pairs.row.astype(np.int64), pairs.col.astype(np.int64) + n_users
    model = UserItemLightGCN(user, item, n_users + n_items, embedding_dim, num_layers)
    return fit_pairwise(model, train, n_users, n_items, seed=seed, **training)


SYSTEM = System(
    fit_lightgcn,
    # Depths change fastest, so that all of them are tried before the time runs out.
    grid(learning_rate=(1e-2, 3e-3), l2=(1e-4, 1e-2), num_layers=(2, 1, 3)),
    reads=("seed",),
    stops_early=True,
    user_is_history=False,
)
