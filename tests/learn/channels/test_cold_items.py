"""Items with few interactions, whose columns shrink towards what their content predicts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.data.triples import Facts
from kgrec.learn.channels import cold_items as content_module
from kgrec.learn.channels.cold_items import ColdItemWeights, ContentSettings
from kgrec.learn.channels.neighbours import item_knn
from kgrec.progress import silent

N_USERS, N_ITEMS, CAMPS = 480, 60, 4
RARE = np.arange(N_ITEMS) >= 40


def world(true: bool) -> tuple[ColdItemWeights, sparse.csr_matrix, sparse.csr_matrix]:
    """Content, histories and what comes next: users keep to their camp, facts say it, or something at random.

    Items from 40 on were taken once, by anybody, and are taken next by those of their camp.
    """
    rng = np.random.default_rng(0)
    camp, user = np.arange(N_ITEMS) % CAMPS, np.arange(N_USERS)
    likes = (camp[None, :] == user[:, None] % CAMPS) & ~RARE
    seen = (likes & (rng.random(likes.shape) < 0.6)).astype(np.float32)
    seen[rng.integers(0, N_USERS, RARE.sum()), np.flatnonzero(RARE)] = 1.0
    follows = (camp[None, :] == user[:, None] % CAMPS) & RARE & (seen == 0)
    told = camp if true else rng.permutation(camp)
    facts = Facts(np.arange(N_ITEMS), np.zeros(N_ITEMS, np.int64), N_ITEMS + told, ("in",))
    history = sparse.csr_matrix(seen)
    content = ColdItemWeights(facts, N_ITEMS + CAMPS, None, history, np.arange(N_ITEMS), np.zeros(N_ITEMS, bool))
    return content, history, sparse.csr_matrix(follows.astype(np.float32))


def lengths(matrix: sparse.csr_matrix) -> Array:
    norms: Array = np.linalg.norm(matrix.toarray(), axis=0)
    return norms


@pytest.mark.parametrize("shrinkage", [1.0, 3.0])
def test_only_columns_of_items_with_few_interactions_change_and_none_gets_longer(shrinkage: float) -> None:
    content, history, _ = world(true=True)
    weights = item_knn(history, neighbours=N_ITEMS)
    found = content.shrunk(weights, ContentSettings(), shrinkage)
    changed = np.abs((found - weights).toarray()).max(axis=0) > 1e-6
    assert changed[RARE & (lengths(weights) > 0)].all()
    many = np.diff(history.tocsc().indptr) > 19 * shrinkage
    assert many.any()
    assert not changed[many].any()
    assert (lengths(found) <= lengths(weights) + 1e-5).all()
    assert found.diagonal().max() == 0.0


def test_the_more_interactions_the_more_an_items_own_column_counts() -> None:
    content, history, _ = world(true=True)
    weights = item_knn(history, neighbours=N_ITEMS)
    own, half, most = (
        content.shrunk(weights, ContentSettings(), shrinkage).toarray() for shrinkage in (1e-9, 1.0, 1e9)
    )
    item = np.flatnonzero(RARE & (lengths(weights) > 0))[0]
    np.testing.assert_allclose(half[:, item], (own[:, item] + most[:, item]) / 2, atol=1e-5)


def test_content_helps_items_with_few_interactions_where_it_is_true() -> None:
    content, history, follows = world(true=True)
    assert (
        content.choose_shrinkage(item_knn(history, neighbours=N_ITEMS), history, follows, ContentSettings(), silent)
        > 0.0
    )


def test_and_closes_where_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rare items' own columns are right here, and what the facts say in their place would spoil them."""
    monkeypatch.setattr(content_module, "_SHRINKAGES", (100.0,))
    content, history, follows = world(true=False)
    camp = np.arange(N_ITEMS) % CAMPS
    right = sparse.csr_matrix((camp[:, None] == camp[None, :]) & RARE[None, :], dtype=np.float32)
    assert content.choose_shrinkage(right, history, follows, ContentSettings(), silent) == 0.0
