"""The best of some candidates, and the place of one among them, by one order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array, IntArray


def top_k(scores: Array, rows: IntArray, k: int) -> IntArray:
    """The ``k`` rows of highest score, best first; equal scores go by row, lower first.

    Args:
        scores: of all items, ``(items,)``.
        rows: candidates in ascending order.

    Example:
        >>> top_k(np.array([0.2, 0.7, 0.9, 0.7]), rows=np.array([0, 1, 3]), k=2).tolist()
        [1, 3]
    """
    of_candidates = scores[rows]
    if k < len(rows):
        worst_taken = np.partition(of_candidates, len(rows) - k)[len(rows) - k]
        rows = rows[of_candidates >= worst_taken]
    best: IntArray = rows[np.argsort(-scores[rows], kind="stable")][:k]
    return best


def rank_of(item: int, scores: Array, among: npt.NDArray[np.bool_]) -> int:
    """Place of an item among candidates, from 1, by the same order as :func:`top_k`.

    Args:
        among: whether each item is a candidate, ``(items,)``.

    Example:
        >>> rank_of(3, np.array([0.2, 0.7, 0.9, 0.7]), among=np.array([True, True, False, True]))
        2
    """
    own = scores[item]
    ahead = np.count_nonzero((scores > own) & among)
    return 1 + int(ahead) + int(np.count_nonzero((scores[:item] == own) & among[:item]))


def mask_of(rows: IntArray, n_items: int) -> npt.NDArray[np.bool_]:
    """Whether each of so many items is among some rows."""
    mask = np.zeros(n_items, np.bool_)
    mask[rows] = True
    return mask
