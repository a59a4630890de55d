"""Tiny models and bundles: random ones for properties, and one film world whose right answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from kgrec.bundle.bundle import Bundle, Manifest
from kgrec.data.dataset import Interactions
from kgrec.data.records import Interaction
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph import GraphStore, open_store
from kgrec.schema.model import GraphSchema, InteractionSource, InteractionType
from kgrec.scoring.context_bias import ContextBias
from kgrec.scoring.gates import ColdItemGates, Gates, GateTable
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix, SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, EDGE_TO_PAST, SHARED_TAIL, PathMatrix
from kgrec.testing.sample_graph import SampleGraph, fact, films_schema, node, words
from tests.support.paths import random_paths
from tests.support.trends import with_random_trend

KINDS, PLATFORMS = ("buy", "view"), ("app", "web")


def random_interactions(
    rng: np.random.Generator, n_users: int, n_items: int, n: int, timed: bool = True
) -> Interactions:
    """Repeats, ties in time, several kinds and platforms; few distinct times."""
    return Interactions(
        user=rng.integers(0, n_users, n),
        item=rng.integers(0, n_items, n),
        time=rng.integers(0, 4, n).astype(np.float64) if timed else np.full(n, np.nan),
        weight=rng.integers(1, 6, n).astype(np.float32),
        kind=rng.integers(0, 2, n),
        platform=rng.integers(0, 2, n),
        kinds=KINDS,
        platforms=PLATFORMS,
    )


def random_model(rng: np.random.Generator, n_items: int) -> AdditiveModel:
    """Channels of all matrix kinds, most with history weights of their own; some items new, some gates closed."""
    new = rng.random(n_items) < rng.choice([0.0, 0.3, 1.0], p=[0.2, 0.7, 0.1])
    dense = rng.normal(size=(n_items, n_items)) * (rng.random((n_items, n_items)) < 0.4)
    channels = (
        Channel(
            "behaviour",
            SparseMatrix(sparse.csr_matrix(dense.astype(np.float32))),
            HistoryWeights(0.7, 0.5, {"buy": 2.0, "view": 0.5}, {"app": 1.5}),
        ),
        Channel(
            "knowledge",
            LowRankMatrix(
                rng.normal(size=(n_items, 3)).astype(np.float32), rng.normal(size=(n_items, 3)).astype(np.float32)
            ),
            HistoryWeights(0.95, 0.0, {"view": 0.1}),
        ),
        Channel("semantic", LowRankMatrix(*[rng.normal(size=(n_items, 2)).astype(np.float32)] * 2)),
        Channel("paths", random_paths(rng, n_items), HistoryWeights(0.8, 0.0, {"view": 0.3}), unit=0.7),
        Channel(
            "paths_correction", SparseMatrix(sparse.csr_matrix(-dense.T.astype(np.float32))), unit=0.7, beside="paths"
        ),
    )
    n = len(channels)
    open_gates = rng.random((3, 3, n)) * (rng.random((3, 3, n)) < 0.8)
    open_gates[:, :, -1] = open_gates[:, :, -2]
    of_cold = rng.random(n) * (rng.random(n) < 0.8)
    of_cold[-1] = of_cold[-2]
    gates = Gates(
        GateTable(
            min_lengths=np.array([0, 1, 3]),
            channels=open_gates,
            prior=rng.random((3, 3)),
            min_pauses=(0.0, 1800.0),
        ),
        ColdItemGates(
            channels=of_cold,
            min_spread=rng.random(n),
            prior=float(rng.random()),
            offset=float(rng.normal()),
            slope=float(rng.normal()),
            length_range=(1.0, 4.0),
        ),
    )
    return AdditiveModel(channels, gates, rng.normal(size=n_items).astype(np.float32), new)


def bundle_of(
    model: AdditiveModel,
    interactions: Interactions,
    n_users: int,
    *,
    schema: GraphSchema | None = None,
    graph_id: str | None = None,
    items: tuple[str, ...] | None = None,
    users: tuple[str, ...] | None = None,
) -> Bundle:
    """A bundle of items ``i0..``, users ``u0..`` and further nodes ``e0..``, as many as paths may go over."""
    items = items or tuple(f"i{n}" for n in range(model.n_items))
    item_type = schema.item_type if schema else "Movie"
    nodes = (*(f"{item_type}:{item}" for item in items), *(f"Genre:e{n}" for n in range(4)))
    return Bundle(
        Manifest(
            schema, graph_id, {"embedding_dim": 2}, 7, {"kgrec": "0.1.0"}, 3.0, {"ndcg@10": 0.5}, [], "2026-01-01"
        ),
        model,
        Vocabulary(users or [f"u{n}" for n in range(n_users)]),
        Vocabulary(items),
        Vocabulary(nodes),
        tuple(f"Name of {node}" for node in nodes),
        ("HAS_GENRE", "LINKED/near"),
        interactions,
        np.ones((len(nodes), 2), np.float32),
        np.zeros((2, 2), np.float32),
    )


def random_bundle(rng: np.random.Generator, n_users: int = 5, n_items: int = 8, n: int = 25) -> Bundle:
    """A random model with random behaviour, and with a trend."""
    model, interactions = random_model(rng, n_items), random_interactions(rng, n_users, n_items, n)
    return bundle_of(with_random_trend(rng, model), interactions, n_users)


USERS = ("ann", "bob", "cold")
NAMES = ("Star Wars", "Empire", "Alien", "Aliens", "Blade", "Newcomer", "Stranger")
FILMS = ("star-wars", "empire", "alien", "aliens", "blade", "newcomer", "stranger")
"""star-wars speaks for empire, alien for aliens; newcomer and stranger are new, newcomer near alien by its text."""


def film_schema() -> GraphSchema:
    """The schema of ``kgrec.testing.sample_graph``, with watching as the only behaviour."""
    schema = films_schema()
    watched = InteractionType(user="User", item="Film", words=words("watched", "看过"), kinds=("watch",))
    return schema.model_copy(update={"interactions": {"WATCHED": watched}})


def film_store(items: Sequence[str] = FILMS, users: Sequence[str] = USERS, url: str = "kglite::memory:") -> GraphStore:
    """The graph of :func:`film_bundle`: lucas directed star-wars and empire.

    alien and newcomer share the genre horror; aliens is a sequel of alien. Five have a year, two
    have tags.
    """
    store = open_store(url)
    films = [node("Film", uid, name) for uid, name in zip(items, NAMES, strict=False)]
    for film, year in zip(films[:5], (1977.0, 1980.0, 1979.0, 1986.0, 1982.0), strict=True):
        film.properties["year"] = year  # type: ignore[index]
    for film, tags in zip(films, (["space", "war"], ["space"]), strict=False):
        film.properties["tags"] = tags  # type: ignore[index]
    SampleGraph(
        film_schema(),
        [
            *films,
            *(node("User", uid) for uid in users),
            node("Person", "lucas", "George Lucas"),
            node("Genre", "horror", "Horror"),
        ],
        [
            fact("DIRECTED_BY", f"Film:{items[0]}", "Person:lucas"),
            fact("DIRECTED_BY", f"Film:{items[1]}", "Person:lucas"),
            fact("HAS_GENRE", f"Film:{items[2]}", "Genre:horror"),
            fact("HAS_GENRE", f"Film:{items[5]}", "Genre:horror"),
            fact("SEQUEL_OF", f"Film:{items[3]}", f"Film:{items[2]}"),
        ],
        [
            Interaction("WATCHED", users[0], items[0], "watch", "cinema", 1.0),
            Interaction("WATCHED", users[0], items[2], "watch", "cinema", 2.0),
            Interaction("WATCHED", users[1], items[4], "watch", "cinema", 3.0),
        ],
    ).put_into(store)
    return store


def film_bundle(
    schema: GraphSchema | None = None,
    graph_id: str | None = None,
    items: tuple[str, ...] = FILMS,
    users: tuple[str, ...] = USERS,
) -> Bundle:
    """Three channels over seven films; ``ann`` watched star-wars and alien, ``bob`` blade, ``cold`` nothing.

    The paths are those of :func:`film_store`: over lucas 2, over horror 1, from aliens to alien 3.
    """
    has_facts = schema is None or "SEQUEL_OF" in schema.edges
    behaviour = np.zeros((7, 7), np.float32)
    behaviour[0, 1] = behaviour[1, 0] = 3.0
    behaviour[2, 3] = behaviour[3, 2] = 2.0
    behaviour[0, 4] = 0.5
    text = np.array([[1, 0], [1, 0], [0, 1], [0.3, 1], [0.5, 0.5], [0, 1], [0.2, 0.2]], np.float32)
    model = AdditiveModel(
        (
            Channel("behaviour", SparseMatrix(sparse.csr_matrix(behaviour))),
            Channel("semantic", LowRankMatrix(text, text)),
            *([Channel("paths", _film_paths(), unit=1.0)] if has_facts else []),
        ),
        Gates.common(np.array([1.0, 0.5, 0.5][: 2 + has_facts]), 0.1),
        np.array([1, 0.5, 0.5, 0, -1, -1, -1], np.float32),
        np.array([False] * 5 + [True] * 2),
    )
    interactions = Interactions.of_pairs([0, 0, 1], [0, 2, 4], [1.0, 2.0, 3.0])
    interactions = replace(interactions, kinds=("watch",), platforms=("cinema",))
    bundle = bundle_of(model, interactions, 3, schema=schema, graph_id=graph_id, items=items, users=users)
    item_type = bundle.nodes[0].partition(":")[0]
    nodes = (*(f"{item_type}:{item}" for item in items), "Person:lucas", "Genre:horror", "Genre:g")
    return replace(
        bundle,
        nodes=Vocabulary(nodes),
        names=(*NAMES, "George Lucas", "Horror", "Sci-Fi"),
        relations=("DIRECTED_BY", "HAS_GENRE", "SEQUEL_OF"),
        node_embeddings=np.ones((len(nodes), 2), np.float32),
        relation_embeddings=np.zeros((3, 2), np.float32),
    )


def _film_paths() -> PathMatrix:
    """Over lucas, over horror, from the sequel to what was seen, and the other way round."""
    source, target = np.zeros((2, 7, 4), np.float32)
    source[[0, 1], 0], target[[0, 1], 0] = 1, 2
    source[[2, 5], 1], target[[2, 5], 1] = 1, 1
    source[2, 2], target[3, 2] = 1, 3
    source[3, 3], target[2, 3] = 1, 3
    return PathMatrix(
        sparse.csr_matrix(source),
        sparse.csr_matrix(target),
        np.array([SHARED_TAIL, SHARED_TAIL, EDGE_TO_PAST, EDGE_FROM_PAST], np.int8),
        np.array([0, 1, 2, 2], np.int32),
        np.array([7, 8, 2, 3]),
    )


def in_weather(bundle: Bundle) -> Bundle:
    """The films where Aliens is for the rain and Blade for the sun, of which ``weather`` is said at every watching."""
    schema = bundle.manifest.schema
    assert schema is not None
    watched = schema.interactions["WATCHED"]
    source = InteractionSource(
        table="seen", platform="cinema", user="user", item="film", kind="watch", context={"weather": "weather"}
    )
    watched = watched.model_copy(update={"sources": (source,)})
    schema = schema.model_copy(update={"interactions": {**schema.interactions, "WATCHED": watched}})
    counts = np.ones((2, bundle.model.n_items), np.float32)
    counts[0, 3], counts[1, 4] = 9.0, 9.0
    bias = ContextBias("weather", ("rain", "sun"), counts, 1.0, 2.0)
    model = replace(bundle.model, contexts=(bias,))
    return replace(bundle, manifest=replace(bundle.manifest, schema=schema), model=model)
