"""The training subgraph: the items that have interactions, and the entities that facts connect with them.

A catalogue may hold ten times more items than have interactions. The others teach nothing, yet an encoder would compute
all of them in every step. So they, and the entities that only they mention, are left out, and embedded once at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, IntArray
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.learn.neural.gnn import HeteroEncoder
from kgrec.learn.neural.hetero_graph import ENTITY, ITEM
from kgrec.learn.neural.model import Embeddings, JointModel


@dataclass(frozen=True)
class TrainingSubgraph:
    """The part of a data set that embeddings are trained on.

    Attributes:
        dataset: the part, its rows numbered anew.
        items, nodes: rows of its items and nodes in the whole.
        degree: facts of its nodes in the whole, so that a message weighs the same in both.
    """

    dataset: Dataset
    items: IntArray
    nodes: IntArray
    degree: IntArray

    @classmethod
    def of(cls, whole: Dataset) -> TrainingSubgraph:
        """The data set without cold items and without the entities whose facts are all about cold items."""
        n_items, n_nodes = len(whole.items), len(whole.nodes)
        facts = whole.facts
        degree = np.bincount(np.concatenate([facts.head, facts.tail]), minlength=n_nodes)
        kept = np.zeros(n_nodes, np.bool_)
        kept[whole.interactions.item] = True
        kept[n_items:] = True
        inside = kept[facts.head] & kept[facts.tail]
        facts_inside = np.bincount(np.concatenate([facts.head[inside], facts.tail[inside]]), minlength=n_nodes)
        kept[n_items:] = (facts_inside[n_items:] > 0) | (degree[n_items:] == 0)
        nodes = np.flatnonzero(kept)
        new_row = np.full(n_nodes, -1, np.int64)
        new_row[nodes] = np.arange(len(nodes))
        items = nodes[nodes < n_items]
        part = Dataset(
            users=whole.users,
            items=Vocabulary(whole.items[int(row)] for row in items),
            nodes=Vocabulary(whole.nodes[int(row)] for row in nodes),
            interactions=replace(whole.interactions, item=new_row[whole.interactions.item]),
            facts=Facts(
                new_row[facts.head[inside]], facts.relation[inside], new_row[facts.tail[inside]], facts.relations
            ),
            names=tuple(whole.names[int(row)] for row in nodes),
            texts=tuple(whole.texts[int(row)] for row in nodes),
        )
        return cls(part, items, nodes, degree[nodes])

    def embed(self, model: JointModel, whole: Dataset, texts: Array | None, config: TrainConfig) -> Embeddings:
        """Embeddings of the whole data set by a model that was trained on the part.

        Items and entities outside of the part have no free embedding, only what texts and facts give them.

        Args:
            texts: text embeddings of all nodes of the whole, or None as in training.
        """
        n_items = len(whole.items)
        if len(self.nodes) == len(whole.nodes):
            return model.embeddings()
        large = JointModel(whole, texts, np.zeros(n_items), config)
        with torch.no_grad():
            items, entities = torch.from_numpy(self.items), torch.from_numpy(self.nodes[len(self.items) :] - n_items)
            for small_side, large_side in ((model.source, large.source), (model.target, large.target)):
                _copy_encoder(small_side, large_side, {ITEM: items, ENTITY: entities})
            large.relation.load_state_dict(model.relation.state_dict())
            if large.project is not None and model.project is not None:
                large.project.load_state_dict(model.project.state_dict())
            large.bias[items] = model.bias
        return replace(large.embeddings(), hops=len(model.source.layers))


def _copy_encoder(small: HeteroEncoder, large: HeteroEncoder, rows: dict[str, Tensor]) -> None:
    for kind, table in large.free.items():
        table.zero_()
        table[rows[kind]] = small.free[kind]
    if large.text is not None and small.text is not None:
        large.text.load_state_dict(small.text.state_dict())
    small_number = {key: number for number, key in enumerate(small.graph.keys)}
    shared = [(number, small_number[key]) for number, key in enumerate(large.graph.keys) if key in small_number]
    for table, small_table in zip(large.relations(), small.relations(), strict=False):
        table.zero_()
        for number, number_in_small in shared:
            table[number] = small_table[number_in_small]
