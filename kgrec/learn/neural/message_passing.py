"""Messages of all relations as one sparse product, however many relations a graph has.

A product per relation costs most of a step where a graph has dozens of relations, each of a few thousand facts. So the
senders are stacked: a row for every node and relation that it sends along, and one matrix sums them at the targets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kgrec.learn.neural.hetero_graph import ENTITY, ITEM, EdgeKey
from kgrec.learn.neural.quiet_pyg import EdgeIndex, HeteroData


@dataclass(frozen=True)
class Messages:
    """The senders and the receivers of one layer's messages. Nodes are numbered items first.

    Attributes:
        sender, relation: of every stacked row, ``(rows,)``; relations by their place in :attr:`MessageGraph.keys`.
        adj_t: targets x stacked rows, with a cached transpose: forward and backward are one sparse product each.
        weight: of every edge of ``adj_t``, ``(edges,)``.
    """

    sender: Tensor
    relation: Tensor
    adj_t: EdgeIndex
    weight: Tensor

    def moved(self, fn: Callable[[Tensor], Tensor]) -> Messages:
        """The same with every tensor as ``fn`` gives it, see :meth:`MessageGraph.moved`."""
        adj_t = cast(EdgeIndex, fn(self.adj_t)).fill_cache_()
        return Messages(fn(self.sender), fn(self.relation), adj_t, fn(self.weight))


@dataclass(frozen=True)
class MessageGraph:
    """The messages of every layer of an encoder.

    Only items are scored, so the last layer sends messages to items only: with one layer the embedding of an entity is
    its free embedding.

    Attributes:
        n_items, n_entities: how many nodes there are.
        keys: the edge types; each has an embedding per layer.
        layers: messages of each layer; none where no message reaches an item.
    """

    n_items: int
    n_entities: int
    keys: list[EdgeKey]
    layers: list[Messages]

    @classmethod
    def of(cls, data: HeteroData, num_layers: int) -> MessageGraph:
        """The stacked messages of a graph as :func:`kgrec.learn.neural.hetero_graph.to_hetero` makes it."""
        n_items, n_entities = int(data[ITEM].num_nodes), int(data[ENTITY].num_nodes)
        keys = cast(list[EdgeKey], data.edge_types)
        layers: list[Messages] = []
        if num_layers and any(key[2] == ITEM for key in keys):
            everywhere = [_stacked(data, keys, n_items, n_items + n_entities)] if num_layers > 1 else []
            layers = everywhere * (num_layers - 1) + [_stacked(data, keys, n_items, n_items)]
        return cls(n_items, n_entities, keys, layers)

    def moved(self, fn: Callable[[Tensor], Tensor]) -> MessageGraph:
        """The same with every tensor as ``fn`` gives it, as ``torch.nn.Module`` moves its own."""
        moved = {id(layer): layer.moved(fn) for layer in {id(layer): layer for layer in self.layers}.values()}
        return replace(self, layers=[moved[id(layer)] for layer in self.layers])


class RelationConv(nn.Module):
    """A graph convolution: the sum of the neighbours, each times the diagonal of the relation that it sends along.

        out_t = SUM_r r * SUM_{s -> t} a_st x_s

    The diagonal form is DistMult's view of a relation (arXiv 1412.6575) as in R-GCN's block decomposition
    (arXiv 1703.06103) with blocks of one: ``embedding_dim`` numbers per relation, which is what sparse relations can
    learn.
    """

    def __init__(self, n_relations: int, embedding_dim: int) -> None:
        super().__init__()
        self.relation = nn.Parameter(torch.full((n_relations, embedding_dim), 0.3))

    def forward(self, x: Tensor, messages: Messages) -> Tensor:
        """Sums of messages ``(targets, d)`` from ``x`` ``(nodes, d)``; targets are all nodes or the items."""
        sent = F.embedding(messages.sender, x) * F.embedding(messages.relation, self.relation)
        with torch.autocast(x.device.type, enabled=False):  # sparse products know no lower precision
            received: Tensor = messages.adj_t.matmul(sent, input_value=messages.weight)
        return received


def _stacked(data: HeteroData, keys: list[EdgeKey], n_items: int, n_targets: int) -> Messages:
    """The messages to the first ``n_targets`` nodes."""
    first = {ITEM: 0, ENTITY: n_items}
    senders, relations, targets, columns, weights = [], [], [], [], []
    rows = 0
    for number, (source_type, name, target_type) in enumerate(keys):
        if first[target_type] >= n_targets:
            continue
        edges = data[source_type, name, target_type]
        source, target = edges.edge_index
        unique, column = torch.unique(source, return_inverse=True)
        senders.append(unique + first[source_type])
        relations.append(torch.full_like(unique, number))
        targets.append(target + first[target_type])
        columns.append(column + rows)
        weights.append(edges.edge_weight)
        rows += len(unique)
    target, column = torch.cat(targets), torch.cat(columns)
    order = torch.argsort(target * rows + column)
    index = EdgeIndex(
        torch.stack([target[order], column[order]]), sparse_size=(n_targets, rows), sort_order="row"
    ).fill_cache_()
    return Messages(torch.cat(senders), torch.cat(relations), index, torch.cat(weights)[order])
