"""How every system is measured, ours and the baselines alike: one ranking, one set of metrics.

Full ranking over all items that the user has not taken; equal scores go to the lower item row. A user counts where
there is something to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.data.dataset import Array, IntArray
from kgrec.errors import KgrecError
from kgrec.metrics import measures
from kgrec.metrics.rankers import Ranker
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.executor import Executor, here
from kgrec.scoring.model import block_size

_KGAT_DEPTH = 100

Candidates = npt.NDArray[np.bool_] | None
"""Which items are ranked, bool ``(items,)``; None ranks all."""


def rank_users(
    ranker: Ranker,
    seen: sparse.csr_matrix,
    users: IntArray,
    k: int,
    candidates: Candidates = None,
    block: int | None = None,
    executor: Executor = here,
) -> IntArray:
    """The best k items of each user that are not in ``seen``, a block of users at a time.

    Args:
        seen: users x items that are not ranked again.
        users: user rows ``(n,)``.
        candidates: bool ``(items,)``: only these are ranked; None ranks all.
        block: users at once; None takes as many as 64 MiB hold.
        executor: as for :func:`rank_users_among`.

    Returns:
        Item rows, best first, ``(n, k)``; equal scores go to the lower row; -1 where candidates run out.

    Raises:
        KgrecError: a score is nan.
    """
    return rank_users_among(ranker, seen, users, k, [candidates], block, executor)[0]


def rank_users_among(
    ranker: Ranker,
    seen: sparse.csr_matrix,
    users: IntArray,
    k: int,
    candidates: Sequence[Candidates],
    block: int | None = None,
    executor: Executor = here,
) -> list[IntArray]:
    """What :func:`rank_users` gives with each of some sets of candidates, for which everybody is scored once.

    Args:
        executor: ranks the blocks; the ranker has to be picklable where that is in other processes.
    """
    columns = [np.arange(seen.shape[1]) if among is None else np.flatnonzero(among) for among in candidates]
    blocks = ranges(len(users), block or block_size(seen.shape[1]))
    ranking = _Ranking(ranker, seen, users, k, columns)
    of_blocks = map_blocks(executor, _ranked, ranking, blocks)
    tops = [np.full((len(users), k), -1, np.int64) for _ in candidates]
    for places, ranked in zip(blocks, of_blocks, strict=True):
        for top, part in zip(tops, ranked, strict=True):
            top[places.start : places.stop] = part
    return tops


@dataclass(frozen=True)
class _Ranking:
    """What blocks of users are ranked with, as for :func:`rank_users_among`; ``columns`` are the candidates' rows."""

    ranker: Ranker
    seen: sparse.csr_matrix
    users: IntArray
    k: int
    columns: list[IntArray]


def _ranked(ranking: _Ranking, places: range) -> list[IntArray]:
    """The lists of some users, ``(users, k)`` for each set of candidates."""
    rows, n_items = ranking.users[places.start : places.stop], ranking.seen.shape[1]
    scores = ranking.ranker.scores(rows)
    _refuse_nan(scores, rows, type(ranking.ranker).__name__)
    taken = ranking.seen[rows]
    scores[np.repeat(np.arange(len(rows)), np.diff(taken.indptr)), taken.indices] = -np.inf
    tops = []
    for columns in ranking.columns:
        top = np.full((len(rows), ranking.k), -1, np.int64)
        if n := min(ranking.k, len(columns)):
            best = _best(scores if len(columns) == n_items else scores[:, columns], n)
            top[:, :n] = np.where(best >= 0, columns[best], -1)
        tops.append(top)
    return tops


def _best(scores: Array, k: int) -> IntArray:
    """The k best columns of each row, ties to the lower column; -1 for scores of -inf."""
    n = scores.shape[1]
    top: IntArray = np.argpartition(scores, n - k, axis=1)[:, n - k :].astype(np.int64)
    cut = np.take_along_axis(scores, top, axis=1).min(axis=1)
    # Where the cut falls among equal scores, argpartition takes any of them: choose again, lower columns first.
    level = scores >= cut[:, None]
    for row in np.flatnonzero((level.sum(axis=1) > k) & (cut > -np.inf)):
        columns = np.flatnonzero(level[row])
        top[row] = columns[np.argsort(-scores[row, columns], kind="stable")[:k]]
    top.sort(axis=1)
    value = np.take_along_axis(scores, top, axis=1)
    order = np.argsort(-value, axis=1, kind="stable")
    ranked = np.take_along_axis(top, order, axis=1)
    ranked[np.take_along_axis(value, order, axis=1) == -np.inf] = -1
    return ranked


def hits_of(scores: Array, wanted: sparse.csr_matrix, k: int) -> measures.Hits:
    """Which of the first k places hold a wanted item, bool ``(users, k)``, without making the lists.

    The places are those that :func:`rank_users` gives: equal scores go to the lower column.

    Args:
        scores: ``(users, items)``, minus infinity for what is not ranked.
        wanted: users x items, none with a score of minus infinity.

    Raises:
        KgrecError: a score is nan.

    Example:
        >>> hits_of(np.array([[0.1, 0.4, 0.4]]), sparse.csr_matrix([[0, 0, 1]]), 2).tolist()
        [[False, True]]
    """
    n_users, n_items = scores.shape
    k_ranked = min(k, n_items)
    hits = np.zeros((n_users, k), np.bool_)
    if not k_ranked:
        return hits
    best = np.partition(scores, n_items - k_ranked, axis=1)[:, n_items - k_ranked :]
    _refuse_nan(best, np.arange(n_users), "scores")  # a partition puts them last
    row = np.repeat(np.arange(n_users), np.diff(wanted.indptr))
    value = scores[row, wanted.indices]
    listed = value >= best.min(axis=1)[row]
    row, column, value = row[listed], wanted.indices[listed], value[listed]
    place = (best[row] > value[:, None]).sum(axis=1)
    equal = (best[row] == value[:, None]).sum(axis=1)
    # The last place may be one of several of the same score, of which some are not among the best.
    for hit in np.flatnonzero((equal > 1) | (place == k_ranked - 1)):
        place[hit] += int((scores[row[hit], : column[hit]] == value[hit]).sum())
    inside = place < k_ranked
    hits[row[inside], place[inside]] = True
    return hits


def _refuse_nan(scores: Array, users: IntArray, source: str) -> None:
    bad = np.isnan(scores).any(axis=1)
    if bad.any():
        raise KgrecError(
            "a score is not a number.",
            where=f"{source}, user row {int(users[bad][0])}",
            found=f"nan ({int(bad.sum())} of {len(users)} users)",
            expected="finite scores",
            next="check the model's arrays; training it again may help",
        )


def per_user(top: IntArray, test: sparse.csr_matrix, ks: Sequence[int]) -> dict[str, npt.NDArray[np.float64]]:
    """Ranking metrics of every user, for means and for groups of users.

    Args:
        top: lists as :func:`rank_users` gives them, one row per row of ``test``.
        test: what was to be found, at least one item in every row.

    Returns:
        ``metric@k`` to float64 ``(users,)``.
    """
    n_relevant = np.diff(test.indptr)
    rows = np.repeat(np.arange(test.shape[0], dtype=np.int64), n_relevant)
    hits = measures.hit_matrix(top, rows, test.indices.astype(np.int64))
    found: dict[str, npt.NDArray[np.float64]] = {}
    for k in ks:
        found[f"recall@{k}"] = measures.recall(hits, n_relevant, k)
        found[f"ndcg@{k}"] = measures.ndcg(hits, n_relevant, k)
        found[f"ndcg@{k}_kgat"] = measures.ndcg_kgat(hits, k)
        found[f"mrr@{k}"] = measures.mrr(hits, k)
        found[f"hit_rate@{k}"] = measures.hit_rate(hits, k)
        found[f"precision@{k}"] = measures.precision(hits, k)
    return found


@dataclass(frozen=True)
class Measured:
    """Ranking metrics as means and for every user.

    Attributes:
        means: ``metric@k`` to value, as :func:`mean_metrics` gives it.
        users: rows of the users who had something to find, int64 ``(n,)``.
        per_user: as :func:`per_user` gives it, ``(n,)`` each.
    """

    means: dict[str, float]
    users: IntArray
    per_user: dict[str, npt.NDArray[np.float64]]


def mean_metrics(
    ranker: Ranker,
    seen: sparse.csr_matrix,
    test: sparse.csr_matrix,
    ks: Sequence[int] = (10, 20),
    candidates: Candidates = None,
    features: Array | None = None,
) -> dict[str, float]:
    """The means of :func:`rank_and_measure`, which says what the arguments are and what is raised."""
    return rank_and_measure(ranker, seen, test, ks, candidates, features).means


def rank_and_measure(
    ranker: Ranker,
    seen: sparse.csr_matrix,
    test: sparse.csr_matrix,
    ks: Sequence[int] = (10, 20),
    candidates: Candidates = None,
    features: Array | None = None,
) -> Measured:
    """Ranking metrics over the users who have test items: the means, and every user's values.

    Args:
        seen: users x items taken before the test; they are not ranked.
        test: users x items to be found. With ``candidates``, test items outside of them are left out.
        features: item vectors ``(items, d)`` for the diversity within lists; None leaves it out.

    Returns:
        ``recall ndcg ndcg_kgat mrr hit_rate precision coverage novelty [diversity]``, each ``@k``, and ``users``.

    Raises:
        KgrecError: train and test share pairs, or there is nothing to find.
    """
    return measure_among(ranker, seen, test, [candidates], ks, features)[0]


def measure_among(
    ranker: Ranker,
    seen: sparse.csr_matrix,
    test: sparse.csr_matrix,
    candidates: Sequence[Candidates],
    ks: Sequence[int] = (10, 20),
    features: Array | None = None,
    executor: Executor = here,
) -> list[Measured]:
    """What :func:`rank_and_measure` gives with each of some sets of candidates, for which everybody is scored once.

    Args:
        executor: as for :func:`rank_users_among`.
    """
    _refuse_overlap(seen, test)
    wanted = [
        test if among is None else (test @ sparse.diags(among.astype(np.float32))).tocsr() for among in candidates
    ]
    for pairs in wanted:
        pairs.eliminate_zeros()
    users = [np.flatnonzero(np.diff(pairs.indptr)).astype(np.int64) for pairs in wanted]
    for of_set, among in zip(users, candidates, strict=True):
        if len(of_set) == 0:
            raise KgrecError(
                "there is nothing to measure.",
                found="no test item among the candidates" if test.nnz else "an empty test set",
                expected="at least one user with a test item",
                next="check the split" if among is None else "check the split and the candidates",
            )
    everybody = np.unique(np.concatenate(users))
    depth = max(*ks, _KGAT_DEPTH)
    tops = rank_users_among(ranker, seen, everybody, depth, candidates, executor=executor)
    return [
        _measured(top[np.searchsorted(everybody, of_set)], pairs[of_set], of_set, seen, among, ks, features)
        for top, pairs, of_set, among in zip(tops, wanted, users, candidates, strict=True)
    ]


def _measured(
    top: IntArray,
    wanted: sparse.csr_matrix,
    users: IntArray,
    seen: sparse.csr_matrix,
    candidates: Candidates,
    ks: Sequence[int],
    features: Array | None,
) -> Measured:
    """The metrics of some users' lists ``(users, depth)``."""
    n_users, n_items = seen.shape
    of_users = per_user(top, wanted, ks)
    result = {name: float(value.mean()) for name, value in of_users.items()}
    taken_by = np.bincount(seen.indices, minlength=n_items)
    n_candidates = n_items if candidates is None else int(candidates.sum())
    for k in ks:
        result[f"coverage@{k}"] = measures.coverage(top, n_candidates, k)
        result[f"novelty@{k}"] = _mean(measures.novelty(top, taken_by, n_users, k))
        if features is not None:
            result[f"diversity@{k}"] = _mean(measures.diversity(top, features, k))
    result["users"] = float(len(users))
    return Measured(result, users, of_users)


def _mean(values: npt.NDArray[np.float64]) -> float:
    """Mean of what is known; 0 where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _refuse_overlap(seen: sparse.csr_matrix, test: sparse.csr_matrix) -> None:
    both = seen.multiply(test).tocoo()
    if both.nnz:
        raise KgrecError(
            "train and test share pairs.",
            where=f"user row {both.row[0]}, item row {both.col[0]}",
            found=f"{both.nnz} of {test.nnz} test pairs are in train",
            expected="none",
            next="split again; what was learned from cannot be tested on",
        )
