"""Tiny worlds of two platforms, on which the same people love the same genre, or another one on each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.data.dataset import Dataset, Interactions
from tests.support.datasets import dataset_of

PLATFORMS = ("films", "books")


def platform_world(
    rng: np.random.Generator,
    n_users: int = 60,
    n_items: int = 96,
    genres: int = 4,
    films: int = 6,
    books: int = 2,
    related: bool = True,
    timed: bool = False,
) -> Dataset:
    """Even items are films, odd ones books; two in a row are of genre ``i // 2 % genres``, which users have one of.

    Args:
        films, books: how many of each a user took.
        related: whoever loves a genre of films loves that of books; else books are taken at random.
        timed: unix seconds, in random order.
    """
    user, item, platform = [], [], []
    for u in range(n_users):
        loved = np.flatnonzero(np.arange(n_items) // 2 % genres == u % genres)
        for number, n in ((0, films), (1, books)):
            among = loved[loved % 2 == number] if related or not number else np.arange(1, n_items, 2)
            taken = rng.choice(among, n, replace=False)
            user += [u] * n
            item += taken.tolist()
            platform += [number] * n
    time = 1e9 + 3600.0 * rng.permutation(len(user)) if timed else None
    pairs = Interactions.of_pairs(user, item, time)
    made = replace(pairs, platform=np.array(platform, np.int64), platforms=PLATFORMS)
    return dataset_of(made, n_users, n_items)
