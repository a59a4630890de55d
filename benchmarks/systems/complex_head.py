"""A head that completes the graph: ComplEx over node embeddings, trained by one softmax over all nodes per query.

The reconstruction term of the joint loss shapes embeddings for recommending and tells a fact from eight corrupted ones;
that is far from finding the one true tail among all nodes. The head adds what is missing, without touching them:

    z_v            = W h_v + e_v                                     h given and fixed, W and e learned
    s(h, r, t)     = Re <z_h o z_r, conj z_t>                        (ComplEx: Trouillon et al., arXiv 1606.06357)
    loss           = mean over facts, both ways round, of -log softmax_t s(h, r, t) + N3

The other way round has relations of its own (reciprocal relations) and the pull towards zero is the nuclear 3-norm of a
fact, as Lacroix et al. (arXiv 1806.07297) have it. Facts with the same head and relation share one row of scores: the
loss is exactly that of one row per fact, at a fraction of the cost, as films have ten actors and actors ten films.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from kgrec.data.dataset import Array, IntArray
from kgrec.data.triples import Facts
from kgrec.errors import TrainingDivergedError
from kgrec.learn.neural.model import rows_of

Report = Callable[[int, float, float | None], None]
"""Called after every epoch with its number from 1, its loss, and the quality on validation."""


@dataclass(frozen=True)
class HeadSetting:
    """How a head is trained.

    Attributes:
        embedding_dim: real numbers per node, even: half real, half imaginary parts.
        n3: weight of the regularisation.
        learning_rate: Adagrad's step size.
        batch_size: queries (node, relation) per step.
        epochs: most epochs; fewer where validation stops improving.
        patience: epochs without a better validation before stopping.
    """

    embedding_dim: int = 64
    n3: float = 0.2
    learning_rate: float = 0.2
    batch_size: int = 512
    epochs: int = 40
    patience: int = 3


@dataclass(frozen=True)
class FactEmbeddings:
    """What the head leaves behind, as numpy arrays; scores every node as an end of a fact.

    Attributes:
        nodes: float32 ``(nodes, d)``, real parts first.
        relations: float32 ``(2 * relations, d)``; the second half reads facts from tail to head.
    """

    nodes: Array
    relations: Array

    def tails(self, head: IntArray, relation: IntArray) -> Array:
        """Scores of all nodes as tails, float32 ``(n, nodes)``."""
        return self._scores(head, relation)

    def heads(self, relation: IntArray, tail: IntArray) -> Array:
        """Scores of all nodes as heads, float32 ``(n, nodes)``."""
        return self._scores(tail, relation + len(self.relations) // 2)

    def _scores(self, node: IntArray, relation: IntArray) -> Array:
        query = complex_product(torch.from_numpy(self.nodes[node]), torch.from_numpy(self.relations[relation]))
        scores: Array = query.numpy() @ self.nodes.T
        return scores


class KgHead(nn.Module):
    """The head's parameters.

    Args:
        given: node embeddings to start from, float32 ``(nodes, any)``; None learns from the facts alone.
    """

    given: Tensor | None

    def __init__(self, n_nodes: int, n_relations: int, embedding_dim: int, given: Array | None = None) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(n_nodes, embedding_dim) * 0.1)
        self.relation = nn.Parameter(torch.randn(2 * n_relations, embedding_dim) * 0.1)
        self.register_buffer("given", None if given is None else torch.from_numpy(given))
        self.map = None if given is None else nn.Linear(given.shape[1], embedding_dim, bias=False)
        if self.map is not None:
            nn.init.zeros_(self.map.weight)

    def nodes(self) -> Tensor:
        """Node embeddings, ``(nodes, d)``."""
        return self.free if self.map is None or self.given is None else self.free + self.map(self.given)

    def loss(self, batch: Queries, n3: float) -> Tensor:
        """Cross-entropy per fact of a batch of queries, plus the regularisation."""
        nodes = self.nodes()
        head, relation = rows_of(nodes, batch.node), rows_of(self.relation, batch.relation)
        scores = complex_product(head, relation) @ nodes.T
        n_facts = batch.count.sum()
        true = scores[batch.row, batch.tail].sum()
        entropy = (batch.count * torch.logsumexp(scores, 1)).sum() - true
        size = batch.count @ (_cubes(head) + _cubes(relation)) + _cubes(rows_of(nodes, batch.tail)).sum()
        return (entropy + n3 / 3.0 * size) / n_facts


@dataclass(frozen=True)
class Queries:
    """A batch: distinct (node, relation) ``(q,)`` with their number of facts, and the ``tail`` of each by ``row``."""

    node: Tensor
    relation: Tensor
    count: Tensor
    row: Tensor
    tail: Tensor


class _QueryTable:
    """All facts, read both ways round, grouped by their query."""

    def __init__(self, facts: Facts) -> None:
        width = 2 * len(facts.relations)
        node = np.concatenate([facts.head, facts.tail])
        relation = np.concatenate([facts.relation, facts.relation + len(facts.relations)])
        key = node * width + relation
        order = np.argsort(key, kind="stable")
        self._tail = np.concatenate([facts.tail, facts.head])[order]
        keys, self._start, self._count = np.unique(key[order], return_index=True, return_counts=True)
        self._node, self._relation = np.divmod(keys, width)

    def __len__(self) -> int:
        return len(self._node)

    def batch(self, chosen: IntArray) -> Queries:
        count = self._count[chosen]
        row = np.repeat(np.arange(len(chosen)), count)
        place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + self._start[chosen][row]
        parts = (self._node[chosen], self._relation[chosen], count.astype(np.float32), row, self._tail[place])
        return Queries(*(torch.from_numpy(part) for part in parts))


def fit_kg_head(
    facts: Facts,
    n_nodes: int,
    setting: HeadSetting | None = None,
    *,
    given: Array | None = None,
    seed: int = 0,
    validate: Callable[[FactEmbeddings], float] | None = None,
    report: Report | None = None,
) -> FactEmbeddings:
    """Node and relation embeddings of a head trained on facts.

    Args:
        facts: what is known.
        given: node embeddings that it starts from and leaves as they are, float32 ``(n_nodes, any)``.
        validate: quality of some embeddings, higher is better; the best epoch is kept. Without it the last is.

    Raises:
        TrainingDivergedError: the loss was not finite.
    """
    setting = setting or HeadSetting()
    torch.manual_seed(seed)
    head = KgHead(n_nodes, len(facts.relations), setting.embedding_dim, given)
    optimizer = torch.optim.Adagrad(head.parameters(), lr=setting.learning_rate)
    table = _QueryTable(facts)
    best, highest, best_epoch = _arrays(head), -np.inf, 0
    for epoch in range(1, setting.epochs + 1):
        order = np.random.default_rng((seed, epoch)).permutation(len(table))
        total = 0.0
        for start in range(0, len(order), setting.batch_size):
            batch = table.batch(order[start : start + setting.batch_size])
            loss = head.loss(batch, setting.n3)
            if not torch.isfinite(loss):
                raise TrainingDivergedError(
                    "the loss of the facts is not finite.",
                    where=f"epoch {epoch}, after {start} of {len(table)} queries",
                    found=f"{float(loss.detach()):g}",
                    expected="finite numbers",
                    next=f"lower learning_rate (now {setting.learning_rate:g}) and train again",
                )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += float(loss.detach()) * float(batch.count.sum())
        embeddings = _arrays(head)
        quality = None if validate is None else validate(embeddings)
        if report is not None:
            report(epoch, total / (2 * len(facts)), quality)
        if quality is None or quality > highest:
            best, highest, best_epoch = embeddings, -np.inf if quality is None else quality, epoch
        if epoch - best_epoch >= setting.patience:
            break
    return best


def complex_product(left: Tensor, right: Tensor) -> Tensor:
    """Product of complex numbers, real parts in the first half of the last axis and imaginary parts in the second."""
    left_re, left_im = left.chunk(2, -1)
    right_re, right_im = right.chunk(2, -1)
    return torch.cat([left_re * right_re - left_im * right_im, left_re * right_im + left_im * right_re], -1)


def _cubes(embedding: Tensor) -> Tensor:
    """Sum of the cubed moduli of complex numbers, over the last axis."""
    re, im = embedding.chunk(2, -1)
    return ((re**2 + im**2 + 1e-12) ** 1.5).sum(-1)


@torch.no_grad()
def _arrays(head: KgHead) -> FactEmbeddings:
    return FactEmbeddings(head.nodes().numpy().copy(), head.relation.numpy().copy())
