"""The bundle as it answers now: what is reported counts in its trend, and what does not hold any more is no reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import FOR
from kgrec.recommendation.fold_in import fold_in_records
from kgrec.recommendation.recent_events import RecentEvents


class LiveBundle:
    """A bundle whose trend has what was reported since it was learned, without the facts that ended since; threads may
    share it.

    What happened no later than the last that the bundle was learned from waits for the next training, for the bundle
    may have it already. Nothing is taken back: whoever returns what they bought has bought it, and in the counts there
    is nobody who could be forgotten. Cold items have no trend before they are learned.

    Args:
        bundle: the learned model.
        recent: what was reported.
        clock: unix seconds, by which facts end.
    """

    def __init__(self, bundle: Bundle, recent: RecentEvents, clock: Callable[[], float] = time.time) -> None:
        self._bundle = bundle
        self._recent = recent
        self._clock = clock
        self._counted = 0
        self._lock = threading.Lock()

    @property
    def state(self) -> tuple[int, int]:
        """While it stays, so do lists: an offset up to which events are counted, 0 without a trend, and how many facts
        are to end."""
        bundle = self.bundle()
        return self._counted, len(bundle.ending)

    def bundle(self, context: Context | None = None) -> Bundle:
        """The bundle as it answers now, for the lists of a platform where one is named.

        Raises:
            ConfigError: the bundle knows of no such platform.
        """
        bundle = self._now()
        return bundle if context is None or context.platform is None else bundle.for_platform(context.platform)

    def _now(self) -> Bundle:
        if not (self._bundle.model.has_trend or len(self._bundle.ending)):
            return self._bundle
        with self._lock:
            bundle = self._bundle.as_of(self._clock())
            if bundle.model.has_trend:
                until, done = self._recent.since(self._counted, bundle.manifest.data_cutoff or 0.0)
                if done:
                    taken = fold_in_records(done, bundle, apart=True).saying(FOR)
                    bundle = bundle.with_model(bundle.model.with_later(taken.time, taken.item))
                self._counted = until
            self._bundle = bundle
            return bundle
