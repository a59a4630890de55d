"""Records to property graph, and back as a data set: open a store by URL with :func:`open_store`."""

from __future__ import annotations

from collections.abc import Callable

from kgrec.errors import ConfigError
from kgrec.graph.kglite_store import KgliteStore
from kgrec.graph.store import GraphStore

STORES: dict[str, Callable[..., GraphStore]] = {"kglite": KgliteStore}
"""Implementations by URL scheme; each passes ``tests/contracts/test_graph_store.py``."""

_NEO4J_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def open_store(url: str, *, read_only: bool = False) -> GraphStore:
    """Open a graph by URL: ``kglite:PATH``, or ``kglite::memory:`` for one that is gone when closed.

    Raises:
        ConfigError: the URL's scheme is not known.
        StoreUnavailableError: the folder does not exist, or another process holds the graph.
    """
    scheme, colon, rest = url.partition(":")
    if colon and scheme in STORES:
        return STORES[scheme](rest, read_only=read_only)
    if colon and scheme in _NEO4J_SCHEMES:
        raise ConfigError(
            "this version has no Neo4j store yet.", where="store", found=scheme + ":...", next="use kglite:PATH"
        )
    known = ", ".join(f"{name}:PATH" for name in STORES)
    raise ConfigError(
        "the store's URL has no known scheme.",
        where="store",
        found=repr(url.split("@")[-1]),  # what stands before the @ may be a password
        expected=f"one of {known}",
        next=f"write {next(iter(STORES))}:PATH",
    )


__all__ = ["STORES", "GraphStore", "open_store"]
