"""A KGAT-like model, the usual baseline that reads facts: attention over users, items and entities in one graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kgrec.data.dataset import Array, Interactions
from kgrec.data.triples import Facts
from kgrec.evaluation.compared_system import System, grid
from kgrec.learn.neural.model import rows_of
from kgrec.learn.neural.quiet_pyg import EdgeIndex, softmax
from kgrec_benchmarks.systems.pairwise import GraphRanker, fit_pairwise

_TRIPLES = 2048
_DROPOUT = 0.1


class CollaborativeKnowledgeGraph(nn.Module):
    """KGAT (Wang et al. 2019, arXiv 1905.07854).

        pi(h, r, t) = softmax over the edges of h of  e_t . tanh(e_h + e_r)
        n_h         = SUM pi(h, r, t) e_t
        e'_h        = LeakyReLU(W1 (e_h + n_h)) + LeakyReLU(W2 (e_h * n_h)),  brought to length 1

    over the graph of interactions, facts and their reverses; a node's vector is that of all layers side by side. As in
    the authors' code the attention is made anew once per epoch and is no part of the gradient. Departures: TransE
    (``|e_h + e_r - e_t|^2``) instead of TransR, in the attention and in the loss of facts, which saves a matrix per
    relation; that loss is added to every step instead of alternating with it.

    Args:
        edges: (h, r, t) rows, int64 ``(n, 3)``; nodes are users, items, entities.
    """

    def __init__(self, edges: Array, n_nodes: int, n_relations: int, embedding_dim: int, num_layers: int) -> None:
        super().__init__()
        edges = edges[np.lexsort((edges[:, 2], edges[:, 0]))]
        self.head, self.relation, self.tail = (torch.from_numpy(column.copy()) for column in edges.T)
        index = torch.stack([self.head, self.tail])
        self.adj_t = EdgeIndex(index, sparse_size=(n_nodes, n_nodes), sort_order="row").fill_cache_()
        self.rowptr = torch.from_numpy(np.searchsorted(edges[:, 0], np.arange(n_nodes + 1)))
        self.attention = torch.empty(len(edges))
        self.nodes = nn.Parameter(torch.randn(n_nodes, embedding_dim) * 0.1)
        self.relations = nn.Parameter(torch.randn(n_relations, embedding_dim) * 0.1)
        self.sums = nn.ModuleList(nn.Linear(embedding_dim, embedding_dim) for _ in range(num_layers))
        self.products = nn.ModuleList(nn.Linear(embedding_dim, embedding_dim) for _ in range(num_layers))

    def begin_epoch(self) -> None:
        """Make the attention anew."""
        with torch.no_grad():
            towards = torch.tanh(self.nodes[self.head] + self.relations[self.relation])
            self.attention = softmax((self.nodes[self.tail] * towards).sum(1), ptr=self.rowptr)

    def embed(self) -> Tensor:
        """Vectors of all nodes, ``(nodes, (num_layers + 1) d)``."""
        x: Tensor = self.nodes
        layers = [x]
        for of_sum, of_product in zip(self.sums, self.products, strict=True):
            near = self.adj_t.matmul(x, input_value=self.attention)
            x = F.leaky_relu(of_sum(x + near)) + F.leaky_relu(of_product(x * near))
            x = F.dropout(x, _DROPOUT, self.training)
            layers.append(F.normalize(x, dim=1))
        return torch.cat(layers, 1)

    def free(self) -> Tensor:
        """The embedding table, ``(nodes, d)``."""
        return self.nodes

    def further_loss(self, rng: np.random.Generator) -> Tensor:
        """``softplus(true - false)`` of the distances of random edges and the same with a random tail."""
        chosen = torch.from_numpy(rng.integers(0, len(self.head), _TRIPLES))
        towards = rows_of(self.nodes, self.head[chosen]) + rows_of(self.relations, self.relation[chosen])
        other = torch.from_numpy(rng.integers(0, len(self.nodes), _TRIPLES))
        true = (towards - rows_of(self.nodes, self.tail[chosen])).square().sum(1)
        false = (towards - rows_of(self.nodes, other)).square().sum(1)
        return F.softplus(true - false).mean()


def fit_kgat(
    train: Interactions,
    n_users: int,
    n_items: int,
    *,
    facts: Facts,
    n_nodes: int,
    seed: int = 0,
    embedding_dim: int = 64,
    num_layers: int = 2,
    **training: Any,
) -> GraphRanker:
    """Fit the model; ``training`` is that of :func:`kgrec_benchmarks.systems.pairwise.fit_pairwise`.

    Args:
        facts: triples of nodes, the items first.
        n_nodes: number of items and entities.
    """
    torch.manual_seed(seed)
    pairs = train.matrix(n_users, n_items).tocoo()
    head = np.concatenate([pairs.row.astype(np.int64), facts.head + n_users])
    relation = np.concatenate([np.zeros(pairs.nnz, np.int64), facts.relation + 1])
    tail = np.concatenate([pairs.col.astype(np.int64) + n_users, facts.tail + n_users])
    n_relations = len(facts.relations) + 1
    forward = np.stack([head, relation, tail], 1)
    edges = np.concatenate([forward, np.stack([tail, relation + n_relations, head], 1)])
    model = CollaborativeKnowledgeGraph(edges, n_users + n_nodes, 2 * n_relations, embedding_dim, num_layers)
    return fit_pairwise(model, train, n_users, n_items, seed=seed, **training)


SYSTEM = System(
    fit_kgat,
    # Depths change fastest, so that all of them are tried before the time runs out.
    grid(learning_rate=(1e-2, 3e-3), l2=(1e-4, 1e-2), num_layers=(1, 2)),
    reads=("seed", "facts", "n_nodes"),
    stops_early=True,
    user_is_history=False,
)
