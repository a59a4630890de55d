"""A stream is followed from where the log says, through whatever fails, and says what stops it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgrec.errors import EventLogError, TooManyEventsError
from kgrec.graph import GraphStore
from kgrec.live import following
from kgrec.live.entrance import Entrance
from kgrec.live.event_log import EventLog
from kgrec.live.event_reading import EventReader
from kgrec.live.event_vocabulary import EventVocabulary
from kgrec.live.following import Follower
from kgrec.live.streams import open_stream
from tests.support.bundles import film_bundle
from tests.support.streams import TestedStream, away, eventually


def report(id: object, item: str = "alien", **more: object) -> dict[str, object]:
    return {"id": id, "user": "bob", "item": item, **more}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(following, "_LONGEST_PAUSE_S", 0.05)


@pytest.fixture
def entrance(log: EventLog, store: GraphStore) -> Iterator[Entrance]:
    reader = EventReader(EventVocabulary.of_bundle(film_bundle(store.schema, store.graph_id)))
    with Entrance(log, lambda: reader) as opened:
        yield opened


@pytest.fixture
def said() -> list[str]:
    return []


def follower(stream: object, entrance: Entrance, said: list[str], **more: float) -> Follower:
    made = Follower(stream, entrance, said.append, **more)  # type: ignore[arg-type]
    made.start()
    return made


def test_what_comes_is_taken_in_until_the_end(entrance: Entrance, log: EventLog, said: list[str]) -> None:
    stream = TestedStream(report(1), report(2))
    follows = follower(stream, entrance, said)
    eventually(lambda: log.last_offset == 2)
    stream.add(report(3), b"no event", sent=time.time() - 5)
    eventually(lambda: log.streams()["tested:stream"].messages == 4)
    eventually(lambda: follows.figures().behind_s is not None)
    figures = follows.figures()
    assert (figures.offset, figures.unread, figures.missed, figures.failure) == ("4", {"no JSON": 1}, 0, None)
    assert figures.behind_s is not None
    assert 4 < figures.behind_s < 60
    assert figures.age_s < 60
    assert figures.platform_age_s.keys() == {"cinema"}
    follows.close()
    stream.add(report(4))
    follows.close()
    assert (log.last_offset, stream.closed, said) == (3, True, [])


def test_another_run_goes_on_where_the_log_is(entrance: Entrance, log: EventLog, said: list[str]) -> None:
    stream = TestedStream(report(1), report(2))
    first = follower(stream, entrance, said)
    eventually(lambda: log.last_offset == 2)
    first.close()
    stream.reads.clear()
    stream.add(report(3))
    second = follower(stream, entrance, said)
    eventually(lambda: log.last_offset == 3)
    second.close()
    assert stream.reads[0] == "2"


def test_what_is_away_is_tried_again_and_said_once(entrance: Entrance, log: EventLog, said: list[str]) -> None:
    stream = TestedStream(report(1))
    stream.fails = away()
    follows = follower(stream, entrance, said)
    eventually(lambda: len(stream.reads) > 3)
    assert follows.figures().failure == "the stream is away: no answer"
    assert said == ["tested:stream cannot be followed now and is tried again: the stream is away: no answer"]
    stream.fails = None
    eventually(lambda: log.last_offset == 1)
    eventually(lambda: len(said) == 2)
    assert said[1] == "tested:stream is followed again"
    assert follows.figures().failure is None
    follows.close()


def test_pauses_grow_up_to_a_limit(entrance: Entrance, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stream = TestedStream()
    stream.fails = away()
    follows = Follower(stream, entrance, said.append)
    pauses: list[float] = []
    monkeypatch.setattr(follows._closed, "wait", lambda seconds: pauses.append(seconds))
    offset: str | None = None
    for _ in range(5):
        offset = follows._step(offset)
    assert pauses == [0.01, 0.02, 0.04, 0.05, 0.05]


@pytest.mark.parametrize("error", [EventLogError("the disk is full."), TooManyEventsError("too many.")])
def test_what_could_not_be_written_is_read_again(
    entrance: Entrance, log: EventLog, said: list[str], monkeypatch: pytest.MonkeyPatch, error: EventLogError
) -> None:
    taken, refused = entrance.follow, [error] * 2
    if isinstance(error, TooManyEventsError):
        error.retry_after_s = 0

    def follow(*given: object) -> object:
        if refused:
            raise refused.pop()
        return taken(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(entrance, "follow", follow)
    follows = follower(TestedStream(report(1), report(2)), entrance, said)
    eventually(lambda: log.last_offset == 2)
    follows.close()
    assert log.streams()["tested:stream"].messages == 2
    assert bool(said) == (not isinstance(error, TooManyEventsError))


def test_what_was_thrown_away_unread_is_said_and_counted(entrance: Entrance, log: EventLog, said: list[str]) -> None:
    stream = TestedStream(report(1))
    stream.missed = 1_234
    follows = follower(stream, entrance, said)
    eventually(lambda: bool(said))
    follows.close()
    assert said == ["tested:stream has thrown away 1,234 messages before they were read"]
    assert log.streams()["tested:stream"].missed == 1_234


def test_a_stream_that_stops_sending_is_said_once(entrance: Entrance, log: EventLog, said: list[str]) -> None:
    stream = TestedStream(report(1))
    follows = follower(stream, entrance, said, silent_after_s=0.1)
    eventually(lambda: bool(said))
    time.sleep(0.3)
    assert said == ["tested:stream has been silent for 0 seconds"]
    stream.add(report(2))
    eventually(lambda: len(said) == 2)
    assert said[1] == "tested:stream is silent no longer"
    eventually(lambda: len(said) == 3)
    follows.close()


def test_a_stream_that_begins_with_no_event_at_all_is_said(entrance: Entrance, log: EventLog, said: list[str]) -> None:
    stream = TestedStream(b"{", {"id": 1, "user": "bob"})
    follows = follower(stream, entrance, said)
    eventually(lambda: bool(said))
    stream.add(b"[]")
    eventually(lambda: log.streams()["tested:stream"].messages == 3)
    follows.close()
    assert said == ["tested:stream: none of 2 messages was an event: item must be given, no JSON"]


def test_a_fault_of_ours_is_seen(entrance: Entrance, said: list[str]) -> None:
    stream = TestedStream()
    stream.fails = ZeroDivisionError("odd")
    follows = follower(stream, entrance, said)
    eventually(lambda: follows.fault is not None)
    assert isinstance(follows.fault, ZeroDivisionError)
    assert follows.figures().failure == "kgrec stopped at an unexpected ZeroDivisionError: odd"
    assert said == [f"tested:stream is followed no longer: {follows.failure}"]
    follows.close()


def test_whose_events_came_is_told(entrance: Entrance, said: list[str]) -> None:
    users: list[object] = []
    follows = Follower(TestedStream(report(1), report(2)), entrance, said.append, users.append)
    follows.start()
    eventually(lambda: users)
    follows.close()
    assert users == [{"bob"}]


def test_a_real_folder(entrance: Entrance, log: EventLog, said: list[str], tmp_path: Path) -> None:
    (folder := tmp_path / "stream").mkdir()
    follows = follower(open_stream(f"jsonl:{folder}"), entrance, said)
    with (folder / "a.jsonl").open("a") as file:
        for number in range(250):
            file.write(json.dumps(report(number)) + "\n")
            if number % 50 == 0:
                file.flush()
    eventually(lambda: log.last_offset == 250)
    follows.close()
    assert said == []
