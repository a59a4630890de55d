"""How fast the ten best of a large catalogue are found for one person, and whether they are the best of all scores.

    python benchmarks/retrieval_speed.py [--items 1000000] [--users 300] [--rounds 3] [--entries 200] [--own-moments]
        [--compacted] [--out FILE.json]

A made catalogue in memory: what is measured is answering, not learning. Every item has a topic, a maker and a country,
some are far more popular than others, one in twenty is cold. The model has what a trained one has: two channels of
sparse rows, whose columns are the more popular ones or of the same topic, paths over topic, maker and country,
embeddings of 64 dimensions, a prior and a trend. Histories have 5 to 300 items, most of a few topics; one in twenty is
of items that say nothing in the sparse channels, one in twenty is empty. Each person is answered by the recommender
from all scores and by retrieval, in turns, in one thread, and the best of some rounds counts; then the lists are
compared. A compacted model keeps a byte of each number and leaves out none.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # before numpy reads it
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
from scipy import sparse

from kgrec.bundle.bundle import Bundle, Manifest
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.recommendation import Context, Recommender
from kgrec.scoring import retrieval
from kgrec.scoring.compacting import CompactableModel
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.path_matrix import SHARED_TAIL, PathMatrix
from kgrec.scoring.trend import DAY_S, HOUR_S, Trend

_PER_TOPIC, _PER_MAKER, _COUNTRIES = 200, 20, 60
_COLD, _SILENT = 0.05, 0.1
"""Shares of the items that are cold, and of those that say nothing in the sparse channels."""
_DIMENSIONS = 64
_NOW = 1.7e9
_K = 10


def made_model(n_items: int, entries: int, rng: np.random.Generator) -> tuple[AdditiveModel, IntArray]:
    """A model, and its items by popularity."""
    by_popularity = rng.permutation(n_items)
    rank = np.empty(n_items, np.int64)
    rank[by_popularity] = np.arange(n_items)
    prior = -np.log((rank + n_items**0.5) / n_items)
    prior = ((prior - prior.mean()) / prior.std()).astype(np.float32)
    is_cold = rng.random(n_items) < _COLD
    silent = is_cold | (rng.random(n_items) < _SILENT)
    channels = (
        Channel("behaviour", _sparse(by_popularity, silent, entries, rng)),
        Channel("co_session", _sparse(by_popularity, silent, entries // 2, rng), HistoryWeights(0.9)),
        Channel("paths", _paths(n_items, rng), unit=0.5),
        Channel("knowledge", _embeddings(n_items, prior, rng)),
    )
    gates = Gates.common(np.array([1.0, 0.4, 0.3, 0.5]), 0.4, cold_offset=-0.5).with_known(trend=np.full((1, 1), 0.2))
    hours = np.sort(rng.integers(0, 60 * 24, 5 * n_items))
    counted = (np.ones(5 * n_items, np.float32), (hours, _skewed(by_popularity, 5 * n_items, rng)))
    counts = sparse.csr_matrix(counted, shape=(60 * 24, n_items))
    trend = Trend(7 * DAY_S, _NOW - HOUR_S * np.arange(60 * 24, 0, -1), counts)
    return AdditiveModel(channels, gates, prior, is_cold, trend), by_popularity


def _skewed(by_popularity: IntArray, shape: Any, rng: np.random.Generator) -> IntArray:
    """Items, of which the more popular are drawn far more often."""
    drawn = rng.random(shape, np.float32) ** 3 * len(by_popularity)
    items: IntArray = by_popularity[np.minimum(drawn.astype(np.int32), len(by_popularity) - 1)]
    return items


def _sparse(by_popularity: IntArray, silent: Array, entries: int, rng: np.random.Generator) -> SparseMatrix:
    """Half of each row's entries are of popular items, half of the same topic."""
    n_items, columns = len(by_popularity), []
    for start in range(0, n_items, 2**14):
        rows = np.arange(start, min(start + 2**14, n_items))
        topic = rows[:, None] // _PER_TOPIC * _PER_TOPIC + rng.integers(0, _PER_TOPIC, (len(rows), entries // 2))
        anywhere = _skewed(by_popularity, (len(rows), entries - entries // 2), rng)
        columns.append(np.sort(np.hstack([np.minimum(topic, n_items - 1), anywhere]).astype(np.int32), axis=1))
    indices = np.concatenate(columns).ravel()
    told = np.repeat(~silent, entries)
    told &= np.r_[True, (indices[1:] != indices[:-1]) | (np.arange(1, len(indices)) % entries == 0)]
    per_row = np.add.reduceat(told, np.arange(0, len(told), entries), dtype=np.int64)
    indptr = np.r_[0, np.cumsum(per_row)].astype(np.int32)
    data = rng.random(int(indptr[-1]), np.float32) ** 4
    matrix = sparse.csr_matrix((data, indices[told], indptr), shape=(n_items, n_items))
    matrix.has_sorted_indices = True
    return SparseMatrix(matrix)


def _paths(n_items: int, rng: np.random.Generator) -> PathMatrix:
    """Topic, maker and country of each item, weighed by their rarity squared; rows have length 1."""
    items = np.arange(n_items)
    n_topics, n_makers = n_items // _PER_TOPIC + 1, n_items // _PER_MAKER + 1
    country = (rng.random(n_items) ** 3 * _COUNTRIES).astype(np.int64)
    features = np.stack([items // _PER_TOPIC, n_topics + items // _PER_MAKER, n_topics + n_makers + country], axis=1)
    n_features = n_topics + n_makers + _COUNTRIES
    rarity = np.log(n_items / np.maximum(np.bincount(features.ravel(), minlength=n_features), 1)) ** 2
    parts = features.ravel().astype(np.int32), np.arange(0, 3 * n_items + 1, 3, dtype=np.int32)
    source = sparse.csr_matrix((np.full(3 * n_items, 3**-0.5, np.float32), *parts), shape=(n_items, n_features))
    target = sparse.csr_matrix(((rarity[parts[0]] / 100).astype(np.float32), *parts), shape=(n_items, n_features))
    relation = np.repeat([0, 1, 2], [n_topics, n_makers, _COUNTRIES]).astype(np.int32)
    way = np.full(n_features, SHARED_TAIL, np.int8)
    return PathMatrix(source, target, way, relation, n_items + np.arange(n_features))


def _embeddings(n_items: int, prior: Array, rng: np.random.Generator) -> LowRankMatrix:
    """Vectors near that of their topic, longer for popular items, of dimensions that matter less and less."""
    falling = (1.0 / np.sqrt(1.0 + np.arange(_DIMENSIONS))).astype(np.float32)
    topics = rng.normal(size=(n_items // _PER_TOPIC + 1, _DIMENSIONS)).astype(np.float32)

    def vectors() -> Array:
        of_items = topics[np.arange(n_items) // _PER_TOPIC]
        vectors: Array = (of_items + rng.standard_normal(of_items.shape, np.float32)) * falling
        return vectors

    length = np.clip(1.0 + 0.2 * prior, 0.5, 2.0).astype(np.float32)
    return LowRankMatrix.beside_mean(vectors(), vectors() * length[:, None], np.ones(n_items, np.bool_))


def made_histories(model: AdditiveModel, by_popularity: IntArray, n: int, rng: np.random.Generator) -> Interactions:
    """Histories of 5 to 300 items, one in twenty of items without a row, one in twenty empty."""
    n_items, behaviour = model.n_items, model.channels[0].matrix
    assert isinstance(behaviour, SparseMatrix)
    rowless = np.flatnonzero(np.diff(behaviour.weights.indptr) == 0)
    user, item = [], []
    for number in range(n):
        kind = _kind(number)
        length = 0 if kind == "empty" else int(np.exp(rng.uniform(np.log(5), np.log(300))))
        topics = rng.integers(0, n_items // _PER_TOPIC, max(length // 10, 1))
        near = rng.choice(topics, length) * _PER_TOPIC + rng.integers(0, _PER_TOPIC, length)
        taken = np.where(rng.random(length) < 0.6, near, _skewed(by_popularity, length, rng))
        taken = np.unique(rng.choice(rowless, length) if kind == "without rows" else taken)
        user.append(np.full(len(taken), number))
        item.append(rng.permutation(taken))
    users, items = np.concatenate(user), np.concatenate(item).astype(np.int64)
    return Interactions(
        user=users,
        item=items,
        time=_NOW - 30 * DAY_S * rng.random(len(users)),
        weight=np.ones(len(users), np.float32),
        kind=np.zeros(len(users), np.int64),
        platform=np.zeros(len(users), np.int64),
        kinds=("take",),
        platforms=("",),
    )


def made_bundle(n_items: int, n_users: int, entries: int, seed: int = 0) -> Bundle:
    """A bundle of all that."""
    rng = np.random.default_rng(seed)
    model, by_popularity = made_model(n_items, entries, rng)
    interactions = made_histories(model, by_popularity, n_users, rng)
    items = [f"i{n}" for n in range(n_items)]
    nothing = np.zeros((0, 2), np.float32)
    return Bundle(
        Manifest(None, None, {}, seed, {}, _NOW, {}, [], ""),
        model,
        Vocabulary(f"u{n}" for n in range(n_users)),
        Vocabulary(items),
        Vocabulary([]),
        tuple(items),
        (),
        interactions,
        nothing,
        nothing,
    )


def compared(bundle: Bundle, rounds: int, own_moments: bool) -> dict[str, Any]:
    """Times of both ways, of the process and by the clock, and how much of one's lists the other finds.

    Args:
        own_moments: whether each list is asked for at a moment of its own, so that the trend is another one.
    """
    recommenders = {}
    for way, least in (("all scores", bundle.model.n_items + 1), ("retrieval", 0)):
        retrieval.RETRIEVED_FROM = least
        started = time.process_time()
        recommenders[way] = Recommender(bundle.with_model(replace(bundle.model)))
        recommenders[way].recommend("u0", k=_K)
        ready = time.process_time() - started
    users = list(bundle.users)
    times = {way: np.empty((len(users), rounds, 2)) for way in recommenders}
    found, in_order, off = 0, 0, 0.0
    for number, user in enumerate(users):
        lists: dict[str, dict[str, float]] = {}
        for turn in range(rounds):
            at = Context(at=_NOW + number + turn / rounds) if own_moments else None
            for way, recommender in sorted(recommenders.items(), reverse=bool((number + turn) % 2)):
                process, clock = time.process_time(), time.perf_counter()
                best = recommender.recommend(user, k=_K, context=at)
                times[way][number, turn] = time.process_time() - process, time.perf_counter() - clock
                lists[way] = {one.item: one.score for one in best}
        of_all, retrieved = lists["all scores"], lists["retrieval"]
        found += len(of_all.keys() & retrieved.keys())
        in_order += list(of_all) == list(retrieved)
        off = max(off, *(abs(score - of_all.get(item, score)) for item, score in retrieved.items()))
    kinds = np.array([_kind(number) for number in range(len(users))])
    result: dict[str, Any] = {
        kind: {way: _figures(1e3 * of.min(axis=1)[np.isin(kinds, kind)]) for way, of in times.items()}
        for kind in np.unique(kinds).tolist()
    }
    result["everybody"] = {way: _figures(1e3 * of.min(axis=1)) for way, of in times.items()}
    share = found / (_K * len(users))
    return result | {"ready_s": ready, "recall": share, "same_order": in_order / len(users), "largest_difference": off}


def _kind(number: int) -> str:
    """What the history of a user is like."""
    return {5: "without rows", 15: "empty"}.get(number % 20, "with rows")


def _figures(times: Any) -> dict[str, Any]:
    """Percentiles over users, of the process and of the clock."""
    return {of: _percentiles(times[:, n]) for n, of in enumerate(("cpu_ms", "wall_ms"))} if len(times) else {}


def _percentiles(times: Any) -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(times, p)), 2) for p in (50, 95, 99, 100)}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--entries", type=int, default=200, help="in each row of the first channel, half in the second")
    parser.add_argument("--own-moments", action="store_true", help="ask for each list at a moment of its own")
    parser.add_argument("--compacted", action="store_true", help="answer from a compacted model")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    bundle = made_bundle(given.items, given.users, given.entries)
    if given.compacted:
        bundle = bundle.with_model(CompactableModel.of(bundle.model).with_shares({}))
    result = {"items": given.items, "users": given.users, **compared(bundle, given.rounds, given.own_moments)}
    result["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    text = json.dumps(result, indent=1) + "\n"
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
