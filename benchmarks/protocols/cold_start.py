"""Cold start: items and users that training has not seen, how they are hidden and what is measured of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array, Interactions
from kgrec.data.splits import hide
from kgrec.evaluation.baselines import Setting
from kgrec.learn.channels.content_kernel import content_knn
from kgrec.metrics.rankers import MatrixRanker, Ranker
from kgrec.metrics.ranking import mean_metrics
from kgrec.scoring.history_weights import HistoryWeights

Pool = Literal["hidden", "all"]
POOLS: tuple[Pool, ...] = ("hidden", "all")

_METRICS = ("recall@20", "ndcg@10")
_NEIGHBOURS = (5, 20, 100, 400)
_RECENCY = (1.0, 0.95, 0.9, 0.8, 0.7)


def first_items(interactions: Interactions, n: int, seed: int = 0) -> tuple[Interactions, Interactions]:
    """Each user's first n items, in order of time where all times are known, else in random order; and the rest.

    All interactions with an item are on the side of the first of them. Among equal times the seed decides. Users with
    no more than n items are left out, as nothing would remain to be found.
    """
    n_items = int(interactions.item.max(initial=0)) + 1
    keys, pair_of = np.unique(interactions.user * n_items + interactions.item, return_inverse=True)
    time = np.zeros(len(keys))
    if interactions.has_time:
        time[:] = np.inf
        np.minimum.at(time, pair_of, interactions.time)
    user = keys // n_items
    order = np.lexsort((np.random.default_rng(seed).random(len(keys)), time, user))
    count = np.bincount(user)
    place = np.empty(len(keys), np.int64)
    place[order] = np.arange(len(keys)) - (np.cumsum(count) - count)[user[order]]
    enough = (count[user] > n)[pair_of]
    first = (place < n)[pair_of]
    return interactions.select(enough & first), interactions.select(enough & ~first)


@dataclass(frozen=True)
class ContentKNN(MatrixRanker):
    """Candidates whose content is near to that of the items of the history, which add up."""

    @classmethod
    def fit(
        cls,
        train: Interactions,
        n_users: int,
        vectors: Array | sparse.csr_matrix,
        neighbours: int = 100,
        recency: float = 1.0,
    ) -> ContentKNN:
        """See :func:`~kgrec.learn.channels.content_kernel.content_knn`."""
        n_items = vectors.shape[0]
        taken = np.bincount(train.item, minlength=n_items) > 0
        history = HistoryWeights(recency).matrix(train, n_users, n_items).astype(np.float32)
        return cls(history, content_knn(vectors, taken, neighbours=neighbours))


def content_settings(train: Interactions) -> list[Setting]:
    """What is tried for :class:`ContentKNN`; recency only where all times are known, as our own model does."""
    recency = _RECENCY if train.has_time else (1.0,)
    return [{"neighbours": n, "recency": factor} for n, factor in itertools.product(_NEIGHBOURS, recency)]


def tune_content(
    train: Interactions, n_users: int, vectors: Array | sparse.csr_matrix, pool: Pool, seed: int
) -> Setting:
    """The setting of highest Recall@20 for another tenth of the items, hidden from ``train``; the first of equals."""
    hidden = np.isin(train.item, hide(train.item, 0, seed))
    rest, wanted = train.select(~hidden), train.select(hidden)

    def quality(setting: Setting) -> float:
        ranker = ContentKNN.fit(rest, n_users, vectors, **setting)
        return measure_hidden(ranker, rest, wanted, pool, n_users, vectors.shape[0])[f"{pool} recall@20"]

    best: Setting = max(content_settings(train), key=quality)
    return best


def measure_hidden(
    ranker: Ranker, train: Interactions, cold: Interactions, pool: Pool, n_users: int, n_items: int
) -> dict[str, float]:
    """Recall@20 and ndcg@10 of hidden items, ``hidden ...`` or ``all ...`` by the pool.

    Args:
        train: what the ranker has learned from.
        cold: behaviour of the hidden items, of which it has seen nothing.
        pool: "hidden" ranks them among themselves, "all" among the whole catalogue.

    Raises:
        KgrecError: the parts share pairs, or there is nothing to find.
    """
    hidden = np.bincount(cold.item, minlength=n_items) > 0
    seen, wanted = train.matrix(n_users, n_items), cold.matrix(n_users, n_items)
    measured = mean_metrics(ranker, seen, wanted, candidates=hidden if pool == "hidden" else None)
    return {f"{pool} {metric}": measured[metric] for metric in _METRICS}


def measure_warm(
    ranker: Ranker, train: Interactions, cold: Interactions, warm: Interactions, n_users: int, n_items: int
) -> dict[str, float]:
    """What allowing hidden items in the lists costs the others.

    Args:
        warm: held-out behaviour of the items that are not hidden.

    Returns:
        ``warm recall@20`` and ``warm ndcg@10`` with the hidden items as candidates, ``warm recall@20 without hidden``,
        and what share of each is lost by having them: ``warm loss`` and ``warm ndcg@10 loss``.

    Raises:
        KgrecError: the parts share pairs, or there is nothing to find.
    """
    hidden = np.bincount(cold.item, minlength=n_items) > 0
    seen, wanted = train.matrix(n_users, n_items), warm.matrix(n_users, n_items)
    beside, alone = (mean_metrics(ranker, seen, wanted, candidates=which) for which in (None, ~hidden))
    lost = {metric: 1.0 - beside[metric] / alone[metric] if alone[metric] else 0.0 for metric in _METRICS}
    return {
        "warm recall@20": beside["recall@20"],
        "warm recall@20 without hidden": alone["recall@20"],
        "warm loss": lost["recall@20"],
        "warm ndcg@10": beside["ndcg@10"],
        "warm ndcg@10 loss": lost["ndcg@10"],
    }


def measure_users(ranker: Ranker, history: Interactions, rest: Interactions, n: int, n_items: int) -> dict[str, float]:
    """Recall@20 and ndcg@10 of what users took after their first n items, with how many users they are the mean of.

    Args:
        ranker: over the histories, for all user rows that occur in them.
        history, rest: as :func:`first_items` gives them.

    Raises:
        KgrecError: no user has more than n items.
    """
    n_users = int(rest.user.max(initial=0)) + 1
    measured = mean_metrics(ranker, history.matrix(n_users, n_items), rest.matrix(n_users, n_items))
    return {f"{metric} after {n}": measured[metric] for metric in ("recall@20", "ndcg@10", "users")}
