"""The small graph of films, and a log of events beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kgrec.graph.store import GraphStore
from kgrec.live.event_log import EventLog
from tests.support.bundles import film_store


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with film_store() as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog(tmp_path / "events.db") as opened:
        yield opened
