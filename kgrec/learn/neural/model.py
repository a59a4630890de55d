"""The joint model: the channels of the embeddings of nodes and of texts, and the item bias, as one torch module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy import sparse
from torch import Tensor, nn

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, IntArray
from kgrec.learn.neural.gnn import HeteroEncoder
from kgrec.learn.neural.hetero_graph import ENTITY, ITEM, to_hetero
from kgrec.learn.neural.message_passing import MessageGraph
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.scoring.matrices import LowRankMatrix


@dataclass(frozen=True)
class Embeddings:
    """Learned embeddings and biases as numpy arrays.

    Attributes:
        source, target: of the nodes, float32 ``(items, d)``: an item as history and as candidate.
        texts: of the semantic channel, float32 ``(items, p)``; None without texts.
        bias: float32 ``(items,)``.
        nodes: float32 ``(nodes, d)``, items first; relations: float32 ``(relations, d)``.
        hops: layers in which messages reached an item; with 0 no fact is in ``source`` and ``target``.
    """

    source: Array
    target: Array
    texts: Array | None
    bias: Array
    nodes: Array
    relations: Array
    hops: int


class JointModel(nn.Module):
    """``s(u, i) = b_i + SUM_j w_uj <h_j, q_i> + SUM_j w_uj <P t_j, P t_i>`` over j in the history of u, j != i.

    ``h`` and ``q`` are two GNN encoders over the same graph: an item as history (source) and as candidate (target).

    Args:
        dataset: the facts and the interactions to learn from.
        texts: text embeddings of all nodes, float32 ``(nodes, t)``; None without texts.
        prior: start of the bias, float32 ``(items,)``.
        degree: see :func:`kgrec.learn.neural.hetero_graph.to_hetero`.
    """

    def __init__(
        self,
        dataset: Dataset,
        texts: Array | None,
        prior: Array,
        config: TrainConfig,
        degree: Array | None = None,
    ) -> None:
        super().__init__()
        n_items, d = len(dataset.items), config.embedding_dim
        hops = 1 if config.num_layers == "auto" else config.num_layers
        graph = MessageGraph.of(to_hetero(dataset, degree), hops)
        text_dim = 0 if texts is None else texts.shape[1]
        self.source = HeteroEncoder(graph, text_dim, d)
        self.target = HeteroEncoder(graph, text_dim, d)
        self.bias = nn.Parameter(torch.from_numpy(prior.astype(np.float32)))
        self.relation = nn.Embedding(max(len(dataset.facts.relations), 1), d)
        nn.init.normal_(self.relation.weight, mean=1.0, std=0.1)
        self.project = nn.Linear(text_dim, d, bias=False) if text_dim else None
        self.texts: dict[str, Tensor] = {}
        if texts is not None:
            parts = {ITEM: texts[:n_items], ENTITY: texts[n_items:]}
            self.texts = {kind: torch.from_numpy(part) for kind, part in parts.items() if kind == ITEM or part.any()}

    @property
    def device(self) -> torch.device:
        """The device of the parameters."""
        return self.bias.device

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> JointModel:
        """The module with ``fn`` applied to its parameters, and to texts and messages as well."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.texts = {kind: fn(part) for kind, part in self.texts.items()}
        self.source.graph = self.target.graph = self.source.graph.moved(fn)
        return self

    def encode(self, drop: float = 0.0) -> tuple[Tensor, Tensor, Tensor | None]:
        """Source and target embeddings of all nodes ``(nodes, d)``, items first, and projected texts of the items."""
        source = self.source(self.texts, drop)
        target = self.target(self.texts, drop)
        return source, target, self.project(self.texts[ITEM]).float() if self.project is not None else None

    def scores(self, source: Tensor, target: Tensor, texts: Tensor | None, history: sparse.csr_matrix) -> Tensor:
        """Scores of all items ``(users, items)`` for weighted histories ``(users, items)``.

        ``source`` and ``target`` may have further rows below the items, as :meth:`encode` returns them. The term of an
        item that is itself in the history is subtracted, or the model would learn to copy its input.
        """
        total: Tensor = self.bias
        n_items, own_term = len(self.bias), self.bias.new_zeros(history.nnz)
        (owner, item), weight = entries(history, self.device), _weights(history, self.device)
        for left, right in _sides(source, target, texts):
            total = total + _summed(left, history) @ right[:n_items].T
            own_term = own_term + weight * (rows_of(left, item) * rows_of(right, item)).sum(1)
        return total.index_put_((owner, item), -own_term, accumulate=True)

    def sampled_scores(
        self,
        source: Tensor,
        target: Tensor,
        texts: Tensor | None,
        history: sparse.csr_matrix,
        pairs: tuple[IntArray, IntArray],
        drawn: IntArray,
    ) -> tuple[Tensor, Tensor]:
        """Scores of pairs ``(pairs,)`` and of drawn items for all users ``(users, drawn)``, as :meth:`scores` has them.

        Args:
            pairs: rows of users and of items.
            drawn: rows of items.
        """
        owner, item, drawn_item = (torch.from_numpy(part.astype(np.int64)).to(self.device) for part in (*pairs, drawn))
        in_pair = torch.from_numpy(np.asarray(history[pairs], np.float32).ravel()).to(self.device)
        in_drawn = torch.from_numpy(history[:, drawn].toarray().astype(np.float32)).to(self.device)
        positive, negative = self.bias.index_select(0, item), self.bias.index_select(0, drawn_item)
        for left, right in _sides(source, target, texts):
            user, of_item, of_drawn = _summed(left, history), rows_of(right, item), rows_of(right, drawn_item)
            own_term = in_pair[:, None] * rows_of(left, item)
            positive = positive + ((rows_of(user, owner) - own_term) * of_item).sum(1)
            negative = negative + user @ of_drawn.T - in_drawn * (rows_of(left, drawn_item) * of_drawn).sum(1)
        return positive, negative

    @torch.no_grad()
    def embeddings(self) -> Embeddings:
        """The learned arrays, on the CPU."""
        self.eval()
        source, target, texts = self.encode()
        self.train()
        return Embeddings(
            _array(source[: len(self.bias)]),
            _array(target[: len(self.bias)]),
            None if texts is None else _array(texts),
            _array(self.bias),
            _array(target),
            _array(self.relation.weight),
            len(self.source.layers),
        )


def joined(members: Sequence[Embeddings]) -> Embeddings:
    """Embeddings of an ensemble: those of its members side by side, as scores add up; nodes are the first member's."""
    first = members[0]
    texts = [member.texts for member in members if member.texts is not None]
    return Embeddings(
        np.hstack([member.source for member in members]),
        np.hstack([member.target for member in members]),
        np.hstack(texts) if texts else None,
        np.mean([member.bias for member in members], axis=0),
        first.nodes,
        first.relations,
        first.hops,
    )


def rows_of(table: Tensor, rows: Tensor) -> Tensor:
    """``table[rows]``, whose gradient adds up in a fixed order: indexing adds in any order on several threads."""
    return F.embedding(rows, table)


def _sides(source: Tensor, target: Tensor, texts: Tensor | None) -> list[tuple[Tensor, Tensor]]:
    """Pairs of item embeddings, as history and as candidate: of nodes and of texts."""
    return [(source, target)] if texts is None else [(source, target), (texts, texts)]


def entries(matrix: sparse.csr_matrix, device: torch.device) -> tuple[Tensor, Tensor]:
    """Row and column of every stored entry of a matrix, ``(entries,)`` each."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return torch.from_numpy(row).to(device), torch.from_numpy(matrix.indices.astype(np.int64)).to(device)


def _weights(history: sparse.csr_matrix, device: torch.device) -> Tensor:
    return torch.from_numpy(history.data).to(device).float()


def _summed(table: Tensor, history: sparse.csr_matrix) -> Tensor:
    """``history @ table``: ``(users, d)``."""
    device = table.device
    items, starts = (
        torch.from_numpy(part.astype(np.int64)).to(device) for part in (history.indices, history.indptr[:-1])
    )
    return F.embedding_bag(items, table, starts, mode="sum", per_sample_weights=_weights(history, device))


def _array(tensor: Tensor) -> Array:
    copy: Array = tensor.detach().cpu().numpy().copy()
    return copy


def unit_history(histories: sparse.csr_matrix) -> sparse.csr_matrix:
    """Histories divided by the square root of their sum: between a sum, by which long ones dominate, and a mean."""
    total = np.asarray(histories.sum(axis=1)).ravel()
    scaled: sparse.csr_matrix = sparse.diags(1.0 / np.sqrt(np.maximum(total, 1e-9))) @ histories
    return scaled.tocsr()


def learned_ranker(embeddings: Embeddings, history: sparse.csr_matrix) -> ItemMatrixRanker:
    """The learned part of the score by itself, as training sees it, over some histories, users x items."""
    matrices = [LowRankMatrix(embeddings.source, embeddings.target)]
    if embeddings.texts is not None:
        matrices.append(LowRankMatrix(embeddings.texts, embeddings.texts))
    return ItemMatrixRanker(tuple(matrices), history, embeddings.bias)
