"""A publication: what is written back into a graph, filled beside the live version and then taken into use."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

from kgrec.errors import GraphError, QueryTimeoutError, StoreUnavailableError
from kgrec.graph.cypher.publication_statements import RECOMMENDED, SIMILAR, SLOTS, index_name
from kgrec.graph.store import GraphPublisher
from kgrec.progress import Progress, silent
from kgrec.schema.model import GraphSchema

_INDEX_WAIT_S = 1800.0


class Publication:
    """One publication in the making, the only one at a time. Making it removes what an unfinished one left.

    Attributes:
        model: its name, which every relationship of it carries; ``at``: when it was first written.
        slot: where its embeddings stand.
        live: it is what readers have already; writing it again puts back what is missing of it.
        removed: relationships of other publications that were taken out.
    """

    def __init__(
        self,
        store: GraphPublisher,
        schema: GraphSchema,
        model: str,
        at: str,
        batch_size: int,
        progress: Progress = silent,
    ) -> None:
        self._store, self._schema, self._progress = store, schema, progress
        self._token = uuid.uuid4().hex
        self._batch_size = max(2, batch_size)  # pages overlap by one
        self.model, self.at, self.slot, self.live, self.removed = model, at, SLOTS[0], False, 0
        store.write_back("constrain")
        state = {row["uid"]: row for row in store.write_back("state")}
        current = state.get("current")
        self._replaces = current is not None and current["model"] != model
        store.write_back("begin", token=self._token)
        keep = [model]
        if current is not None:
            self.live = not self._replaces
            self.slot = next(slot for slot in SLOTS if (slot == current["slot"]) == self.live)
            self.at = current["at"] if self.live else at
            keep.append(current["model"])
        if "next" in state:
            self._remove(keep, current["slot"] if current else None)

    def put_embeddings(self, type: str, rows: Sequence[dict[str, Any]]) -> int:
        """Write rows of ``uid`` and ``vector``; how many found their node."""
        return self._put(len(rows), "write_embeddings", type, self.slot, rows=rows)

    def put_lists(self, relationship: str, rows: Sequence[dict[str, Any]]) -> int:
        """Write rows of ``uid`` and ``items`` (maps of ``uid``, ``rank``, ``score``); how many relationships exist."""
        wanted = sum(len(row["items"]) for row in rows)
        return self._put(wanted, "write_lists", relationship, rows=rows, model=self.model, at=self.at)

    def _put(self, wanted: int, statement: str, *names: str, **values: Any) -> int:
        """Write a batch; where less than all of it was written, make sure that it was not for another writer's sake."""
        rows = self._store.write_back(statement, *names, token=self._token, **values)
        written = int(rows[0]["written"]) if rows else 0
        if written < wanted:
            self._check_mine()
        return written

    def _check_mine(self) -> None:
        if not any(row["token"] == self._token for row in self._store.write_back("state")):
            raise GraphError(
                "another publishing has begun meanwhile.",
                where=self._store.url,
                found="its claim on the graph",
                expected="one at a time",
                next="let that one finish; readers have a whole version all the time",
            )

    def index(self, types: Sequence[str], dimension: int) -> str | None:
        """Make a vector index for each node type and wait for it; where the server has none to give, why."""
        names = [index_name(self._schema, type, self.slot) for type in types]
        try:
            for type in types:
                if not self.live:  # one that stood there before may be of another dimension
                    self._store.write_back("drop_index", type, self.slot)
                self._create_index(type, str(dimension))
            self._wait_for(names)
        except (StoreUnavailableError, QueryTimeoutError):
            raise
        except GraphError as error:
            return f"{error.summary} {error.found}" if error.found else error.summary
        return None

    def _create_index(self, type: str, dimension: str) -> None:
        """With the numbers as they are: servers from 5.18 on round them to eight bits unless told not to."""
        try:
            self._store.write_back("create_index", type, self.slot, dimension, "exact")
        except (StoreUnavailableError, QueryTimeoutError):
            raise
        except GraphError:
            self._store.write_back("create_index", type, self.slot, dimension)

    def _wait_for(self, names: Sequence[str]) -> None:
        deadline = time.monotonic() + _INDEX_WAIT_S
        while True:
            states = {row["name"]: row["state"] for row in self._store.write_back("index_states", names=names)}
            waiting = [name for name in names if states.get(name) != "ONLINE"]
            self._progress("vector indexes", len(names) - len(waiting), len(names), unit="indexes")
            if not waiting:
                return
            if "FAILED" in states.values() or time.monotonic() > deadline:
                raise GraphError(
                    "an index cannot be filled.", where=self._store.url, found=f"{waiting[0]} is {states[waiting[0]]}"
                )
            time.sleep(0.1)

    def take_into_use(self, **facts: Any) -> None:
        """Move the pointer that readers go through, in one transaction; ``facts`` are noted on it."""
        pointer = {"model": self.model, "at": self.at, "slot": self.slot, **facts}
        if not self._store.write_back("swap", token=self._token, pointer=pointer):
            self._check_mine()
        self._store.checkpoint()

    def finish(self, grace_s: float) -> None:
        """Remove the publication before, ``grace_s`` later so that queries under way still find it."""
        if self._replaces:
            time.sleep(grace_s)
            self._remove([self.model], self.slot)
        self._store.write_back("end", token=self._token)
        self._store.checkpoint()

    def _remove(self, models: Sequence[str], slot: str | None) -> None:
        """Take out the lists of all models but some, and the embeddings and indexes of all slots but one."""
        for relationship in (RECOMMENDED, SIMILAR):
            self._pages(max(2, self._batch_size // 10), "remove_lists", relationship, keep=models)
        for old in SLOTS:
            for type in self._schema.nodes if old != slot else ():
                self._drop_index(type, old)
                self._pages(self._batch_size, "remove_embeddings", type, old)

    def _drop_index(self, type: str, slot: str) -> None:
        try:
            self._store.write_back("drop_index", type, slot)
        except (StoreUnavailableError, QueryTimeoutError):
            raise
        except GraphError:
            pass  # whoever may not drop an index could not make one either

    def _pages(self, most: int, statement: str, *names: str, **values: Any) -> None:
        """Run a removing statement over all nodes of a type, ``most`` at a time."""
        start, seen = "", most
        while seen == most:
            page = {"token": self._token, "start": start, "most": most, **values}
            rows = self._store.write_back(statement, *names, **page)
            seen = int(rows[0]["nodes"]) if rows else 0
            if seen == 0:
                self._check_mine()
                return
            self.removed += int(rows[0]["removed"])
            start = rows[0]["last"]
            self._progress("removing the version before", self.removed, unit="relationships")
