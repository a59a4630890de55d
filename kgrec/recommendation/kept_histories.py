"""Kept histories: what was read of users from a graph that nobody has written to since."""

from __future__ import annotations

import threading
from collections import OrderedDict

from kgrec.data.dataset import Interactions

MOST = 400_000
"""Interactions that are kept, about 25 MB; a history counts as some more than it has."""
_OF_EACH = 20


class KeptHistories:
    """Histories that were asked for last, each with the version of the graph that it was read from; threads share it.

    Args:
        most: interactions of all together.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._read: OrderedDict[str, tuple[object, Interactions]] = OrderedDict()
        self._kept = 0
        self._lock = threading.Lock()

    def get(self, user: str, version: object) -> Interactions | None:
        """The history of a user in this version of the graph, None where it is to be read."""
        with self._lock:
            read = self._read.get(user)
            if version is None or read is None or read[0] != version:
                return None
            self._read.move_to_end(user)
            return read[1]

    def put(self, user: str, version: object, past: Interactions) -> None:
        """Keep a history; ``version`` is the graph's before it was read, None where nothing may be kept."""
        if version is None:
            return
        with self._lock:
            self._drop(user)
            self._read[user] = version, past
            self._kept += len(past) + _OF_EACH
            while self._kept > self._most:
                self._drop(next(iter(self._read)))

    def _drop(self, user: str) -> None:
        _, past = self._read.pop(user, (None, None))
        if past is not None:
            self._kept -= len(past) + _OF_EACH
