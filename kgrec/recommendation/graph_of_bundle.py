"""The graph of a bundle: opened beside it, where it is the one that the bundle was learned from."""

from __future__ import annotations

from kgrec.bundle.bundle import Bundle
from kgrec.errors import SchemaMismatchError
from kgrec.graph import open_store
from kgrec.graph.store import GraphReader, GraphStore


def open_graph(bundle: Bundle, url: str) -> GraphReader:
    """The graph at a URL, to read.

    Raises:
        ConfigError: the URL has no known scheme.
        SchemaMismatchError: it is another graph than the bundle's.
        StoreUnavailableError: it cannot be reached.
    """
    return _of_bundle(bundle, open_store(url, read_only=True))


def open_graph_to_write(bundle: Bundle, url: str) -> GraphStore:
    """The graph at a URL, for reading and writing; none is made where there is none.

    Raises:
        As :func:`open_graph`, and StoreUnavailableError too where another process holds it.
    """
    return _of_bundle(bundle, open_store(url, create=False))


def _of_bundle(bundle: Bundle, store: GraphStore) -> GraphStore:
    try:
        check_graph(bundle, store)
    except SchemaMismatchError:
        store.close()
        raise
    return store


def check_graph(bundle: Bundle, store: GraphReader) -> None:
    """Make sure that a store holds the graph which a bundle was learned from.

    Raises:
        SchemaMismatchError: it holds another one, or none yet.
    """
    if store.graph_id is None or store.graph_id != bundle.manifest.graph_id:
        raise SchemaMismatchError(
            "the bundle was learned from another graph than the store holds.",
            where=store.url,
            found=f"graph {store.graph_id}" if store.graph_id else "no graph yet",
            expected=(
                f"graph {bundle.manifest.graph_id}"
                if bundle.manifest.graph_id
                else "no store: the bundle comes from plain arrays"
            ),
            next="open the store that the bundle was trained on, or train a bundle on this one",
        )
