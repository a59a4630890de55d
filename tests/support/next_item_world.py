"""A world in which one item follows another by their groups, and hardly a pair of items is seen twice."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Dataset, Interactions
from tests.support.datasets import dataset_of

GROUPS, MEMBERS, FOLLOWED, MEANINGLESS = 6, 10, 4, 10
N_ITEMS, N_USERS = GROUPS * MEMBERS + MEANINGLESS, 900


def next_item_world() -> tuple[Dataset, Interactions, sparse.csr_matrix]:
    """The world, what users take next, and which of these pairs of items nobody had taken one after the other.

    Everybody takes three items: one that means nothing, then one of a group g, then one of group g + 1. In training
    each item is followed by the same four of the ten items of the next group; what a user takes next is any of the ten.
    Who took what together does not tell what comes before from what comes after, and pairs of items tell four of ten:
    that the ten are alike, of low rank, tells all.
    """
    rng = np.random.default_rng(0)
    group = rng.integers(0, GROUPS, N_USERS)
    past = group * MEMBERS + rng.integers(0, MEMBERS, N_USERS)
    other = GROUPS * MEMBERS + rng.integers(0, MEANINGLESS, N_USERS)
    learning = np.arange(N_USERS) % 3 > 0
    some = (past * 3 + rng.integers(0, FOLLOWED, N_USERS)) % MEMBERS
    member = np.where(learning, some, rng.integers(0, MEMBERS, N_USERS))
    following = ((group + 1) % GROUPS) * MEMBERS + member
    users = np.arange(N_USERS)
    train = Interactions.of_pairs(
        np.r_[users, users, users[learning]],
        np.r_[other, past, following[learning]],
        np.r_[np.zeros(N_USERS), np.ones(N_USERS), np.full(learning.sum(), 2.0)],
    )
    asked = users[~learning]
    valid = Interactions.of_pairs(asked, following[asked], np.full(len(asked), 2.0))
    unseen = (member - past * 3) % MEMBERS >= FOLLOWED
    rows = users[~learning & unseen]
    never = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, following[rows])), shape=(N_USERS, N_ITEMS))
    return dataset_of(train, N_USERS, N_ITEMS), valid, never


def backwards(interactions: Interactions) -> Interactions:
    """Everybody's events in the opposite order."""
    return Interactions.of_pairs(interactions.user, interactions.item, -interactions.time)
