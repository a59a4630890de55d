"""Publishing the films of ``tests.support.bundles``, and what a reader finds in the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.vocabulary import Vocabulary
from kgrec.recommendation.publishing import PublishReport, publish
from tests.support.bundles import FILMS, film_bundle

LISTS = (
    "MATCH (m:KgrecModel {uid: 'current'}) MATCH (a)-[r:RECOMMENDED|SIMILAR {model: m.model}]->(b) "
    "RETURN m.model AS model, type(r) AS type, a.uid AS owner, r.rank AS rank, b.uid AS item, r.score AS score "
    "ORDER BY type, owner, rank"
)


SERVER_AMONG_THE_SLOW = pytest.mark.parametrize(
    "url", ["kglite", pytest.param("neo4j", marks=[pytest.mark.neo4j, pytest.mark.slow])], indirect=True
)
"""For what the embedded store shows as well: both are sent the same statements, each of which other tests send to a
server."""


def learned(store: Any, seed: int = 0) -> Bundle:
    """The film bundle of a store, with embeddings; another seed gives another model of the same graph."""
    bundle = film_bundle(store.schema, store.graph_id)
    rng = np.random.default_rng(seed)
    prior = bundle.model.prior + rng.normal(scale=0.01 * seed, size=7).astype(np.float32)
    return replace(
        bundle,
        model=replace(bundle.model, prior=prior),
        nodes=Vocabulary([*(f"Film:{film}" for film in FILMS), "Genre:horror"]),
        node_embeddings=rng.normal(size=(8, 4)).astype(np.float32),
    )


def quickly(bundle: Bundle, store: Any, **settings: Any) -> PublishReport:
    return publish(bundle, store, **{"k": 3, "similar": 2, "grace_s": 0.0, **settings})


def rows(store: Any, text: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store._read(text, parameters, None)
    return found


def list_of(store: Any, type: str, owner: str) -> list[tuple[str, float]]:
    return [(r["item"], r["score"]) for r in rows(store, LISTS) if (r["type"], r["owner"]) == (type, owner)]


def left_of(store: Any) -> tuple[set[str], set[str]]:
    """Models that relationships carry, and slots that hold embeddings."""
    models = rows(store, "MATCH ()-[r:RECOMMENDED|SIMILAR]->() RETURN DISTINCT r.model AS model")
    slots = [
        slot
        for slot in "ab"
        if rows(store, f"MATCH (n:Film) WHERE n.kgrec_embedding_{slot} IS NOT NULL RETURN n.uid AS uid")
    ]
    return {row["model"] for row in models}, set(slots)
