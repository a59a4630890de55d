"""Tiny data sets for learning, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary


def dataset_of(
    interactions: Interactions,
    n_users: int,
    n_items: int,
    *,
    triples: Sequence[tuple[int, int, int]] = (),
    relations: tuple[str, ...] = (),
    n_entities: int = 0,
    texts: Sequence[str] = (),
) -> Dataset:
    """Items ``i0..`` are the first nodes, entities ``e0..`` the others."""
    nodes = [f"Item:i{n}" for n in range(n_items)] + [f"Entity:e{n}" for n in range(n_entities)]
    array = np.array(triples, np.int64).reshape(-1, 3)
    return Dataset(
        Vocabulary(f"u{n}" for n in range(n_users)),
        Vocabulary(f"i{n}" for n in range(n_items)),
        Vocabulary(nodes),
        interactions,
        Facts.unique(array[:, 0], array[:, 1], array[:, 2], relations),
        tuple(nodes),
        tuple(texts) or ("",) * len(nodes),
    )


def genre_world(
    rng: np.random.Generator,
    n_users: int = 60,
    n_items: int = 48,
    genres: int = 4,
    taken: int = 4,
    n_new: int = 0,
    texts: bool = True,
    timed: bool = False,
) -> Dataset:
    """Each user loves one genre and took a few of its items; item i is of genre ``i % genres``.

    Who took what says little about an item, its genre everything. The last ``n_new`` items nobody took.
    """
    user, item = [], []
    for u in range(n_users):
        loved = np.arange(u % genres, n_items - n_new, genres)
        user += [u] * taken
        item += rng.choice(loved, taken, replace=False).tolist()
    triples = [(i, 0, n_items + i % genres) for i in range(n_items)]
    words = ["violin concert", "galaxy spaceship", "murder detective", "cooking pasta", "river canoe"]
    told = [f"{words[i % genres]} number {i}" for i in range(n_items)] + words[:genres]
    time = rng.permutation(len(user)).astype(np.float64) if timed else None
    return dataset_of(
        Interactions.of_pairs(user, item, time),
        n_users,
        n_items,
        triples=triples,
        relations=("HAS_GENRE",),
        n_entities=genres,
        texts=told if texts else (),
    )


def quick(**changes: object) -> TrainConfig:
    """Settings for tests: small, one thread, texts hashed."""
    settings = {
        "embedding_dim": 8,
        "epochs": 6,
        "batch_size": 16,
        "num_threads": 1,
        "ensemble": 1,
        "num_layers": 1,
        "text_encoder": "hashing",
    }
    return TrainConfig.of({**settings, **changes})


class InterruptedRunError(Exception):
    """A kill, as far as a test can do it."""


def killed_after(epoch: int) -> Callable[[dict[str, float]], None]:
    """For ``Trainer.fit(on_epoch=...)``: raises InterruptedRunError once an epoch is done."""

    def kill(entry: dict[str, float]) -> None:
        if entry["epoch"] == epoch:
            raise InterruptedRunError

    return kill
