"""Lists for everybody at once: the numbers of ``Recommender``, a block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import FloatArray, IntArray, Interactions
from kgrec.progress import Progress, silent
from kgrec.recommendation.fold_in import fold_in
from kgrec.scoring.histories import Histories
from kgrec.scoring.model import AdditiveModel, block_size
from kgrec.scoring.top_k import top_k

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lists:
    """One list per row, best first.

    Attributes:
        items: item rows ``(n, k)``, -1 where candidates ran out.
        scores: float64 ``(n, k)``, nan there.
    """

    items: IntArray
    scores: FloatArray


def recommend_all(
    bundle: Bundle, interactions: Interactions, users: IntArray, k: int, among: Mask, progress: Progress = silent
) -> Lists:
    """Recommendations for each of some users, the lists of ``Recommender.recommend``.

    Args:
        interactions: histories, ``user`` any numbering and ``item`` rows of the bundle's items.
        users: whom to list for, in that numbering.
        among: bool ``(items,)``: the items that may be recommended.
    """
    n_users = int(users.max(initial=-1)) + 1
    own = interactions.select(interactions.user < n_users)
    histories = bundle.model.histories(own, n_users)[users]
    seen = bundle.model.taken(own).matrix(n_users, len(bundle.items))[users]
    return _lists(bundle.model, histories, seen, k, among, "users", progress)


def similar_to_all(bundle: Bundle, k: int, among: Mask, progress: Progress = silent) -> Lists:
    """Similar items for each item of the catalogue, the lists of ``Recommender.similar_items``, out of ``among``."""
    n = len(bundle.items)
    model = bundle.model.without_prior
    single = replace(fold_in(bundle.items, bundle), user=np.arange(n, dtype=np.int64))  # a user for each item
    return _lists(model, model.histories(single, n), single.matrix(n, n), k, among, "items", progress)


def _lists(
    model: AdditiveModel,
    histories: Histories,
    seen: sparse.csr_matrix,
    k: int,
    among: Mask,
    what: str,
    progress: Progress,
) -> Lists:
    n = seen.shape[0]
    items, scores = np.full((n, k), -1, np.int64), np.full((n, k), np.nan)
    step = max(1, block_size(model.n_items) // 8)  # what fits in a processor's cache is four times as fast
    for start in range(0, n, step):
        block = model.scores(histories[start : start + step])
        for row, of_all in enumerate(block, start=start):
            keep = among.copy()
            keep[seen.indices[seen.indptr[row] : seen.indptr[row + 1]]] = False
            best = top_k(of_all, np.flatnonzero(keep), k)
            items[row, : len(best)], scores[row, : len(best)] = best, of_all[best]
        progress(f"lists of {what}", min(start + step, n), n, unit="lists")
    return Lists(items, scores)
