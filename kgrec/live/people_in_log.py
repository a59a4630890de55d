"""People in an event log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from kgrec.live.event_log import EventLog
from kgrec.privacy.byte_search import Needles


class PeopleInLog:
    """An event log as a :class:`~kgrec.privacy.forgetting.Place`; a service may take in events with it meanwhile.

    Args:
        log: stays the caller's to close.
    """

    what = "event log"

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.where = str(log.path)

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        """Events of each user, those that are set aside included."""
        return {user: len(self._log.everything_of(user)) for user in people}

    def files(self) -> list[Path]:
        """The file and its write-ahead log."""
        return [path for end in ("", "-wal", "-journal") if (path := Path(f"{self._log.path}{end}")).is_file()]

    def remove(self, people: Collection[str]) -> None:
        """Blank the events; their places stay, so that none comes a second time.

        Raises:
            EventLogError: it cannot be written.
        """
        self._log.forget(*people)
        ids = Needles.of(people)
        if ids.too_short or any(ids.hits(path) for path in self.files()):
            self._log.rewrite()

    def waits(self) -> Sequence[str]:
        """Nothing."""
        return []
