"""The graph of a bundle: opened beside it, where it is the one that the bundle was learned from."""

from __future__ import annotations

from contextlib import suppress

from kgrec.bundle.bundle import Bundle
from kgrec.errors import SchemaMismatchError, StoreUnavailableError
from kgrec.graph import open_store
from kgrec.graph.store import GraphReader, GraphStore


def open_graph(bundle: Bundle, url: str, writable: list[GraphStore] | None = None) -> GraphReader:
    """The graph at a URL.

    Args:
        writable: takes up the graph where it is open for writing, which it is unless another process holds it; None:
            it is opened for reading.

    Raises:
        ConfigError: the URL has no known scheme.
        SchemaMismatchError: it is another graph than the bundle's.
        StoreUnavailableError: it cannot be reached.
    """
    store = None
    if writable is not None:
        with suppress(StoreUnavailableError):  # another process holds it; or there is none, which is told below
            store = open_store(url, create=False)
    writer = store
    store = store or open_store(url, read_only=True)
    try:
        check_graph(bundle, store)
    except SchemaMismatchError:
        store.close()
        raise
    if writable is not None and writer is not None:
        writable.append(writer)
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
