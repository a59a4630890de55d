"""Write a benchmark folder with a catalogue too large for a dense item-item matrix.

    python benchmarks/large_catalogue.py FOLDER [--items 200000] [--interactions 10000000]
    kgrec benchmark FOLDER --models kgrec,popularity

Every item belongs to a topic and, within it, to one of ten makers; some are taken far more often than others. Every
user cares for a few topics and a maker or two. What is known of an item is its topic and its maker, wrong for one in
ten. One user in fifty is tested, on a tenth of what they took.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_PER_TOPIC, _MAKERS = 100, 10
_PER_USER, _DRAWS = 50, 68
"""Distinct items of a user, about, and how many are drawn for it."""
_TESTED = 50


def write(folder: Path, n_items: int, n_interactions: int, seed: int = 0) -> None:
    """Write interactions_train, interactions_test and kg."""
    rng = np.random.default_rng(seed)
    n_users, n_topics = n_interactions // _PER_USER, n_items // _PER_TOPIC
    topic_share = rng.permutation(1.0 / np.arange(1, n_topics + 1) ** 0.6)
    topic_share /= topic_share.sum()
    within = 1.0 / np.arange(1, _PER_TOPIC + 1) ** 0.8
    within /= within.sum()
    liked = rng.choice(n_topics, (n_users, 4), p=topic_share)
    maker = rng.integers(0, _MAKERS, (n_users, 4))
    user = np.repeat(np.arange(n_users), _DRAWS)
    which = rng.integers(0, 4, len(user))
    topic = liked[user, which]
    place = rng.choice(_PER_TOPIC, len(user), p=within)
    faithful = rng.random(len(user)) < 0.5
    place[faithful] = place[faithful] // _MAKERS * _MAKERS + maker[user, which][faithful]
    strayed = rng.random(len(user)) < 0.1
    item = topic * _PER_TOPIC + place
    item[strayed] = rng.integers(0, n_items, int(strayed.sum()))
    pairs = np.unique(user * np.int64(n_items) + item)
    user, item = np.divmod(pairs, n_items)
    in_test = (user % _TESTED == 0) & (rng.random(len(pairs)) < 0.1)
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("train", ~in_test), ("test", in_test)):
        pq.write_table(pa.table({"user": user[part], "item": item[part]}), folder / f"interactions_{name}.parquet")
    items = np.arange(n_items)
    said_topic = np.where(rng.random(n_items) < 0.1, rng.integers(0, n_topics, n_items), items // _PER_TOPIC)
    said_maker = np.where(rng.random(n_items) < 0.1, rng.integers(0, _MAKERS, n_items), items % _MAKERS)
    tail = np.concatenate([n_items + said_topic, n_items + n_topics + said_topic * _MAKERS + said_maker])
    relation = np.repeat([0, 1], n_items)
    pq.write_table(pa.table({"head": np.tile(items, 2), "relation": relation, "tail": tail}), folder / "kg.parquet")


def main() -> None:
    """See the module."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--items", type=int, default=200_000)
    arguments.add_argument("--interactions", type=int, default=10_000_000)
    given = arguments.parse_args()
    write(given.folder, given.items, given.interactions)


if __name__ == "__main__":
    main()
