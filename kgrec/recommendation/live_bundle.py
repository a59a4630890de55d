"""The bundle as it answers now: what is reported counts in its trend, and what does not hold any more is no reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import FOR
from kgrec.data.triples import Facts
from kgrec.errors import GraphError
from kgrec.graph.cypher.look_ups import ending_types
from kgrec.graph.ending_facts import ending_facts
from kgrec.graph.store import GraphReader
from kgrec.recommendation.fold_in import fold_in_records
from kgrec.recommendation.recent_events import RecentEvents
from kgrec.scoring.path_terms import facts_told

LOOK_AGAIN_S = 60.0
"""Seconds after which a graph that others change is asked again which facts end."""


class LiveBundle:
    """A bundle whose trend has what was reported since it was learned, without the facts that ended since; threads may
    share it.

    What happened no later than the last that the bundle was learned from waits for the next training, for the bundle
    may have it already. Nothing is taken back: whoever returns what they bought has bought it, and in the counts there
    is nobody who could be forgotten. Cold items have no trend before they are learned. When a fact ends is what the
    graph says now, where it can be asked; a fact that ended is gone until the next training.

    Args:
        bundle: the learned model.
        recent: what was reported.
        clock: unix seconds, by which facts end.
        store: the graph, where it can be asked now.
    """

    def __init__(
        self,
        bundle: Bundle,
        recent: RecentEvents,
        clock: Callable[[], float] = time.time,
        store: Callable[[], GraphReader | None] = lambda: None,
    ) -> None:
        self._bundle = bundle
        self._recent = recent
        self._clock = clock
        self._store = store
        self._counted = 0
        self._ended = Facts.none()
        schema = bundle.manifest.schema
        self._asks = schema is not None and bool(ending_types(schema))
        self._ask_at = 0.0
        self._asked: GraphReader | None = None
        self._lock, self._asking = threading.Lock(), threading.Lock()

    @property
    def state(self) -> tuple[int, int]:
        """While it stays, so do lists: an offset up to which events are counted, 0 without a trend, and how many facts
        have ended."""
        self.bundle()
        return self._counted, len(self._ended)

    def bundle(self, context: Context | None = None) -> Bundle:
        """The bundle as it answers now, for the lists of a platform where one is named.

        Raises:
            ConfigError: the bundle knows of no such platform.
        """
        bundle = self._now()
        return bundle if context is None or context.platform is None else bundle.for_platform(context.platform)

    def _now(self) -> Bundle:
        if self._asks:
            self._look_after_ends()
        if not (self._bundle.model.has_trend or len(self._bundle.ending)):
            return self._bundle
        with self._lock:
            bundle = self._bundle
            now = self._clock()
            ended = bundle.ending.select(bundle.ending.until <= now)
            if len(ended):
                self._ended = self._ended.joined(ended) if len(self._ended) else ended
                bundle = bundle.as_of(now)
            if bundle.model.has_trend:
                until, done = self._recent.since(self._counted, bundle.manifest.data_cutoff or 0.0)
                if done:
                    taken = fold_in_records(done, bundle, apart=True).saying(FOR)
                    bundle = bundle.with_model(bundle.model.with_later(taken.time, taken.item))
                self._counted = until
            self._bundle = bundle
            return bundle

    def _look_after_ends(self) -> None:
        """Ask a graph that was just opened, one after the other; and one that others change, from time to time."""
        store = self._store()
        if store is None or (store is self._asked and time.monotonic() < self._ask_at):
            return
        if not self._asking.acquire(blocking=False):
            return
        if store is not self._asked:
            self._ask(store)
        else:  # nobody waits for what changed within a minute
            threading.Thread(target=self._ask, args=(store,), daemon=True).start()

    def _ask(self, store: GraphReader) -> None:
        """Take over from the graph when facts end; where it cannot be asked, what was known before stays."""
        try:
            self._ask_at = time.monotonic() + LOOK_AGAIN_S
            self._asked = store
            ending = ending_facts(store, self._bundle.nodes, self._bundle.relations, self._bundle.ending)
            if store.facts_stay:
                self._ask_at = float("inf")
            with self._lock:
                told = facts_told(self._bundle.model, ending)
                self._bundle = self._bundle.with_ending(ending.select(told).without(self._ended))
        except GraphError:
            pass
        finally:
            self._asking.release()
