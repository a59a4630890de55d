"""The learned part of the score: knowledge and semantic channel with the items' bias, as one torch module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy import sparse
from torch import Tensor, nn

from kgrec.config import TrainConfig
from kgrec.dataset import Array, Dataset, IntArray
from kgrec.learn.encoder import HeteroEncoder
from kgrec.learn.hetero import ENTITY, ITEM, to_hetero
from kgrec.learn.quiet_pyg import HeteroData
from kgrec.scoring import LowRankMatrix


@dataclass(frozen=True)
class Embeddings:
    """What training leaves behind, as numpy arrays.

    Attributes:
        source, target: of the knowledge channel, float32 ``(items, d)``: an item as history and as candidate.
        texts: of the semantic channel, float32 ``(items, p)``; None without texts.
        bias: float32 ``(items,)``.
        nodes: float32 ``(nodes, d)``, items first; relations: float32 ``(relations, d)``.
    """

    source: Array
    target: Array
    texts: Array | None
    bias: Array
    nodes: Array
    relations: Array


class JointModel(nn.Module):
    """``s(u, i) = b_i + SUM_j w_uj <h_j, q_i> + SUM_j w_uj <P t_j, P t_i>`` over the history without i itself.

    ``h`` and ``q`` are two GNN encoders over the same graph: what taking an item says differs from what speaks for it.

    Args:
        dataset: the graph and the behaviour to learn from.
        texts: text embeddings of all nodes, float32 ``(nodes, t)``; None without texts.
        prior: start of the bias, float32 ``(items,)``.
        degree: see :func:`kgrec.learn.hetero.to_hetero`.
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
        self.data: HeteroData = to_hetero(dataset, degree)
        counts = np.bincount(dataset.interactions.item, minlength=n_items)
        known = torch.from_numpy(counts > 0)
        text_dim = 0 if texts is None else texts.shape[1]
        self.source = HeteroEncoder(self.data, text_dim, d, hops, known)
        self.target = HeteroEncoder(self.data, text_dim, d, hops, known)
        self.bias = nn.Parameter(torch.from_numpy(prior.astype(np.float32)))
        self.relation = nn.Embedding(max(len(dataset.facts.relations), 1), d)
        nn.init.normal_(self.relation.weight, mean=1.0, std=0.1)
        self.project = nn.Linear(text_dim, d, bias=False) if text_dim else None
        self.texts: dict[str, Tensor] = {}
        if texts is not None:
            parts = {ITEM: texts[:n_items], ENTITY: texts[n_items:]}
            self.texts = {kind: torch.from_numpy(part) for kind, part in parts.items() if kind == ITEM or part.any()}

    def encode(self, drop: float = 0.0) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor | None]:
        """Source and target embeddings by node type and projected item texts."""
        source = self.source(self.data, self.texts, drop)
        target = self.target(self.data, self.texts, drop)
        return source, target, self.project(self.texts[ITEM]) if self.project is not None else None

    def scores(
        self, source: Tensor, target: Tensor, texts: Tensor | None, history: Tensor, columns: Tensor | None = None
    ) -> Tensor:
        """Scores of the items of ``columns`` (all by default) for dense weighted histories ``(users, items)``.

        The term of an item that is itself in the history is taken out, or the model would learn to copy its input.
        """
        bias = self.bias if columns is None else self.bias.index_select(0, columns)
        pick = target if columns is None else rows_of(target, columns)
        total = bias + (history @ source) @ pick.T
        own = ((source if columns is None else rows_of(source, columns)) * pick).sum(1)
        if texts is not None:
            chosen = texts if columns is None else rows_of(texts, columns)
            total = total + (history @ texts) @ chosen.T
            own = own + (chosen**2).sum(1)
        return total - (history if columns is None else history[:, columns]) * own

    def sampled_scores(
        self, source: Tensor, target: Tensor, texts: Tensor | None, history: sparse.csr_matrix, columns: Tensor
    ) -> Tensor:
        """:meth:`scores` of some columns for sparse weighted histories ``(users, items)``, without dense ones."""
        items, weights = torch.from_numpy(history.indices.astype(np.int64)), torch.from_numpy(history.data).float()
        starts = torch.from_numpy(history.indptr[:-1].astype(np.int64))

        def summed(table: Tensor) -> Tensor:
            return F.embedding_bag(items, table, starts, mode="sum", per_sample_weights=weights)

        pick = rows_of(target, columns)
        total = self.bias.index_select(0, columns) + summed(source) @ pick.T
        own = (rows_of(source, columns) * pick).sum(1)
        if texts is not None:
            chosen = rows_of(texts, columns)
            total = total + summed(texts) @ chosen.T
            own = own + (chosen**2).sum(1)
        of_columns = torch.from_numpy(history[:, columns.numpy()].toarray().astype(np.float32))
        return total - of_columns * own

    def nodes(self, encoded: dict[str, Tensor]) -> Tensor:
        """All node embeddings in the data set's order, items first."""
        return torch.cat([encoded[ITEM], encoded[ENTITY]])

    @torch.no_grad()
    def embeddings(self) -> Embeddings:
        """The learned arrays."""
        self.eval()
        source, target, texts = self.encode()
        self.train()
        return Embeddings(
            source[ITEM].numpy().copy(),
            target[ITEM].numpy().copy(),
            None if texts is None else texts.numpy().copy(),
            self.bias.detach().numpy().copy(),
            self.nodes(target).numpy().copy(),
            self.relation.weight.detach().numpy().copy(),
        )


def joined(members: Sequence[Embeddings]) -> Embeddings:
    """Several trainings side by side: scores add up, so an ensemble is one wider embedding; nodes are the first's."""
    first = members[0]
    texts = [one.texts for one in members if one.texts is not None]
    return Embeddings(
        np.hstack([one.source for one in members]),
        np.hstack([one.target for one in members]),
        np.hstack(texts) if texts else None,
        np.mean([one.bias for one in members], axis=0),
        first.nodes,
        first.relations,
    )


def rows_of(table: Tensor, rows: Tensor) -> Tensor:
    """``table[rows]``, whose gradient adds up in a fixed order: indexing adds in any order on several threads."""
    return F.embedding(rows, table)


def unit_history(histories: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows divided by the square root of their sum, so that long histories neither vanish nor shout."""
    total = np.asarray(histories.sum(axis=1)).ravel()
    scaled: sparse.csr_matrix = sparse.diags(1.0 / np.sqrt(np.maximum(total, 1e-9))) @ histories
    return scaled.tocsr()


@dataclass(frozen=True)
class LearnedPart:
    """The learned part of the score by itself, as training sees it."""

    embeddings: Embeddings
    history: sparse.csr_matrix

    def scores(self, users: IntArray) -> Array:
        learned, history = self.embeddings, self.history[users]
        total = LowRankMatrix(learned.source, learned.target).scores(history) + learned.bias
        if learned.texts is not None:
            total += LowRankMatrix(learned.texts, learned.texts).scores(history)
        return total
