"""A store that plugs into kgrec, as a package of its own would bring it: all of its Cypher is the shared one."""

from __future__ import annotations

from typing import Any

import kglite

from kgrec.errors import GraphError, QueryTimeoutError, StoreUnavailableError, shorten
from kgrec.graph.stores.cypher_store import CypherStore, Rows

_SHELF: dict[str, Any] = {}
"""Graphs by name, for as long as the process runs."""


class ShelfStore(CypherStore):
    """A graph that this process keeps under a name, ``shelf:NAME``."""

    def __init__(self, url: str, *, read_only: bool = False, create: bool = True) -> None:
        super().__init__(url)
        self._read_only = read_only
        self._session = _SHELF.setdefault(url, kglite.KnowledgeGraph().session())
        self._remembered()

    def _open(self) -> Any:
        if self._session is None:
            raise StoreUnavailableError("the store is closed.", where=self.url, next="open it again")
        return self._session

    def _read(self, text: str, parameters: dict[str, Any], timeout_s: float | None) -> Rows:
        timeout_ms = None if timeout_s is None else max(1, round(timeout_s * 1000))
        try:
            rows: Rows = self._open().cypher(text, params=parameters, timeout_ms=timeout_ms).to_list()
        except kglite.CypherTimeoutError as error:
            raise QueryTimeoutError(
                "a query took longer than it may.",
                where=self.url,
                found=f"no answer after {timeout_s:g} s",
                next="allow more time, or ask for shorter paths and fewer of them",
            ) from error
        return rows

    def _write(self, text: str, parameters: dict[str, Any]) -> tuple[Rows, int]:
        session = self._open()
        if self._read_only:
            raise GraphError("the store was opened read-only.", where=self.url, next="open it without read_only")
        try:
            result = session.execute(text, params=parameters)
        except kglite.KgError as error:
            raise GraphError("the shelf refused a statement.", where=self.url, found=shorten(str(error))) from error
        counts = result.stats or {}
        return result.to_list(), counts.get("nodes_created", 0) + counts.get("relationships_created", 0)

    def checkpoint(self) -> None:
        """Memory has no files."""

    def close(self) -> None:
        """Put the graph back; it can be called twice."""
        self._session = None
