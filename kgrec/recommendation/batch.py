"""Lists for everybody at once: the numbers of ``Recommender``, a block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import FloatArray, IntArray, Interactions
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress, silent
from kgrec.recommendation.fold_in import fold_in
from kgrec.scoring.histories import Histories
from kgrec.scoring.model import AdditiveModel, block_size
from kgrec.scoring.top_k import top_k

Mask = npt.NDArray[np.bool_]

_LISTS_AT_ONCE = 1000
"""Lists of a block, which take seconds in a large catalogue."""


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
    bundle: Bundle,
    interactions: Interactions,
    users: IntArray,
    k: int,
    among: Mask,
    progress: Progress = silent,
    executor: Executor = here,
) -> Lists:
    """Recommendations for each of some users, the lists of ``Recommender.recommend``.

    Args:
        interactions: histories, ``user`` any numbering and ``item`` rows of the bundle's items.
        users: whom to list for, in that numbering.
        among: bool ``(items,)``: the items that may be recommended.
        executor: makes blocks of lists.
    """
    n_users = int(users.max(initial=-1)) + 1
    own = interactions.select(interactions.user < n_users)
    histories = bundle.model.histories(own, n_users)[users]
    seen = bundle.model.taken(own).matrix(n_users, len(bundle.items))[users]
    return _lists(_ListTask(bundle.model, histories, seen, k, among), "users", progress, executor)


def similar_to_all(
    bundle: Bundle, k: int, among: Mask, progress: Progress = silent, executor: Executor = here
) -> Lists:
    """Similar items for each item of the catalogue, the lists of ``Recommender.similar_items``, out of ``among``."""
    n = len(bundle.items)
    model = bundle.model.without_prior
    single = replace(fold_in(bundle.items, bundle), user=np.arange(n, dtype=np.int64))  # a user for each item
    task = _ListTask(model, model.histories(single, n), single.matrix(n, n), k, among)
    return _lists(task, "items", progress, executor)


@dataclass(frozen=True)
class _ListTask:
    """What blocks of lists are made with.

    Attributes:
        seen: what is in no list, rows x items.
    """

    model: AdditiveModel
    histories: Histories
    seen: sparse.csr_matrix
    k: int
    among: Mask


def _lists(task: _ListTask, what: str, progress: Progress, executor: Executor) -> Lists:
    n = task.seen.shape[0]
    items, scores = np.full((n, task.k), -1, np.int64), np.full((n, task.k), np.nan)
    blocks = ranges(n, _LISTS_AT_ONCE)
    of_blocks = map_blocks(executor, _listed, task, blocks, progress, f"lists of {what}", "lists")
    for rows, block in zip(blocks, of_blocks, strict=True):
        items[rows.start : rows.stop], scores[rows.start : rows.stop] = block.items, block.scores
    return Lists(items, scores)


def _listed(task: _ListTask, rows: range) -> Lists:
    """The lists of some rows."""
    items, scores = np.full((len(rows), task.k), -1, np.int64), np.full((len(rows), task.k), np.nan)
    step = max(1, block_size(task.model.n_items) // 8)  # what fits in a processor's cache is four times as fast
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        block = task.model.scores(task.histories[some.start : some.stop])
        for place, (row, of_all) in enumerate(zip(some, block, strict=True), start=start):
            keep = task.among.copy()
            keep[task.seen.indices[task.seen.indptr[row] : task.seen.indptr[row + 1]]] = False
            best = top_k(of_all, np.flatnonzero(keep), task.k)
            items[place, : len(best)], scores[place, : len(best)] = best, of_all[best]
    return Lists(items, scores)
