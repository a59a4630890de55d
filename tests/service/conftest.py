"""A service over a small graph of films."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from kgrec.graph import GraphStore
from kgrec.recommendation import Recommender
from kgrec.service.app import service
from tests.support.bundles import film_bundle, film_store


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with film_store() as opened:
        yield opened


@pytest.fixture
def recommender(store: GraphStore) -> Recommender:
    return Recommender(film_bundle(store.schema, store.graph_id), store)


@pytest.fixture
def client(recommender: Recommender) -> TestClient:
    return TestClient(service(recommender))
