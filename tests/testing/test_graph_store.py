"""Every installed database, and one that plugs in, keep what graph stores promise."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from kgrec.graph import known_schemes, open_store
from kgrec.graph.schemes import STORE_GROUP
from kgrec.graph.stores.kglite_store import KgliteStore
from kgrec.graph.stores.neo4j_settings import SCHEMES
from kgrec.graph.stores.neo4j_store import Neo4jStore
from kgrec.testing.graph_store import GraphStoreContract
from tests.support.stores import ShelfStore

ON_TRIAL = {KgliteStore, Neo4jStore}


def test_every_installed_store_is_on_trial() -> None:
    installed = {point.name: point.load() for point in entry_points(group=STORE_GROUP)}
    assert set(installed.values()) == ON_TRIAL
    assert {scheme for scheme, store in installed.items() if store is Neo4jStore} == set(SCHEMES)


class TestKgliteInMemory(GraphStoreContract):
    lasting = False

    @pytest.fixture
    def url(self) -> str:
        return "kglite::memory:"


class TestKgliteOnDisk(GraphStoreContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"kglite:{tmp_path / 'graph.kgl'}"


@pytest.mark.neo4j
class TestNeo4j(GraphStoreContract):
    @pytest.fixture
    def url(self, neo4j_url: str) -> str:
        return neo4j_url


class TestPluggedIn(GraphStoreContract):
    """A package declares the scheme ``shelf``; kgrec knows nothing else of it."""

    @pytest.fixture
    def url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        package = tmp_path / "shelf-1.0.dist-info"
        package.mkdir()
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
        (package / "entry_points.txt").write_text(f"[{STORE_GROUP}]\nshelf = tests.support.stores:ShelfStore\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        return f"shelf:{tmp_path}"

    def test_its_scheme_is_known(self, url: str) -> None:
        assert "shelf" in known_schemes()
        with open_store(url) as store:
            assert isinstance(store, ShelfStore)
