"""The GNN encoder: from node texts, free embeddings and facts to node embeddings."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from kgrec.learn.neural.hetero_graph import ENTITY, ITEM
from kgrec.learn.neural.message_passing import MessageGraph, RelationConv


class HeteroEncoder(nn.Module):
    """A relational GNN over items and entities.

        x_v     = m_v e_v + W_type(v) t_v        free embedding, if not dropped, and text
        h_v     = x_v + SUM_l SUM_r conv_r^l(h^(l-1))_v

    Args:
        graph: the messages of every layer.
        text_dim: width of the text embeddings, 0 without texts.
        embedding_dim: see TrainConfig.
    """

    def __init__(self, graph: MessageGraph, text_dim: int, embedding_dim: int) -> None:
        super().__init__()
        self.graph = graph
        sizes = {ITEM: graph.n_items, ENTITY: graph.n_entities}
        self.free = nn.ParameterDict({kind: torch.empty(size, embedding_dim) for kind, size in sizes.items()})
        for table in self.free.values():
            nn.init.normal_(table, std=0.1)
        self.text = nn.Linear(text_dim, embedding_dim, bias=False) if text_dim else None
        if self.text is not None:
            nn.init.normal_(self.text.weight, std=0.05 / text_dim**0.5)
        self.layers = nn.ModuleList(RelationConv(len(graph.keys), embedding_dim) for _ in graph.layers)

    def forward(self, texts: dict[str, Tensor], drop: float = 0.0) -> Tensor:
        """Embeddings of all nodes, ``(nodes, d)``, items first.

        Args:
            texts: text embeddings by node type; a type without any text may be left out.
            drop: in training, the share of items whose free embedding is left out.
        """
        x: dict[str, Tensor] = {}
        for kind, table in self.free.items():
            free: Tensor = table
            if kind == ITEM and drop and self.training:
                free = table * (torch.rand(len(table), 1, device=table.device) >= drop).to(table.dtype)
            x[kind] = free + self.text(texts[kind]).float() if self.text is not None and kind in texts else free
        hidden = torch.cat([x[ITEM], x[ENTITY]])
        for layer, messages in zip(self.layers, self.graph.layers, strict=True):
            received = layer(hidden, messages)
            n = len(received)
            hidden = hidden + received if n == len(hidden) else torch.cat([hidden[:n] + received, hidden[n:]])
        return hidden

    def relations(self) -> list[nn.Parameter]:
        """The relation diagonals of every layer, ``(edge types, d)`` each."""
        return [cast(RelationConv, layer).relation for layer in self.layers]
