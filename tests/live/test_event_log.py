"""The log keeps each event once, in one order, and says so only when it is on disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kgrec.data.records import Interaction
from kgrec.errors import EventLogError
from kgrec.live.event import Event, Receipt
from kgrec.live.event_log import EventLog


def event(id: str, user: str = "ann", item: str = "alien", time: float | None = 5.0, aside: str = "") -> Event:
    return Event(id, Interaction("WATCHED", user, item, "watch", "cinema", time, 1.0), aside)


def test_events_have_offsets_in_their_order(log: EventLog) -> None:
    assert log.append([event("a"), event("b", "bob")]) == [Receipt("accepted", 1), Receipt("accepted", 2)]
    assert log.append([event("c", item="heat")]) == [Receipt("accepted", 3)]
    assert [(place, done.user) for place, done in log.after(1, 10) if done] == [(2, "bob"), (3, "ann")]
    assert [place for place, _ in log.after(0, 2)] == [1, 2]
    assert log.last_offset == 3
    assert [done.item for done in log.of_user("ann")] == ["alien", "heat"]
    assert [done.item for done in log.of_user("ann", after=1)] == ["heat"]


def test_what_everybody_did_since_a_moment_is_told_once(log: EventLog) -> None:
    log.append([event("a", time=5.0), event("b", "bob", "heat", 6.0), event("x", time=9.0, aside="unknown item")])
    offset, done = log.since(0, 5.0)
    assert (offset, [(one.user, one.item) for one in done]) == (2, [("bob", "heat")])
    assert log.since(offset, 5.0) == (2, [])
    log.append([event("c", "zoe", time=4.0), event("d", "zoe", "blade", 7.0)])
    log.forget("bob")
    assert log.since(offset, 5.0)[0] == 4
    assert [one.item for one in log.since(0, 5.0)[1]] == ["blade"]


def test_circumstances_are_kept_and_a_log_of_an_earlier_version_has_none(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with EventLog(path) as log:
        log.append([event("a")])
    with sqlite3.connect(path) as connection:
        for table in ("events", "aside"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN context")
    connection.close()
    seen = replace(event("b").interaction, context='{"device":"tv"}')
    with EventLog(path) as log:
        log.append([Event("b", seen), Event("c", seen, "unknown item")])
        assert [one.context for one in log.of_user("ann")] == ["", '{"device":"tv"}']
        assert log.take_up(lambda done: bool(done.context)) == 1
        assert [one.context for one in log.since(0, 0.0)[1]] == ["", '{"device":"tv"}', '{"device":"tv"}']
        assert log.everything_of("ann")[-1]["context"] == '{"device":"tv"}'
        log.forget("ann")
    assert b"device" not in path.read_bytes()


def test_an_id_counts_once(log: EventLog) -> None:
    log.append([event("a"), event("x", aside="unknown item")])
    again = [event("a", item="heat"), event("b"), event("b"), event("x")]
    assert [(got.status, got.offset) for got in log.append(again)] == [
        ("repeated", 1),
        ("accepted", 2),
        ("repeated", 2),
        ("repeated", None),
    ]
    assert [done.item for done in log.of_user("ann")] == ["alien", "alien"]


def test_the_file_outlives_whoever_wrote_it(tmp_path: Path) -> None:
    with EventLog(tmp_path / "e.db") as log:
        log.append([event("a")])
        identity = log.identity
    with EventLog(tmp_path / "e.db") as log:
        assert (log.identity, log.last_offset) == (identity, 1)
        assert log.append([event("a"), event("b")]) == [Receipt("repeated", 1), Receipt("accepted", 2)]
        assert log.receipt_of(event("b")) == Receipt("accepted", 2)
        assert log.receipt_of(event("c")) is None


def test_every_connection_waits_for_the_disk(log: EventLog) -> None:
    for connection in (log._writer, log._reader):
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_fails_leaves_nothing(log: EventLog) -> None:
    bad = event("b")
    broken = replace(bad, interaction=replace(bad.interaction, item=object()))  # type: ignore[arg-type]
    with pytest.raises(EventLogError):
        log.append([event("a"), broken])
    assert log.last_offset == 0
    assert log.append([event("a")]) == [Receipt("accepted", 1)]


def test_a_clock_that_is_set_back_disorders_nothing(tmp_path: Path) -> None:
    moments = iter([1_000.0, 1_000.0, 400.0, 2_000.0])
    with EventLog(tmp_path / "e.db", clock=lambda: next(moments)) as log:
        log.append([event(name, time=None) for name in "abc"])
    with EventLog(tmp_path / "e.db", clock=lambda: 3.0) as log:
        log.append([event("d", time=None)])
        times = [done.time for done in log.of_user("ann") if done.time]
    assert times == sorted(set(times))
    assert times[0] == 1_000.0
    assert times[-1] == pytest.approx(1_000.0, abs=1e-3)


def test_what_nobody_can_use_is_set_aside_until_somebody_can(log: EventLog) -> None:
    unknown = [event(f"{n}", item=f"new-{n}", aside="unknown item") for n in range(3)]
    assert log.append([*unknown, event("k", aside="unknown kind"), event("a")]) == [
        *[Receipt("set aside", None, "unknown item")] * 3,
        Receipt("set aside", None, "unknown kind"),
        Receipt("accepted", 1),
    ]
    assert log.set_aside() == {"unknown item": 3, "unknown kind": 1}
    assert [done.item for done in log.of_user("ann")] == ["alien"]
    assert log.append([event("k")]) == [Receipt("repeated", None, "unknown kind")]
    assert log.receipt_of(event("k")) == Receipt("set aside", None, "unknown kind")
    assert log.take_up(lambda done: done.item in ("new-2", "new-0")) == 2
    assert [done.item for done in log.of_user("ann")] == ["alien", "new-0", "new-2"]
    assert log.set_aside() == {"unknown item": 1, "unknown kind": 1}
    assert log.append([event("2")]) == [Receipt("repeated", 3)]


def test_who_is_forgotten_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    with EventLog(tmp_path / "e.db") as log:
        ids = [event(f"ann-lee-{n}", "ann-lee") for n in range(3)]
        log.append([*ids, event("x", "ann-lee", aside="unknown item"), event("b", "bob")])
        assert log.forget("ann-lee") == 4
        assert (log.of_user("ann-lee"), log.set_aside()) == ([], {})
        assert [done and done.user for _, done in log.after(0, 9)] == [None, None, None, "bob"]
        assert {got.status for got in log.append(ids)} == {"repeated"}  # a sender that did not hear of it
        assert log.append([event("x")]) == [Receipt("repeated", None)]
        assert log.take_up(lambda done: True) == 0
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"bob" in kept
    assert b"ann-lee" not in kept


def test_one_takes_in_events_while_others_read_and_forget(tmp_path: Path) -> None:
    path, other_name = tmp_path / "e.db", tmp_path / "same.db"
    other_name.symlink_to(path)
    with EventLog(path) as log:
        log.append([event("a"), event("b", "bob")])
        for name in (path, other_name):
            with pytest.raises(EventLogError) as refused:
                EventLog(name)
            assert (refused.value.where, refused.value.found) == (str(name), f"process {os.getpid()} holds e.db.lock")
        with EventLog(path, takes_in=False) as other:
            assert other.last_offset == 2
            assert other.forget("bob") == 1
        assert log.of_user("bob") == []
        with pytest.raises(EventLogError, match="another process"):
            EventLog(path)  # who only read did not let go of the lock
    with EventLog(path) as log:
        assert log.append([event("c")]) == [Receipt("accepted", 3)]


def test_the_lock_is_gone_with_its_process(tmp_path: Path) -> None:
    program = (
        "import os, signal; from kgrec.live.event_log import EventLog; "
        "log = EventLog('e.db'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "e.db.lock").read_text() != ""
    EventLog(tmp_path / "e.db").close()


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "e.db.lock").mkdir()
    with pytest.raises(EventLogError, match="cannot be locked"):
        EventLog(tmp_path / "e.db")


def test_a_path_that_holds_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EventLogError, match="folder of the event log"):
        EventLog(tmp_path / "none" / "e.db")
    (tmp_path / "text").write_text("something else, long enough to be no header of SQLite" * 20)
    with pytest.raises(EventLogError, match="cannot be used"):
        EventLog(tmp_path / "text")
    with EventLog(tmp_path / "e.db"):
        pass
    with sqlite3.connect(tmp_path / "e.db") as other:
        other.execute("UPDATE log SET value = '9' WHERE name = 'format'")
    other.close()
    with pytest.raises(EventLogError, match="another version"):
        EventLog(tmp_path / "e.db")
