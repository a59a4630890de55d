"""The attention of KGAT."""

from __future__ import annotations

import numpy as np
import pytest
import torch


def test_kgat_attends_within_the_edges_of_a_node() -> None:
    from kgrec_benchmarks.systems.kgat import CollaborativeKnowledgeGraph

    torch.manual_seed(0)
    edges = np.array([[0, 0, 1], [0, 1, 2], [1, 0, 0], [2, 1, 0]])
    model = CollaborativeKnowledgeGraph(edges, 3, 2, embedding_dim=4, num_layers=1)
    model.begin_epoch()
    with torch.no_grad():
        e, r = model.nodes, model.relations
        raw = torch.stack([e[1] @ torch.tanh(e[0] + r[0]), e[2] @ torch.tanh(e[0] + r[1])])
        assert model.attention.tolist() == pytest.approx([*torch.softmax(raw, 0).tolist(), 1.0, 1.0])
        near = model.adj_t.matmul(e, input_value=model.attention)
        assert near[0].tolist() == pytest.approx((model.attention[0] * e[1] + model.attention[1] * e[2]).tolist())
        assert model.embed().shape == (3, 8)
