"""Records to property graph, and back as a data set: open a store by URL with :func:`open_store`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from kgrec.errors import ConfigError
from kgrec.graph.store import GraphStore
from kgrec.graph.stores.kglite_store import KgliteStore
from kgrec.graph.stores.neo4j_settings import SCHEMES
from kgrec.graph.stores.neo4j_store import Neo4jStore

STORES: dict[str, Callable[..., GraphStore]] = {"kglite": KgliteStore, **dict.fromkeys(SCHEMES, Neo4jStore)}
"""Implementations by URL scheme; each passes ``tests/contracts/test_graph_store.py``."""


def open_store(url: str, *, read_only: bool = False) -> GraphStore:
    """Open a graph by URL.

    Args:
        url: ``kglite:PATH``, ``kglite::memory:`` for one that is gone when closed, or ``neo4j://HOST:PORT/DATABASE``
            (also ``neo4j+s``, ``neo4j+ssc``, ``bolt``, ``bolt+s``, ``bolt+ssc``) with the login in the environment:
            ``KGREC_NEO4J_USER``, ``KGREC_NEO4J_PASSWORD``, and where needed ``KGREC_NEO4J_CA``.

    Raises:
        ConfigError: the URL's scheme is not known, or it is no address.
        StoreUnavailableError: the folder does not exist, another process holds the graph, or no server answers.
        GraphError: the server refuses the login, or has no such database.
    """
    scheme, colon, _ = url.partition(":")
    if colon and scheme in STORES:
        return STORES[scheme](url, read_only=read_only)
    raise ConfigError(
        "the store's URL has no known scheme.",
        where="store",
        found=repr(url.split("@")[-1]),  # what stands before the @ may be a password
        expected="kglite:PATH or neo4j://HOST:PORT/DATABASE",
        next="write kglite:PATH",
    )


def opened(store: GraphStore | str) -> AbstractContextManager[GraphStore]:
    """A store by URL to read from, closed at the end, or one that stays the caller's."""
    return open_store(store, read_only=True) if isinstance(store, str) else nullcontext(store)


__all__ = ["STORES", "GraphStore", "open_store", "opened"]
