"""What speaks against an item: items that users disliked, returned or hid, in closed form and never above 0.

two users like a and b, two like a, dislike c and leave b alone: M[c, b] < 0, and M[c, a] = 0
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.learn.channels.linear_systems import inverted, largest_per_column

_PENALTY = 10.0


def dislike_weights(
    liked: sparse.csr_matrix, disliked: sparse.csr_matrix, weights: sparse.csr_matrix, top: int | None = None
) -> sparse.csr_matrix:
    """Ridge regression of what users like beyond expectation on what they dislike; only what is below 0 is kept.

        M = min(0, (D'D + penalty * m * I)^-1 D'(X - X W)), with a zero diagonal

    ``m`` is the mean diagonal of ``D'D``. What a dislike says of items that its user likes anyway, by what else they
    like, is in ``X W`` already and taken out.

    Args:
        liked: X, users x items.
        disliked: D, likewise.
        weights: W, how liked items speak for others, items x items.
        top: keep that many weights per column, the largest in size; None keeps all.

    Returns:
        float32 ``(items, items)``, no entry above 0.
    """
    n = liked.shape[1]
    disliked, liked = disliked.tocsr().astype(np.float32), liked.tocsr().astype(np.float32)
    if not disliked.nnz:
        return sparse.csr_matrix((n, n), dtype=np.float32)
    gram = np.asfortranarray((disliked.T @ disliked).toarray())
    penalty = _PENALTY * float(gram.diagonal().mean())
    gram[np.diag_indices(n)] += np.float32(penalty)
    inverse = inverted(gram, "penalty", _PENALTY)
    together = (disliked.T @ liked).tocsr()
    beyond = (together - together @ weights).tocsc()

    def below_0(columns: slice) -> Array:
        block: Array = np.minimum(inverse @ beyond[:, columns].toarray(), 0.0)
        block[np.arange(n)[columns], np.arange(block.shape[1])] = 0.0
        return block

    return largest_per_column(below_0, n, n, top)
