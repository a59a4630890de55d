"""A cold-start simulation whose right answer is known."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.learn.fusion.cold_item_gates import ColdStartSimulation
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel

N_USERS, N_KNOWN, N_HIDDEN, N_COLD = 120, 60, 40, 40
N = N_KNOWN + N_HIDDEN + N_COLD


def simulation(truth: float, cost: float = 0.018) -> ColdStartSimulation:
    """Four groups of items and users: the first channel tells them apart among known items, the second among all.

    Args:
        truth: share of the interactions with hidden items that stay in the user's group.
        cost: share that known items may lose.
    """
    rng = np.random.default_rng(0)
    group = np.arange(N) % 4
    same = (group[:, None] == group[None, :]).astype(np.float32)
    is_known = np.arange(N) < N_KNOWN
    noise = rng.random((N, N)).astype(np.float32)
    known = sparse.csr_matrix(np.where(is_known[None, :], same + 0.1 * noise, noise) * is_known[:, None])
    content = sparse.csr_matrix((same + 0.1 * noise) * is_known[:, None])
    model = AdditiveModel(
        (Channel("behaviour", SparseMatrix(known)), Channel("knowledge", SparseMatrix(content))),
        Gates.common(np.array([1.0, 0.0]), 0.0),
        np.zeros(N, np.float32),
        ~is_known,
    )
    users = np.arange(N_USERS)
    taken = np.stack([rng.choice(np.arange(user % 4, N_KNOWN, 4), 6, replace=False) for user in users])
    in_group = rng.random(N_USERS) < truth
    hidden = N_KNOWN + np.where(in_group, users % 4, (users + 1) % 4) + 4 * rng.integers(0, N_HIDDEN // 4, N_USERS)

    def matrix(items: Array) -> sparse.csr_matrix:
        columns = items.reshape(N_USERS, -1)
        row = np.repeat(users, columns.shape[1])
        return sparse.csr_matrix((np.ones(len(row), np.float32), (row, columns.ravel())), shape=(N_USERS, N))

    train = Interactions.of_pairs(np.repeat(users, 4), taken[:, :4].ravel())
    return ColdStartSimulation(model, train, matrix(hidden), matrix(taken[:, 4:]), cost)
