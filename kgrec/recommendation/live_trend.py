"""The trend as it is now: what is reported counts from its moment on, for everybody."""

from __future__ import annotations

import threading

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import FOR
from kgrec.recommendation.fold_in import fold_in_records
from kgrec.recommendation.recent_events import RecentEvents


class LiveTrend:
    """A bundle whose trend has what was reported since it was learned, where it has a trend; threads may share it.

    What happened no later than the last that the bundle was learned from waits for the next training, for the bundle
    may have it already. Nothing is taken back: whoever returns what they bought has bought it, and in the counts there
    is nobody who could be forgotten. Cold items have no trend before they are learned.

    Args:
        bundle: the learned model.
        recent: what was reported.
    """

    def __init__(self, bundle: Bundle, recent: RecentEvents) -> None:
        self._bundle = bundle
        self._recent = recent
        self._counted = 0
        self._lock = threading.Lock()

    @property
    def counted(self) -> int:
        """An offset up to which events are counted now; while it stays, so do lists. 0 without a trend."""
        self.bundle()
        return self._counted

    def bundle(self, context: Context | None = None) -> Bundle:
        """The bundle as it answers now, for the lists of a platform where one is named.

        Raises:
            ConfigError: the bundle knows of no such platform.
        """
        bundle = self._now()
        return bundle if context is None or context.platform is None else bundle.for_platform(context.platform)

    def _now(self) -> Bundle:
        if not self._bundle.model.has_trend:
            return self._bundle
        with self._lock:
            bundle = self._bundle
            until, done = self._recent.since(self._counted, bundle.manifest.data_cutoff or 0.0)
            if done:
                taken = fold_in_records(done, bundle, apart=True).saying(FOR)
                bundle = bundle.with_model(bundle.model.with_later(taken.time, taken.item))
            self._bundle, self._counted = bundle, until
            return bundle
