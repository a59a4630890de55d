"""What every open graph promises, as tests: it answers or says why not, and keeps what it was given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kgrec.errors import GraphError, StoreUnavailableError
from kgrec.graph import open_store
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import GraphCounts
from kgrec.testing.sample_graph import films_graph, films_schema


class OpenGraphContract:
    """Tests of opening, reopening and closing; a subclass says where an empty store is.

    Attributes:
        lasting: whether what was written is there when the store is opened again.
    """

    lasting = True

    @pytest.fixture
    def url(self) -> str:
        """The address of an empty store; its scheme is an entry point of the group ``kgrec.stores``."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str) -> Iterator[GraphStore]:
        """The empty store, open."""
        with open_store(url) as opened:
            yield opened

    @pytest.fixture
    def films(self, store: GraphStore) -> GraphStore:
        """The store with the graph of :func:`films_graph` in it."""
        films_graph().put_into(store)
        return store

    def _needs_lasting(self) -> None:
        if not self.lasting:
            pytest.skip("such a store is gone when it is closed")

    def test_it_answers_a_ping(self, store: GraphStore) -> None:
        store.ping()
        films_graph().put_into(store)
        store.ping()

    def test_a_fresh_store_holds_nothing(self, store: GraphStore) -> None:
        assert store.schema is None
        assert store.graph_id is None
        assert store.counts() == GraphCounts({}, {}, {})
        with pytest.raises(GraphError) as caught:
            store.history("ann")
        assert str(caught.value) == (
            "GraphError: the store is empty: no schema was applied yet.\n"
            f"  where     {store.url}\n"
            "  next      run `kgrec ingest` first"
        )

    @pytest.mark.parametrize("checkpoint", [True, False])
    def test_reopening_keeps_everything(self, url: str, checkpoint: bool) -> None:
        self._needs_lasting()
        with open_store(url) as store:
            films_graph().put_into(store)
            store.mark_batch("source", 7)
            graph_id, before, counts = store.graph_id, everything(store), store.counts()
            if checkpoint:
                store.checkpoint()
        for read_only in (False, True):
            with open_store(url, read_only=read_only) as store:
                assert (store.graph_id, everything(store), store.counts()) == (graph_id, before, counts)
                assert store.schema == films_schema()
                assert store.finished_batches("source") == 7

    def test_a_reader_cannot_write(self, url: str) -> None:
        self._needs_lasting()
        with open_store(url) as store:
            films_graph().put_into(store)
        with open_store(url, read_only=True) as store, pytest.raises(GraphError) as caught:
            store.delete_user("ann")
        assert str(caught.value) == (
            f"GraphError: the store was opened read-only.\n  where     {url}\n  next      open it without read_only"
        )

    def test_a_closed_store_says_so(self, films: GraphStore) -> None:
        films.close()
        films.close()
        for ask in (films.ping, films.counts):
            with pytest.raises(StoreUnavailableError, match="the store is closed"):
                ask()


def everything(store: GraphStore) -> list[object]:
    """All rows of all exports."""
    schema = store.schema
    assert schema is not None
    batches = [store.export_nodes(type) for type in schema.nodes]
    batches += [store.export_edges(type) for type in schema.edges]
    batches += [store.export_interactions(type) for type in schema.interactions]
    return [row for part in batches for batch in part for row in batch.to_pylist()]
