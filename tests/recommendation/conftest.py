"""The films of ``tests.support.bundles`` with and without their graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kgrec.graph import GraphStore
from kgrec.recommendation import Recommender
from tests.support.bundles import (
    film_bundle,
    film_schema,
    film_store,
)


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with film_store() as opened:
        yield opened


@pytest.fixture
def films(store: GraphStore) -> Recommender:
    return Recommender(film_bundle(film_schema(), store.graph_id), store)


@pytest.fixture
def alone() -> Recommender:
    """Without a store."""
    return Recommender(film_bundle())


@pytest.fixture(params=["kglite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"kglite:{tmp_path / 'g.kgl'}" if request.param == "kglite" else request.getfixturevalue("neo4j_url")
