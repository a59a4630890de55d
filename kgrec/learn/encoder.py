"""The encoder: node texts, free embeddings and facts to node embeddings."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from kgrec.learn.hetero import ENTITY, ITEM, EdgeKey, fact_edge_types
from kgrec.learn.quiet_pyg import EdgeIndex, HeteroConv, HeteroData, MessagePassing


class RelationConv(MessagePassing):  # type: ignore[misc]  # PyG ships no types
    """Sum of the neighbours of one relation, turned by the relation's diagonal.

        out_t = r * SUM_{s -> t} a_st x_s

    The diagonal form is DistMult's view of a relation (arXiv 1412.6575) as in R-GCN's block decomposition
    (arXiv 1703.06103) with blocks of one: ``embedding_dim`` numbers per relation, which is what sparse relations can
    learn. Shapes: ``x`` is ``((sources, d), (targets, d))``, or ``(nodes, d)`` within one type,
    ``edge_weight`` ``(edges,)``; returns ``(targets, d)``.
    """

    def __init__(self, embedding_dim: int) -> None:
        super().__init__(aggr="sum")
        self.relation = nn.Parameter(torch.full((embedding_dim,), 0.3))

    def forward(self, x: Tensor | tuple[Tensor, Tensor], adj_t: EdgeIndex, edge_weight: Tensor) -> Tensor:
        """Messages of one relation to its targets."""
        source = x[0] if isinstance(x, tuple) else x
        product: Tensor = adj_t.matmul(source, input_value=edge_weight)
        return product * self.relation


class HeteroEncoder(nn.Module):
    """GNN over items and entities.

        x_v     = m_v e_v + W_type(v) t_v        free embedding, if not dropped or new, and text
        h_v     = x_v + SUM_l SUM_r conv_r^l(h^(l-1))_v

    Only items are scored, so the last layer sends messages to items only: with one layer an entity is what it is free.

    Args:
        data: as :func:`kgrec.learn.hetero.to_hetero` makes it.
        text_dim: width of the text embeddings, 0 without texts.
        embedding_dim, num_layers: see TrainConfig.
        free_items: bool ``(items,)``; False for items without behaviour, which have no free embedding to learn.
    """

    free_items: Tensor

    def __init__(
        self, data: HeteroData, text_dim: int, embedding_dim: int, num_layers: int, free_items: Tensor
    ) -> None:
        super().__init__()
        self.sizes = {ITEM: int(data[ITEM].num_nodes), ENTITY: int(data[ENTITY].num_nodes)}
        self.free = nn.ParameterDict({kind: torch.empty(size, embedding_dim) for kind, size in self.sizes.items()})
        for table in self.free.values():
            nn.init.normal_(table, std=0.1)
        self.text = nn.Linear(text_dim, embedding_dim, bias=False) if text_dim else None
        if self.text is not None:
            nn.init.normal_(self.text.weight, std=0.05 / text_dim**0.5)
        self._names = {number: name for name, number in _numbered(data).items()}
        keys = list(self._names)
        to_items = [key for key in keys if key[2] == ITEM]
        self.layers = nn.ModuleList(
            _layer(to_items if last else keys, embedding_dim)
            for last in [False] * (num_layers - 1) + [True] * (num_layers > 0)
            if to_items
        )
        self.register_buffer("free_items", free_items.float()[:, None])

    def forward(self, data: HeteroData, texts: dict[str, Tensor], drop: float = 0.0) -> dict[str, Tensor]:
        """Embeddings ``{"item": (items, d), "entity": (entities, d)}``; ``drop`` hides a share of free embeddings.

        ``texts`` may lack a node type that has no text.
        """
        x: dict[str, Tensor] = {}
        for kind, table in self.free.items():
            free: Tensor = table * self.free_items if kind == ITEM else table
            if drop and self.training and kind == ITEM:
                free = free * (torch.rand(len(free), 1, device=free.device) >= drop)
            x[kind] = free + self.text(texts[kind]) if self.text is not None and kind in texts else free
        keys = _numbered(data)
        edges = {number: data[key].adj_t for key, number in keys.items()}
        weights = {number: data[key].edge_weight for key, number in keys.items()}
        hidden = x
        for layer in self.layers:
            messages = layer(hidden, edges, edge_weight_dict=weights)
            hidden = {kind: value + messages[kind] if kind in messages else value for kind, value in hidden.items()}
        return hidden

    def relations(self) -> list[dict[EdgeKey, nn.Parameter]]:
        """The relation diagonals of every layer, by edge type."""
        convs: list[Any] = [layer.convs for layer in self.layers]
        return [
            {name: of_layer[number].relation for number, name in self._names.items() if number in of_layer}
            for of_layer in convs
        ]


def _numbered(data: HeteroData) -> dict[EdgeKey, EdgeKey]:
    """Edge types with their relation as a number: PyG's layers lose names with ``#`` or ``___`` in them."""
    return {key: (key[0], str(number), key[2]) for number, key in enumerate(fact_edge_types(data))}


def _layer(keys: list[EdgeKey], embedding_dim: int) -> HeteroConv:
    with warnings.catch_warnings():
        # A node type that receives nothing keeps what it has, as the encoder adds the layers up.
        warnings.filterwarnings("ignore", "There exist node types", UserWarning)
        return HeteroConv({key: RelationConv(embedding_dim) for key in keys}, aggr="sum")
