"""The layers of LightGCN by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch


def test_lightgcn_by_hand() -> None:
    from kgrec_benchmarks.systems.lightgcn import UserItemLightGCN

    # Nodes: users 0 and 1, items 2 and 3; user 0 took both, user 1 item 2.
    model = UserItemLightGCN(np.array([0, 0, 1]), np.array([2, 3, 2]), 4, embedding_dim=3, num_layers=1)
    with torch.no_grad():
        e = model.free()
        by_hand = (e[0] + e[2] / 2 + e[3] / 2**0.5) / 2
        assert model.embed()[0].tolist() == pytest.approx(by_hand.tolist())
