"""However threads interleave: what is acknowledged is in the log exactly once, each thread's events in its order."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import Interaction
from kgrec.errors import EventLogError, TooManyEventsError
from kgrec.live.event import Event, Receipt
from kgrec.live.event_log import EventLog
from kgrec.live.group_commit import GroupCommit
from kgrec.live.stream_steps import StreamStep


def event(id: str, user: str = "ann") -> Event:
    return Event(id, Interaction("WATCHED", user, id, "watch", "cinema", 5.0))


calls = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=5), min_size=1, max_size=6)


@given(st.lists(calls, min_size=2, max_size=5))
@settings(max_examples=25, deadline=None)
def test_every_event_is_there_once_and_in_order(plans: list[list[list[int]]]) -> None:
    """Each plan is the calls of one thread; ids are shared, so that threads send the same event at the same time."""
    with TemporaryDirectory() as folder, EventLog(Path(folder) / "e.db") as log:
        with GroupCommit(log) as commit, ThreadPoolExecutor(len(plans)) as threads:

            def run(numbers: list[list[int]]) -> list[tuple[str, Receipt]]:
                sent = [[str(n) for n in call] for call in numbers]
                return [
                    pair for ids in sent for pair in zip(ids, commit.append([event(id) for id in ids]), strict=True)
                ]

            acknowledged = list(threads.map(run, plans))
        rows = [(place, done.item) for place, done in log.after(0, 1_000) if done]
    sent = [id for pairs in acknowledged for id, _ in pairs]
    assert Counter(item for _, item in rows) == Counter(set(sent))
    place_of = {item: place for place, item in rows}
    assert all(got.offset == place_of[id] for pairs in acknowledged for id, got in pairs)
    accepted = Counter(id for pairs in acknowledged for id, got in pairs if got.status == "accepted")
    assert accepted == Counter(set(sent))
    for pairs in acknowledged:
        own = [got.offset for _, got in pairs if got.status == "accepted"]
        assert own == sorted(own, key=lambda place: place or 0)


class SlowLog(EventLog):
    """Waits to be let go on before each group, and keeps the sizes of the groups."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.go_on, self.groups = threading.Event(), list[int]()

    def append(self, events: list[Event], steps: Sequence[StreamStep] = ()) -> list[Receipt]:  # type: ignore[override]
        assert self.go_on.wait(10)
        self.groups.append(len(events))
        return super().append(events, steps)


def test_who_comes_at_the_same_time_is_written_together(tmp_path: Path) -> None:
    with SlowLog(tmp_path / "e.db") as log, GroupCommit(log) as commit:
        first = commit.send([event("first")])
        while commit._sent:
            time.sleep(0.001)
        others = [commit.send([event(f"{n}-{m}") for m in range(100)]) for n in range(4)]
        log.go_on.set()
        assert first.result() == [Receipt("accepted", 1)]
        assert [got.result()[-1].offset for got in others] == [101, 201, 301, 401]
    assert log.groups == [1, 300, 100]


def test_more_than_may_wait_are_refused_and_nothing_of_them_is_kept(tmp_path: Path) -> None:
    with SlowLog(tmp_path / "e.db") as log, GroupCommit(log, most_waiting=3) as commit:
        taken = commit.send([event(str(n)) for n in range(3)])
        with pytest.raises(TooManyEventsError, match="more events wait") as refused:
            commit.send([event("late")])
        assert refused.value.retry_after_s >= 1
        log.go_on.set()
        taken.result()
        while commit.waiting:
            time.sleep(0.001)
        assert commit.append([event("late")]) == [Receipt("accepted", 4)]
        assert len(commit.append([event(f"many-{n}") for n in range(9)])) == 9


def test_a_write_that_fails_is_told_to_all_of_its_group_and_the_next_goes_on(tmp_path: Path) -> None:
    with EventLog(tmp_path / "e.db") as log, GroupCommit(log) as commit:
        log._writer.execute("PRAGMA max_page_count = 12")  # a disk that is full
        long = "x" * 100_000
        with pytest.raises(EventLogError, match="nothing was written") as refused:
            commit.append([event("small"), event(long)])
        assert "full" in str(refused.value)
        assert commit.append([event("small")]) == [Receipt("accepted", 1)]


def test_closing_writes_what_was_taken_in(tmp_path: Path) -> None:
    heard = list[int]()
    with SlowLog(tmp_path / "e.db") as log:
        commit = GroupCommit(log, lambda: heard.append(log.last_offset))
        sent = commit.send([event("a")])
        log.go_on.set()
        commit.close()
        assert sent.result() == [Receipt("accepted", 1)]
        assert heard == [1]
        with pytest.raises(EventLogError, match="closed"):
            commit.send([event("b")])
