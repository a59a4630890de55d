"""Which database a store's URL means: ``SCHEME:...``, where every scheme is an entry point."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError, did_you_mean
from kgrec.graph.store import GraphStore

STORE_GROUP = "kgrec.stores"
"""Entry points of this group are stores by scheme, called with ``(url, read_only=..., create=...)``; a package that
declares one adds a database to kgrec. A store is imported when its scheme is opened, and no sooner."""


def known_schemes() -> tuple[str, ...]:
    """Schemes of the stores that are installed."""
    return tuple(sorted({point.name for point in entry_points(group=STORE_GROUP)}))


def open_store(url: str, *, read_only: bool = False, create: bool = True) -> GraphStore:
    """The graph at a URL, open.

    Args:
        url: ``kglite:PATH``, ``kglite::memory:`` for one that is gone when closed, or ``neo4j://HOST:PORT/DATABASE``
            (also ``neo4j+s``, ``neo4j+ssc``, ``bolt``, ``bolt+s``, ``bolt+ssc``) with the login in the environment:
            ``KGREC_NEO4J_USER``, ``KGREC_NEO4J_PASSWORD``, and where needed ``KGREC_NEO4J_CA``. A package may add
            schemes of its own.
        read_only: refuse every write.
        create: make a graph that is not there, where it is opened to be written.

    Raises:
        ConfigError: the URL's scheme is not known, or it is no address.
        StoreUnavailableError: the folder or the graph does not exist, another process holds the graph, or no server
            answers.
        GraphError: the server refuses the login, or has no such database.
    """
    scheme, colon, _ = url.partition(":")
    points = {point.name: point for point in entry_points(group=STORE_GROUP)}
    if not colon or scheme not in points:
        named = "write kglite:PATH or neo4j://HOST:PORT/DATABASE, or install the package that has the scheme"
        raise ConfigError(
            "the store's URL has no known scheme.",
            where="store",
            # What stands before an @ may be a password.
            found=repr(url.split("@")[-1]) + (did_you_mean(scheme, points, before=", ") if colon else ""),
            expected=f"SCHEME:..., the scheme one of {', '.join(sorted(points)) or 'those installed, which are none'}",
            next=named if points else "install kgrec anew: its entry points are missing here",
        )
    store: GraphStore = points[scheme].load()(url, read_only=read_only, create=create)
    return store


def opened(store: GraphStore | str, *, read_only: bool = True) -> AbstractContextManager[GraphStore]:
    """A store by URL, closed at the end, or one that stays the caller's."""
    return open_store(store, read_only=read_only) if isinstance(store, str) else nullcontext(store)
