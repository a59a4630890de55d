"""A small shop whose buyers look at things before: what they buy next is among what they viewed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.data.dataset import Dataset, Interactions
from tests.support.datasets import dataset_of

KINDS = ("buy", "cart", "view")
BUY, CART, VIEW = range(3)


def did(rows: list[tuple[int, int, int]], times: list[float] | None = None) -> Interactions:
    """Interactions of user, item and kind."""
    user, item, kind = np.array(rows, np.int64).reshape(-1, 3).T
    return replace(Interactions.of_pairs(user, item, times), kind=kind, kinds=KINDS)


def shop(seed: int = 0, n_users: int = 120, n_items: int = 40, views: int = 8) -> tuple[Dataset, Interactions]:
    """Train and what is held out: users view things of their half of the shop, and buy even ones.

    Each bought one of what they viewed; another that they viewed they buy next, which is held out. Every third buys
    next what they had not viewed.
    """
    rng = np.random.default_rng(seed)
    rows, held = [], []
    for user in range(n_users):
        shelf = np.arange(n_items // 2) + (user % 2) * (n_items // 2)
        even, odd = (rng.permutation(shelf[shelf % 2 == which]) for which in (0, 1))
        seen = [*even[: views // 2], *odd[: views // 2]]
        rows += [(user, int(item), VIEW) for item in seen] + [(user, int(seen[0]), BUY)]
        held.append((user, int(even[-1] if user % 3 == 0 else seen[1]), BUY))
    return dataset_of(did(rows), n_users, n_items), did(held)
