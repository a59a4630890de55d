"""An offset is on disk with the events before it, or neither is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kgrec.data.records import Interaction
from kgrec.errors import EventLogError
from kgrec.live import stream_steps
from kgrec.live.event import Event
from kgrec.live.event_log import EventLog
from kgrec.live.stream_steps import StreamStep


def event(id: str) -> Event:
    return Event(id, Interaction("WATCHED", "ann", "alien", "watch", "cinema", 5.0))


def test_steps_add_up_and_the_last_offset_counts(log: EventLog) -> None:
    assert log.streams() == {}
    log.append([event("a")], [StreamStep("s", "1", 2, 0, [("p1", "no JSON")], {"cinema"})])
    log.append([], [StreamStep("s", "2", 3, 4, [("p2", "no JSON"), ("p3", "empty")]), StreamStep("t", "9")])
    both = log.streams()
    assert list(both) == ["s", "t"]
    one = both["s"]
    assert (one.offset, one.messages, one.missed) == ("2", 5, 4)
    assert one.unread == {"no JSON": 2, "empty": 1}
    assert one.places == [("p3", "empty"), ("p2", "no JSON"), ("p1", "no JSON")]
    assert one.heard.keys() == {"cinema"}
    assert (both["t"].offset, both["t"].arrived) == ("9", None)


def test_a_step_without_messages_is_no_sign_of_life(tmp_path: Path) -> None:
    now = [100.0]
    with EventLog(tmp_path / "e.db", clock=lambda: now[0]) as log:
        log.append([], [StreamStep("s", "1", 1, platforms={"cinema"})])
        now[0] = 500.0
        log.append([], [StreamStep("s", "2")])
        assert (log.streams()["s"].offset, log.streams()["s"].arrived) == ("2", 100.0)
        log.append([], [StreamStep("s", "3", 1, platforms={"app"})])
        assert log.streams()["s"].heard == {"app": 500.0, "cinema": 100.0}


def test_events_and_offset_are_there_together_or_not_at_all(log: EventLog) -> None:
    log.append([event("a")], [StreamStep("s", "1", 1)])
    with pytest.raises(EventLogError):
        log.append([event("b")], [StreamStep("s", None, 1)])  # type: ignore[arg-type]
    assert (log.last_offset, log.streams()["s"].offset) == (1, "1")
    with pytest.raises(EventLogError):
        log.append([event("c"), Event("d", event("d").interaction, aside=object())], [StreamStep("s", "9", 2)])  # type: ignore[arg-type]
    assert (log.last_offset, log.streams()["s"].offset) == (1, "1")


def test_of_many_that_nobody_can_read_the_last_places_are_kept(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_steps, "MOST_UNREAD", 3)
    for number in range(5):
        log.append([], [StreamStep("s", str(number), 2, 0, [(f"p{number}", "empty"), (f"q{number}", "empty")])])
    assert log.streams()["s"].unread == {"empty": 10}
    assert [place for place, _ in log.streams()["s"].places] == ["q4", "p4", "q3"]


def test_a_log_from_before_there_were_streams_has_none(tmp_path: Path) -> None:
    with EventLog(tmp_path / "e.db") as log:
        log.append([event("a")])
    with sqlite3.connect(tmp_path / "e.db") as connection:
        for table in ("streams", "heard", "unread", "unread_counts"):
            connection.execute(f"DROP TABLE {table}")
    connection.close()
    with EventLog(tmp_path / "e.db") as log:
        assert (log.last_offset, log.streams()) == (1, {})
        log.append([event("b")], [StreamStep("s", "1", 1)])
        assert log.streams()["s"].messages == 1
