"""The graph of a bundle: opened beside it, where it is the one that the bundle was learned from."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from kgrec.bundle.bundle import Bundle
from kgrec.errors import SchemaMismatchError
from kgrec.graph import open_store
from kgrec.graph.store import GraphReader, GraphStore


class GraphOpening:
    """A graph at a URL that is opened to read it, while a bundle is opened too: neither waits for the other.

    Args:
        ahead: open it now; otherwise when it is asked for.
    """

    def __init__(self, url: str, *, ahead: bool = True) -> None:
        self._url = url
        self._first: Future[GraphStore] | None = None
        if ahead:
            beside = ThreadPoolExecutor(1)
            self._first = beside.submit(open_store, url, read_only=True)
            beside.shutdown(wait=False)

    def of(self, bundle: Bundle) -> GraphReader:
        """The graph, which is opened anew where this is asked again.

        Raises:
            ConfigError: the URL has no known scheme.
            SchemaMismatchError: it is another graph than the bundle's.
            StoreUnavailableError: it cannot be reached.
        """
        first, self._first = self._first, None
        return _of_bundle(bundle, open_store(self._url, read_only=True) if first is None else first.result())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what was opened for nobody."""
        if self._first is not None:
            self._first.add_done_callback(_close)


def _close(opened: Future[GraphStore]) -> None:
    if opened.exception() is None:
        opened.result().close()


def open_graph_to_write(bundle: Bundle, url: str) -> GraphStore:
    """The graph at a URL, for reading and writing; none is made where there is none.

    Raises:
        As :meth:`GraphOpening.of`, and StoreUnavailableError too where another process holds it.
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
