"""Whether the order in which users took things says anything about what they take next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Interactions
from kgrec.data.splits import sample_users
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import rank_and_measure
from kgrec.scoring.model import Channel


def order_tells(channel: Channel, interactions: Interactions, valid: sparse.csr_matrix, seed: int) -> bool:
    """Whether a channel finds more of validation from histories in their order than from shuffled ones.

    More by two standard errors of the users' differences in ndcg@10. Shuffled histories have the same items at other
    places: a channel whose histories fade then goes by past items drawn at random, not by the last ones.

    Args:
        channel: of a fading history, such as :mod:`~kgrec.learn.channels.next_item_ridge`'s.
        interactions: what histories are made of, all with known times.
        valid: what comes after them, users x items.
        seed: of the shuffling.
    """
    valid = sample_users(valid, LIMITS.validation_users)
    users = np.flatnonzero(np.diff(valid.indptr))
    if not len(users):
        return False
    wanted = valid[users].tocsr()
    row = np.full(valid.shape[0], -1, np.int64)
    row[users] = np.arange(len(users))
    of_users = interactions.select(row[interactions.user] >= 0)
    history = replace(of_users, user=row[of_users.user])
    shuffled = replace(history, time=np.random.default_rng(seed).permutation(len(history)).astype(np.float64))
    seen = history.matrix(*wanted.shape)
    ndcg = [
        rank_and_measure(
            ItemMatrixRanker((channel.matrix,), channel.history.matrix(order, *wanted.shape).astype(np.float32)),
            seen,
            wanted,
            ks=(10,),
        ).per_user["ndcg@10"]
        for order in (history, shuffled)
    ]
    gain = ndcg[0] - ndcg[1]
    return bool(gain.mean() > 2 * gain.std() / np.sqrt(len(gain)))
