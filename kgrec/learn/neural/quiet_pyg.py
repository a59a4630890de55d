"""PyG, imported without the warnings that only its own authors can act on.

Each comes once per process: at the import, or at the first sparse CSR tensor, which is made here for that reason.
"""

from __future__ import annotations

import warnings

import torch

with warnings.catch_warnings():
    for _message in (
        "`torch.jit.script` is deprecated",
        "Sparse CSR tensor support is in beta",
        "Sparse invariant checks are implicitly disabled",
    ):
        warnings.filterwarnings("ignore", _message)
    from torch_geometric import EdgeIndex
    from torch_geometric.data import HeteroData
    from torch_geometric.nn import LightGCN
    from torch_geometric.utils import softmax

    torch.sparse_csr_tensor(torch.tensor([0, 1]), torch.tensor([0]), torch.ones(1), size=(1, 1))

__all__ = ["EdgeIndex", "HeteroData", "LightGCN", "softmax"]
