"""Items of two platforms that may be one product, told by who took them: the same few people took both.

The share of those who took either that took both is the Jaccard index (Jaccard 1901). Taste alone seldom leads as many
people to the same two items: in two departments of a shop, with three people who took both and half of all who took
either, 96 of 100 pairs were the same product (docs/decisions/073).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Interactions

LEAST_USERS, LEAST_SHARE = 3, 0.5
"""Of pairs that are the same product, but for few."""
MAYBE_USERS, MAYBE_SHARE = 2, 0.3
"""Of pairs about half of which are, and which hold nearly all that are."""

_AT_ONCE = 2_000


def taken_by_the_same(
    done: Interactions, n_users: int, n_items: int, least_users: int = LEAST_USERS, least_share: float = LEAST_SHARE
) -> sparse.csr_matrix:
    """Jaccard index of the people who took two items, ``(items, items)``, symmetric; 0 where a platform lists both.

    A catalogue that two platforms share lists each product once: what is taken alike there is no product twice.

    Args:
        done: what speaks for items.
        least_users: people who took both; pairs with fewer are left out.
        least_share: the least index; pairs with less are left out.
    """
    taken = {name: done.on_platform(name).matrix(n_users, n_items).tocsc() for name in done.platforms if name}
    found = sparse.csr_matrix((n_items, n_items))
    for one, other in combinations(taken.values(), 2):
        for pairs in _pairs(one, other, least_users, least_share):
            found = found.maximum(pairs)
    found = found.maximum(found.T).tocoo()
    listed = np.array([np.diff(of.indptr) > 0 for of in taken.values()], np.bool_).reshape(-1, n_items)
    apart = ~(listed[:, found.row] & listed[:, found.col]).any(axis=0)
    return sparse.csr_matrix((found.data[apart], (found.row[apart], found.col[apart])), shape=found.shape)


def _pairs(
    one: sparse.csc_matrix, other: sparse.csc_matrix, least_users: int, least_share: float
) -> Iterator[sparse.csr_matrix]:
    n_one, n_other = np.diff(one.indptr), np.diff(other.indptr)
    for start in range(0, one.shape[1], _AT_ONCE):
        both = (one[:, start : start + _AT_ONCE].T @ other).tocoo()
        row, column = both.row + start, both.col
        share = both.data / (n_one[row] + n_other[column] - both.data)
        keep = (both.data >= least_users) & (share >= least_share)
        yield sparse.csr_matrix((share[keep], (row[keep], column[keep])), shape=(one.shape[1], one.shape[1]))


def met_elsewhere(
    asked: Interactions, history: Interactions, pairs: sparse.csr_matrix, n_users: int
) -> npt.NDArray[np.bool_]:
    """Which interactions are of an item whose pair is in their user's history, bool ``(interactions,)``."""
    reached = (history.matrix(n_users, pairs.shape[0]) @ (pairs > 0).astype(np.float32)).tocsr()
    found: npt.NDArray[np.bool_] = np.asarray(reached[asked.user, asked.item]).ravel() > 0
    return found
