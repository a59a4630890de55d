"""Order tells something where the last item decides what comes next, and nothing where any past item does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.learn.channels.order_signal import order_tells
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import Channel

N_USERS, N_ITEMS = 200, 20


def channel(recency: float) -> Channel:
    """Each item is followed by the one after it."""
    following = sparse.csr_matrix(np.eye(N_ITEMS, k=1, dtype=np.float32))
    return Channel("short_term", SparseMatrix(following), HistoryWeights(recency=recency))


def world(follows_last: bool) -> tuple[Interactions, sparse.csr_matrix]:
    """Histories of three items, and what comes next: the item after the last, or after any of the three."""
    rng = np.random.default_rng(0)
    histories = np.array([rng.choice(N_ITEMS // 2, 3, replace=False) * 2 for _ in range(N_USERS)])
    users = np.repeat(np.arange(N_USERS), 3)
    interactions = Interactions.of_pairs(users, histories.ravel(), np.tile([1.0, 2.0, 3.0], N_USERS))
    place = np.full(N_USERS, 2) if follows_last else rng.integers(0, 3, N_USERS)
    following = histories[np.arange(N_USERS), place] + 1
    valid = sparse.csr_matrix((np.ones(N_USERS), (np.arange(N_USERS), following)), shape=(N_USERS, N_ITEMS))
    return interactions, valid


@pytest.mark.parametrize(
    ("follows_last", "recency", "expected"),
    [(True, 0.5, True), (False, 0.5, False), (True, 1.0, False)],
    ids=["the last item tells", "any item tells", "histories do not fade"],
)
def test_order_tells_where_shuffled_histories_find_less(follows_last: bool, recency: float, expected: bool) -> None:
    interactions, valid = world(follows_last)
    assert order_tells(channel(recency), interactions, valid, 0) is expected


def test_order_that_misleads_tells_nothing() -> None:
    interactions, valid = world(True)
    backwards = Interactions.of_pairs(interactions.user, interactions.item, -interactions.time)
    assert not order_tells(channel(0.5), backwards, valid, 0)


def test_nobody_to_ask_tells_nothing() -> None:
    interactions, valid = world(True)
    assert not order_tells(channel(0.5), interactions, sparse.csr_matrix(valid.shape), 0)
