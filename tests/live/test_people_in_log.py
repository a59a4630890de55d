"""People leave an event log without a trace between its rows."""

from __future__ import annotations

import random
from pathlib import Path

from kgrec.data.records import Interaction
from kgrec.live.event import Event
from kgrec.live.event_log import EventLog
from kgrec.live.people_in_log import PeopleInLog
from kgrec.privacy.byte_search import Needles


def test_many_who_leave_a_log_leave_no_traces_between_its_rows(tmp_path: Path) -> None:
    """SQLite clears what it deletes, and not what it moved before: of thousands, some ids stayed so."""
    rng = random.Random(1)
    users = [f"customer-{rng.randrange(10**9):09d}" for _ in range(4_000)]
    with EventLog(tmp_path / "log") as log:
        for start in range(0, 20_000, 256):
            some = [(n, rng.choice(users)) for n in range(start, start + 256)]
            log.append([Event(f"e{n}", Interaction("T", user, "i", "k", "p", 1e9 + n, 1.0), "") for n, user in some])
        for start in range(0, 3_600, 100):
            log.forget(*users[start : start + 100])  # as a service does
        place = PeopleInLog(log)
        place.remove(users[:3_600])
        assert sum(Needles.of(users[:3_600]).hits(path) for path in place.files()) == 0
        assert sum(place.entries(users[3_600:]).values()) > 500
