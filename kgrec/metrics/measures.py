"""Metrics over arrays: ranked lists and click labels.

Ranking metrics take ``hits``, bool ``(users, depth)``: whether the item at each place of each user's list is one of the
user's test items. They answer per user, float64 ``(users,)``; whoever reports a number takes the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kgrec.errors import KgrecError

Hits = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
PerUser = npt.NDArray[np.float64]

_USERS_AT_ONCE = 1024
_SMALLEST_PROBABILITY = 1e-15


def hit_matrix(top: IntArray, test_row: IntArray, test_item: IntArray) -> Hits:
    """Which places of the lists hold a test item.

    Args:
        top: item rows, best first, ``(users, depth)``; -1 where a list ends early.
        test_row, test_item: the test pairs; ``test_row`` counts the rows of ``top``.

    Example:
        Two lists of three; the first user's test items are 7 and 5, the second's is 2.

        >>> top = np.array([[5, 3, 7], [4, 6, -1]])
        >>> hit_matrix(top, np.array([0, 0, 1]), np.array([7, 5, 2])).tolist()
        [[True, False, True], [False, False, False]]
    """
    stride = np.int64(max(top.max(initial=-1), test_item.max(initial=-1)) + 1)
    keys = np.arange(len(top), dtype=np.int64)[:, None] * stride + top
    return np.isin(keys, test_row * stride + test_item) & (top >= 0)


def recall(hits: Hits, n_relevant: npt.ArrayLike, k: int) -> PerUser:
    """Share of a user's test items found in the first k: ``hits / |test|``.

    Example:
        >>> recall(np.array([[True, False, True]]), n_relevant=[4], k=3).tolist()
        [0.5]
    """
    found: PerUser = hits[:, :k].sum(axis=1) / np.asarray(n_relevant, np.float64)
    return found


def precision(hits: Hits, k: int) -> PerUser:
    """Share of the first k places that hold a test item. A list shorter than k still counts k places.

    Example:
        >>> precision(np.array([[True, False, True]]), k=4).tolist()
        [0.5]
    """
    found: PerUser = hits[:, :k].sum(axis=1) / float(k)
    return found


def hit_rate(hits: Hits, k: int) -> PerUser:
    """1 where the first k hold at least one test item, else 0."""
    found: PerUser = np.any(hits[:, :k], axis=1).astype(np.float64)
    return found


def mrr(hits: Hits, k: int) -> PerUser:
    """1 / place of the first test item, 0 where there is none in the first k (Voorhees 1999, TREC-8).

    Example:
        >>> mrr(np.array([[False, True, True], [False, False, False]]), k=3).tolist()
        [0.5, 0.0]
    """
    first = hits[:, :k]
    return np.where(np.any(first, axis=1), 1.0 / (1.0 + first.argmax(axis=1)), 0.0)


def ndcg(hits: Hits, n_relevant: npt.ArrayLike, k: int) -> PerUser:
    """Discounted hits over the best possible: ``SUM 1/log2(1+place) / SUM_{p <= min(k, |test|)} 1/log2(1+p)``.

    Järvelin and Kekäläinen 2002 with binary relevance.

    Example:
        A single test item at the third place gains 1 / log2(4) of the 1 that it would gain at the first.

        >>> ndcg(np.array([[False, False, True]]), n_relevant=[1], k=3).tolist()
        [0.5]
    """
    return _discounted(hits, k) / _ideal(np.asarray(n_relevant, np.int64), k)


def ndcg_kgat(hits: Hits, k: int) -> PerUser:
    """NDCG as the code of KGAT (Wang et al. 2019, arXiv 1905.07854) has it: only for comparing with its tables.

    The ideal list holds the hits *that were retrieved*, so what was missed costs nothing and the number is higher than
    :func:`ndcg`. KGAT retrieves 100 items whatever k is: hand in lists of that depth. 0 where nothing was retrieved.
    """
    found = hits.sum(axis=1)
    return np.where(found > 0, _discounted(hits, k) / _ideal(np.maximum(found, 1), k), 0.0)


def _discounted(hits: Hits, k: int) -> PerUser:
    discount = 1.0 / np.log2(np.arange(hits[:, :k].shape[1]) + 2.0)
    gain: PerUser = hits[:, :k] @ discount
    return gain


def _ideal(n_relevant: IntArray, k: int) -> PerUser:
    best = np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))
    ideal: PerUser = best[np.minimum(n_relevant, k) - 1]
    return ideal


def coverage(top: IntArray, n_items: int, k: int) -> float:
    """Share of a catalogue of ``n_items`` that is in the first k of anybody's list (Ge et al. 2010).

    Example:
        >>> coverage(np.array([[0, 1], [1, -1]]), n_items=8, k=2)
        0.25
    """
    shown = np.unique(top[:, :k])
    return float((shown >= 0).sum()) / n_items


def diversity(top: IntArray, features: npt.NDArray[Any], k: int) -> PerUser:
    """Intra-list diversity: 1 - mean cosine over the pairs of a list (Ziegler et al. 2005; Smyth and McClave 2001).

    Args:
        top: item rows, -1 where a list ends early.
        features: one vector per item ``(items, d)``; a zero vector is like nothing (cosine 0).

    Returns:
        nan for lists of fewer than two items.
    """
    norm = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.vstack([features / np.where(norm > 0, norm, 1.0), np.zeros((1, features.shape[1]))])  # row -1: no item
    squared = (unit**2).sum(axis=1)
    result = np.full(len(top), np.nan)
    for start in range(0, len(top), _USERS_AT_ONCE):
        rows = top[start : start + _USERS_AT_ONCE, :k]
        length = (rows >= 0).sum(axis=1)
        # |sum of vectors|^2 is the sum of all cosines, each pair twice, and of each vector with itself.
        twice = (unit[rows].sum(axis=1) ** 2).sum(axis=1) - squared[rows].sum(axis=1)
        pairs = length * (length - 1)
        result[start : start + len(rows)] = np.where(pairs > 0, 1.0 - twice / np.maximum(pairs, 1), np.nan)
    return result


def novelty(top: IntArray, taken_by: npt.ArrayLike, n_users: int, k: int) -> PerUser:
    """Mean self-information of a list in bits, ``-log2 p(i)`` with p the share of users who took i (Zhou et al. 2010).

    Args:
        taken_by: number of users who took each item ``(items,)``; an item nobody took counts as taken once.

    Returns:
        nan for empty lists.
    """
    share = np.maximum(np.asarray(taken_by, np.float64), 1.0) / n_users
    bits = np.append(-np.log2(share), 0.0)  # row -1: no item
    rows = top[:, :k]
    length = (rows >= 0).sum(axis=1)
    return np.where(length > 0, bits[rows].sum(axis=1) / np.maximum(length, 1), np.nan)


def auc(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties counting half (Mann-Whitney U; Hanley and McNeil 1982).

    Example:
        Of four pairs of a positive and a negative one, two are in order and one is a tie.

        >>> auc([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.6])
        0.625

    Raises:
        KgrecError: all labels are the same, so there is nothing to compare.
    """
    positive = np.asarray(labels) > 0
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if n_positive == 0 or n_negative == 0:
        raise KgrecError(
            "AUC needs positive and negative labels.",
            found=f"{n_positive} positive, {n_negative} negative",
            expected="at least one of each",
            next="check the column that holds the labels",
        )
    _, place, count = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2.0
    above = float(rank[place][positive].sum()) - n_positive * (n_positive + 1) / 2.0
    return above / (n_positive * n_negative)


def f1(labels: npt.ArrayLike, probabilities: npt.ArrayLike, threshold: float = 0.5) -> float:
    """Harmonic mean of precision and recall of ``probability >= threshold``; 0 where nothing is right."""
    positive = np.asarray(labels) > 0
    said = np.asarray(probabilities) >= threshold
    return 2.0 * float((positive & said).sum()) / max(float(positive.sum() + said.sum()), 1.0)


def log_loss(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Mean negative log likelihood in nats; probabilities are kept 1e-15 away from 0 and 1."""
    positive = np.asarray(labels) > 0
    chance = np.clip(np.asarray(probabilities, np.float64), _SMALLEST_PROBABILITY, 1.0 - _SMALLEST_PROBABILITY)
    return float(-np.where(positive, np.log(chance), np.log1p(-chance)).mean())


def ece(labels: npt.ArrayLike, probabilities: npt.ArrayLike, bins: int = 15) -> float:
    """Expected calibration error: ``SUM_b n_b / n |share of positives - mean probability|`` over bins of equal width.

    Guo et al. 2017, arXiv 1706.04599, as for a binary forecast (Naeini et al. 2015); a bin holds its upper edge.
    """
    positive = (np.asarray(labels) > 0).astype(np.float64)
    chance = np.asarray(probabilities, np.float64)
    of_bin = np.clip(np.ceil(chance * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = np.bincount(of_bin, positive - chance, bins)
    return float(np.abs(gap).sum()) / max(len(chance), 1)


def click_metrics(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> dict[str, float]:
    """AUC, F1 at .5, log loss and calibration error of click labels (1 clicked, 0 not).

    Raises:
        KgrecError: all labels are the same.
    """
    return {
        "auc": auc(labels, probabilities),
        "f1": f1(labels, probabilities),
        "log_loss": log_loss(labels, probabilities),
        "ece": ece(labels, probabilities),
    }
