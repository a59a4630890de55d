"""Which model makes the lists of a platform: one of its own, or the one of all platforms.

Both list the items that the platform has, to the same users of validation, after all that these did before. The model
of all platforms takes the lists where it finds more by over one standard error of the difference:

    own .0316, shared .0371, error of the difference .0024    shared
    own .0572, shared .0580, error of the difference .0019    own
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kgrec.data.dataset import FOR, Array, Dataset, Interactions
from kgrec.data.splits import pairs_with, pairs_without, sample_users
from kgrec.learn.fusion.trend_search import beyond_chance
from kgrec.learn.limits import LIMITS
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import per_user, rank_users
from kgrec.scoring.model import AdditiveModel

_K = 10


@dataclass(frozen=True)
class ListsOfBoth:
    """What both models find of validation.

    Attributes:
        own, shared: ndcg@10 of each user, ``(users,)``.
    """

    own: Array
    shared: Array

    @property
    def are_shared(self) -> bool:
        """Whether the model of all platforms makes the lists."""
        return beyond_chance(self.shared - self.own, 1.0)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for manifests and results."""
        chosen = "shared" if self.are_shared else "own"
        found = {
            name: float(of.mean()) if len(of) else 0.0 for name, of in (("own", self.own), ("shared", self.shared))
        }
        return {"chosen": chosen, "users": len(self.own), "ndcg@10": found}


def lists_of_both(own: AdditiveModel, shared: AdditiveModel, dataset: Dataset, wanted: Interactions) -> ListsOfBoth:
    """The lists of a platform by its own model and by the one of all platforms.

    Args:
        own: makes the lists of the platform.
        dataset: with the training part, of all platforms.
        wanted: the platform's part of validation.
    """
    n_users, n_items = len(dataset.users), len(dataset.items)
    done, asked = dataset.behaviour, wanted.first_contexts(n_users)
    offered = ~own.is_cold | shared.is_cold  # as a bundle's lists of the platform
    seen = shared.taken(done).matrix(n_users, n_items)  # what was only met may come back
    to_find = pairs_with(pairs_without(wanted.saying(FOR).matrix(n_users, n_items), seen), offered)
    to_find = sample_users(to_find, LIMITS.validation_users)
    users = np.flatnonzero(np.diff(to_find.indptr)).astype(np.int64)

    def ndcg(model: AdditiveModel) -> Array:
        ranker = ModelRanker.over(model, done, n_users, asked)
        return per_user(rank_users(ranker, seen, users, _K, offered), to_find[users], [_K])[f"ndcg@{_K}"]

    return ListsOfBoth(ndcg(own), ndcg(shared))
