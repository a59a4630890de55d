"""Products that two platforms list under two ids: found by who took them, and one item from then on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from kgrec.data.dataset import Dataset, IntArray, Interactions
from kgrec.data.same_items import met_elsewhere, taken_by_the_same
from kgrec.data.splits import Split


def with_one_id(data: Dataset, split: Split, stated: IntArray | None) -> tuple[Dataset, Split, dict[str, int]]:
    """The data with each product that is found to be listed twice as one item, and how many there are.

    Found is what the same people took before the test, see :mod:`kgrec.data.same_items`. Whoever took a product on one
    platform has it, so it is no held-out one of theirs any more. Where the data set states which products are the same,
    held-out rows whose pair the user had before are left out too: nobody is measured by what they own.

    Args:
        stated: pairs of item rows, ``(pairs, 2)``, by which nothing is learned; None where the set states none.
    """
    n_users, n_items = len(data.users), len(data.items)
    pairs = taken_by_the_same(split.known, n_users, n_items)
    counts = {"same products, found": pairs.nnz // 2}
    test = split.test
    if stated is not None and len(stated):
        true = sparse.csr_matrix((np.ones(len(stated)), (stated[:, 0], stated[:, 1])), shape=pairs.shape)
        true = true.maximum(true.T).tocsr()
        owned = met_elsewhere(test, split.known, true, n_users)
        test = test.select(~owned)
        counts |= {
            "same products, stated": true.nnz // 2,
            "same products, found of those stated": pairs.multiply(true).nnz // 2,
            "held-out rows of products owned under the other id": int(owned.sum()),
        }
    if not pairs.nnz:
        return data, replace(split, test=test), counts
    _, group = connected_components(pairs, directed=False)
    first = np.unique(group, return_index=True)[1][group].astype(np.int64)
    train, valid, test = (_renamed(part, first) for part in (split.train, split.valid, test))
    twice = np.bincount(first, minlength=n_items) > 1
    valid = valid.select(~(twice[valid.item] & _in(valid, train, n_users, n_items)))
    between = None if split.between is None else _renamed(split.between, first)
    test = test.select(~(twice[test.item] & _in(test, train.joined(valid), n_users, n_items)))
    return data.with_interactions(_renamed(data.interactions, first)), Split(train, valid, test, between), counts


def _renamed(part: Interactions, first: IntArray) -> Interactions:
    return replace(part, item=first[part.item])


def _in(part: Interactions, other: Interactions, n_users: int, n_items: int) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = np.asarray(other.matrix(n_users, n_items)[part.user, part.item]).ravel() > 0
    return found
