"""Applying events: they go from the log into the graph, in order, and the graph itself says how far it has got.

A batch is written, then its offset is noted, each durably. Whoever is killed between the two writes the batch again,
which changes nothing: an interaction is what its key says, and the key comes from the log. A graph that is restored
from a copy asks for what came after the copy.
"""

from __future__ import annotations

import math
import threading
import time
from _thread import interrupt_main
from collections.abc import Callable, Sequence
from dataclasses import replace

from kgrec.data.records import Interaction, NodeRecord
from kgrec.errors import KgrecError, UnknownUserError
from kgrec.extract.repeats import RepeatRules
from kgrec.graph.store import GraphStore, schema_of
from kgrec.live.event_log import EventLog

BATCH = 1_000
AGAIN_AFTER_S = 5.0
"""Seconds after which a graph that refused is tried again."""
END_S = 3.0
"""Seconds for which events go on into the graph when the end was asked for: who stops a service does not wait long."""


class Applier:
    """Writes a log's events into a graph, in a thread of its own.

    Args:
        log: where they are read.
        store: the graph that is open for writing; None while there is none.

    Attributes:
        failure: why the last try failed, None where it did not.
        dangling: events that were not written, because the graph has no such item.
    """

    def __init__(self, log: EventLog, store: Callable[[], GraphStore | None]) -> None:
        self._log = log
        self._store = store
        self._applied: int | None = None
        self._wake, self._ends_at = threading.Event(), math.inf
        self._one_at_a_time = threading.Lock()
        self.failure: str | None = None
        self.dangling = 0
        self._thread = threading.Thread(target=self._run, name="kgrec applies events", daemon=True)

    @property
    def source(self) -> str:
        """What the graph notes the offset under."""
        return f"events {self._log.identity}"

    @property
    def applied(self) -> int:
        """An offset up to which everything is in the graph; more may be."""
        return self._applied or 0

    def start(self) -> None:
        """Begin; what waits is applied first."""
        self._wake.set()
        self._thread.start()

    def more(self) -> None:
        """Say that there are new events; returns at once."""
        self._wake.set()

    def close(self) -> None:
        """Apply what waits, for some seconds, and end; the next start applies what is left in the log."""
        self._ends_at = min(self._ends_at, time.monotonic() + END_S)
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def apply(self) -> int:
        """Apply what waits; the offset that is reached.

        Raises:
            GraphError: the graph refused; what it did not take is offered again.
        """
        with self._one_at_a_time:
            store = self._store()
            if store is None:
                return self.applied
            if self._applied is None:
                self._applied = store.finished_batches(self.source)
            while events := self._log.after(self._applied, BATCH):
                done = [interaction for _, interaction in events if interaction is not None]
                if done:
                    self._write(store, done)
                reached = events[-1][0]
                store.mark_batch(self.source, reached)
                self._applied = reached
                if time.monotonic() > self._ends_at:
                    break
            return self._applied

    def forget(self, user: str) -> int | None:
        """Number of interactions and events of a user that are gone, out of the graph and out of the log.

        None where the graph is not open for writing, so that they are gone from the log alone.

        Raises:
            UnknownUserError: neither knows the user.
            GraphError: the graph refused; nothing was removed then.
        """
        with self._one_at_a_time:  # a batch that was read before would bring them back
            store, waiting, removed = self._store(), len(self._log.of_user(user, self.applied)), 0
            if store is not None:
                try:
                    removed = store.delete_user(user)
                except UnknownUserError:
                    if not self._log.of_user(user):
                        raise
                store.checkpoint()  # nor in what the store has logged
            self._log.forget(user)
            return None if store is None else removed + waiting

    def _write(self, store: GraphStore, done: Sequence[Interaction]) -> None:
        user_type = schema_of(store).user_type
        users = {record.user: record.platform for record in done}
        store.upsert_nodes([NodeRecord(user_type, user, {}, platform) for user, platform in users.items()])
        counts = store.upsert_interactions(put_together(done, RepeatRules(schema_of(store)), self._log))
        self.dangling += counts.dangling

    def _run(self) -> None:
        while True:
            self._wake.wait(AGAIN_AFTER_S)
            self._wake.clear()
            ends = self._ends_at < math.inf
            try:
                self.apply()
                self.failure = None
            except KeyboardInterrupt:  # the embedded graph hears ctrl-c in whatever thread asks it, alone
                interrupt_main()
                self._wake.set()
                continue
            except KgrecError as error:
                self.failure = error.summary
            if ends:
                return


def put_together(done: Sequence[Interaction], rules: RepeatRules, log: EventLog) -> list[Interaction]:
    """Interactions as they are written: those of one key come to their last, sum or largest weight, or each counts.

    What a key has come to is read from the log alone, so that it is the same however often it is applied.
    """
    written: list[Interaction] = []
    settled = set[tuple[str, str, str, str]]()
    for one in done:
        rule, _ = rules.of(one)
        if rule == "last":
            written.append(one)
            continue
        name = one.type, one.user, one.item, one.key
        if name in settled:
            continue
        settled.add(name)
        same = [past for past in log.of_user(one.user) if (past.type, past.user, past.item, past.key) == name]
        written += _come_to(same, rule)
    return written


def _come_to(same: Sequence[Interaction], rule: str) -> list[Interaction]:
    if rule == "each":
        return [replace(one, repeat=number) for number, one in enumerate(same)]
    weights = [one.weight for one in same]
    return [replace(same[-1], weight=sum(weights) if rule == "sum" else max(weights))]
