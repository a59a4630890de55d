"""A recommender's link to its graph: left alone for a while when the store is away, taken up again when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from kgrec.errors import GraphError, StoreUnavailableError
from kgrec.graph.store import GraphReader, GraphStore

AGAIN_AFTER_S = 5.0
"""Seconds for which a store that could not be reached is not asked again: answers must not wait for it every time."""


class GraphLink:
    """A store that may come and go.

    Args:
        store: open already; None where it is still to be opened, or where there is none at all.
        opener: opens the store, or raises GraphError; None where it is not to be opened from here.
        to_write: the same for writing; None where nothing is to be written.
        reason: why there is no store.

    Attributes:
        warm: whether paths were looked up through it before.
    """

    def __init__(
        self,
        store: GraphReader | None,
        opener: Callable[[], GraphReader] | None = None,
        to_write: Callable[[], GraphStore] | None = None,
        reason: str = "",
    ) -> None:
        self.warm = False
        self._store = store
        self._opener = opener
        self._to_write = to_write
        self._writer: GraphStore | None = None
        self._reason = reason
        self._again_at = self._write_at = 0.0
        self._lock = threading.Lock()

    @classmethod
    def opened(cls, opener: Callable[[], GraphReader], to_write: Callable[[], GraphStore] | None = None) -> GraphLink:
        """A link whose store is opened now where it can be reached; arguments as above.

        Raises:
            GraphError: what was opened is not the store that was meant.
        """
        link = cls(None, opener, to_write)
        if link.writable() is None and link._store is None:
            try:
                link._store = opener()
            except StoreUnavailableError as error:
                link.failed(error)
        return link

    @property
    def store(self) -> GraphReader | None:
        """The store, whether it answers or not; None while it was never reached."""
        return self._store

    def reach(self) -> tuple[GraphReader | None, str | None]:
        """The store where it may be asked now, else None and why."""
        with self._lock:
            opener = self._opener if self._store is None else None
            if time.monotonic() < self._again_at or (self._store is None and opener is None):
                return None, self._reason
            if opener is None:
                return self._store, None
            self._again_at = time.monotonic() + AGAIN_AFTER_S  # one thread opens it, nobody waits for that one
        try:
            store = opener()
        except GraphError as error:
            return None, self.failed(error)
        with self._lock:
            self._store, self._again_at = store, 0.0
        return store, None

    def writable(self) -> GraphStore | None:
        """The store where it is open for writing and may be asked now.

        While another process holds it, it is read, and asked for again after a while.
        """
        with self._lock:
            to_write = self._to_write if self._writer is None and time.monotonic() >= self._write_at else None
            self._write_at = time.monotonic() + AGAIN_AFTER_S if to_write else self._write_at
        if to_write is not None:
            with suppress(StoreUnavailableError):
                self._write_through(to_write())
        if self._writer is None:
            return None
        store, _ = self.reach()
        return self._writer if store is not None else None

    def _write_through(self, writer: GraphStore) -> None:
        with self._lock:
            if self._to_write is not None:
                # What was open for reading is not closed: requests under way may ask it, and it holds nothing back.
                self._store = self._writer = writer
                self._again_at = 0.0
                return
        writer.close()  # the link was closed meanwhile

    def failed(self, error: GraphError) -> str:
        """Note that the store did not answer, and say so in words."""
        with self._lock:
            self.warm = False
            self._reason = unreachable(error)
            self._again_at = time.monotonic() + AGAIN_AFTER_S
            return self._reason

    def close(self) -> None:
        """Close the store for good."""
        with self._lock:
            store, self._store, self._writer, self._opener, self._to_write = self._store, None, None, None, None
            self._reason = "the store was closed"
        if store is not None:
            store.close()


def unreachable(error: GraphError) -> str:
    """The same in the words of an explanation."""
    what = "cannot be reached" if isinstance(error, StoreUnavailableError) else "did not answer"
    return f"the store {what} ({error.summary})"
