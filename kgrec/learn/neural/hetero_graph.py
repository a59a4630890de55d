"""The facts of a data set as PyG HeteroData: nodes are items and entities, edges are relations and their reverses."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from kgrec.data.dataset import Array, Dataset
from kgrec.learn.neural.quiet_pyg import HeteroData

EdgeKey = tuple[str, str, str]
ITEM, ENTITY = "item", "entity"


def to_hetero(dataset: Dataset, degree: Array | None = None) -> HeteroData:
    """The heterogeneous graph that the GNN passes messages over.

    ``data[type].num_nodes`` for item and entity; ``data[key].edge_index`` for every relation between items and entities
    and, as ``rev_NAME``, its reverse. A message over an edge is weighed by ``1 / sqrt(facts of the target x facts of
    the source)`` (``edge_weight``), the symmetric form of Kipf and Welling (arXiv 1609.02907). An entity that only one
    fact mentions tells items nothing about each other, so it sends none. Interactions are what is predicted, so they
    are no edges.

    Args:
        degree: facts of each node ``(nodes,)``; counted here, unless the data set is a part of a larger graph.
    """
    n_items = len(dataset.items)
    data = HeteroData()
    data[ITEM].num_nodes = n_items
    data[ENTITY].num_nodes = len(dataset.nodes) - n_items
    facts = dataset.facts
    if degree is None:
        degree = np.bincount(np.concatenate([facts.head, facts.tail]), minlength=len(dataset.nodes))
    taken = set(facts.relations)
    for number, relation in enumerate(facts.relations):
        reverse = f"rev_{relation}"
        while reverse in taken:  # the source may have a relation of this name itself
            reverse = f"rev_{reverse}"
        taken.add(reverse)
        of_relation = facts.relation == number
        head, tail = facts.head[of_relation], facts.tail[of_relation]
        for name, source, target in ((relation, head, tail), (reverse, tail, head)):
            for source_type in (ITEM, ENTITY):
                for target_type in (ITEM, ENTITY):
                    mask = ((source < n_items) == (source_type == ITEM)) & ((target < n_items) == (target_type == ITEM))
                    mask &= (degree[source] > 1) | (source_type == ITEM)
                    if mask.any():
                        key = (source_type, name, target_type)
                        _add_edges(data, key, source[mask], target[mask], degree, n_items)
    return data


def _add_edges(data: HeteroData, key: EdgeKey, source: Array, target: Array, degree: Array, n_items: int) -> None:
    rows = source - (n_items if key[0] == ENTITY else 0)
    columns = target - (n_items if key[2] == ENTITY else 0)
    order = np.lexsort((rows, columns))
    rows, columns = rows[order], columns[order]
    with warnings.catch_warnings():
        # Relations are called what their source calls them; the messages go by number.
        warnings.filterwarnings("ignore", "There exist type names", UserWarning)
        data[key].edge_index = torch.from_numpy(np.stack([rows, columns]))
    weight = 1.0 / np.sqrt(degree[source].astype(np.float64) * degree[target])
    data[key].edge_weight = torch.from_numpy(weight[order].astype(np.float32))
