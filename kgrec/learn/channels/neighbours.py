"""Item neighbourhoods: similarities of items by the users that they share, the nearest of each item kept.

Rows are items of a history, columns are candidates, ``score = x @ W``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.learn.channels.linear_systems import largest_per_column, nearest_products
from kgrec.learn.limits import LIMITS
from kgrec.parallel.executor import Executor, here


def item_knn(
    X: sparse.csr_matrix,
    *,
    neighbours: int,
    shrink: float = 0.0,
    user_exponent: float = 0.0,
    output_exponent: float = 0.5,
    similarity: Literal["cosine", "jaccard"] = "cosine",
    executor: Executor = here,
) -> sparse.csr_matrix:
    """Similarities of items by the users that they share, of each candidate with its nearest.

        cosine   S[j, i] = c_ji / (c_jj^(1-a) * c_ii^a + shrink)        c = X' diag(n_u^-user_exponent) X
        jaccard  S[j, i] = c_ji / (c_jj + c_ii - c_ji + shrink)

    ``a`` is ``output_exponent``: .5 is the cosine (Sarwar et al. 2001), less favours popular candidates (the asymmetric
    cosine of Aiolli 2013); jaccard has no use for it.

    Args:
        X: users x items.
        neighbours: kept per column.
        shrink: added to the denominator, so that few co-occurrences count for little.
        executor: counts blocks of items, where the catalogue is so large that only pairs that share a user are.

    Returns:
        float32 ``(items, items)``, zero diagonal.
    """
    interactions = X.tocsc().astype(np.float32)
    of_user = np.maximum(np.diff(X.tocsr().indptr), 1.0) ** -user_exponent
    weighted = (sparse.diags(of_user.astype(np.float32)) @ interactions).tocsc()
    transposed = interactions.T
    own = np.asarray(interactions.multiply(weighted).sum(axis=0), np.float32).ravel()
    n = X.shape[1]
    if n > LIMITS.dense_cosine_items and similarity == "cosine" and not shrink:
        # Most pairs share no user: only those that do are looked at.
        rows = sparse.diags(np.sqrt(of_user).astype(np.float32)) @ X.tocsr().astype(np.float32)
        near = nearest_products(rows.tocsr(), neighbours, output_exponent, executor)
        norm = np.where(own > 0, own, 1.0)
        left, right = (sparse.diags(norm**-e) for e in (output_exponent, 1.0 - output_exponent))
        return (left @ near @ right).T.tocsr().astype(np.float32)

    def similarities(columns: slice) -> Array:
        block: Array = (transposed @ weighted[:, columns]).toarray()
        if similarity == "cosine":
            scale = np.outer(own ** (1.0 - output_exponent), own[columns] ** output_exponent) + np.float32(shrink)
        else:
            scale = own[:, None] + own[None, columns] - block + np.float32(shrink)
        block /= np.where(scale > 0, scale, 1.0)
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return largest_per_column(similarities, n, n, neighbours)
