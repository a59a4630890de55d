"""Streams come in by the entrance of all events: the same rules, the same log, the offset with them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.messages import MessageBatch
from kgrec.errors import EventLogError, TooManyEventsError
from kgrec.graph import GraphStore
from kgrec.live.entrance import Entrance
from kgrec.live.event import Receipt
from kgrec.live.event_log import EventLog
from kgrec.live.event_reading import EventReader
from kgrec.live.event_vocabulary import EventVocabulary
from tests.support.bundles import film_bundle
from tests.support.streams import TestedStream, without_times


@pytest.fixture
def entrance(log: EventLog, store: GraphStore) -> Iterator[Entrance]:
    reader = EventReader(EventVocabulary.of_bundle(film_bundle(store.schema, store.graph_id)))
    with Entrance(log, lambda: reader, lambda: store) as opened:
        yield opened


def batch(*reports: object, sent: float | None = None, start: int = 0) -> MessageBatch:
    """Messages at the places ``start``, ``start + 1``..."""
    stream = TestedStream(*[b""] * start)
    stream.add(*reports, sent=sent)
    return MessageBatch(stream.messages[start:], str(start + len(reports)))


def written(log: EventLog) -> list[tuple[str, str]]:
    return without_times([done for _, done in log.after(0, 99) if done])


def test_an_event_counts_once_however_it_comes(entrance: Entrance, log: EventLog) -> None:
    report = {"id": "a", "user": "bob", "item": "alien", "time": 7}
    assert entrance.report([report]) == [Receipt("accepted", 1)]
    entrance.follow("s", batch(report, report | {"id": "b"}))
    entrance.follow("t", batch(report, report | {"id": "b"}))
    assert written(log) == [("bob", "alien")] * 2
    assert entrance.report([report | {"id": "b"}]) == [Receipt("repeated", 2)]
    counts = entrance.counts()
    assert (counts.accepted, counts.repeated) == (2, 4)


def test_an_event_without_an_id_is_named_by_its_place(entrance: Entrance, log: EventLog) -> None:
    report = {"user": "bob", "item": "alien", "time": 7}
    entrance.follow("s", batch(report, report | {"id": None}, report | {"id": ""}))
    entrance.follow("s", batch(report, report, report))  # the same places again
    assert len(written(log)) == 3
    entrance.follow("other", batch(report))
    assert len(written(log)) == 4


def test_what_is_no_event_is_noted_with_its_place_and_stops_nothing(entrance: Entrance, log: EventLog) -> None:
    good = {"id": "a", "user": "bob", "item": "alien"}
    odd = [b"{", {"id": "b", "item": "alien"}, {"id": "c", "user": "bob", "item": "alien", "colour of ann": 1}, good]
    odd.append({"id": "d", "user": "bob", "item": "alien", "time": time.time() + 90_000})
    entrance.follow("s", batch(*odd))
    standing = log.streams()["s"]
    assert written(log) == [("bob", "alien")]
    assert standing.unread == {
        "no JSON": 1,
        "user must be given": 1,
        "a field is not a field of an event": 1,
        "time is a moment": 1,
    }
    assert [place for place, _ in standing.places] == ["place 4", "place 2", "place 1", "place 0"]
    assert (standing.offset, standing.messages, [*standing.heard]) == ("5", 5, ["cinema"])
    assert entrance.counts().refused == 4


def test_what_nobody_knows_waits_in_the_log(entrance: Entrance, log: EventLog) -> None:
    entrance.follow("s", batch({"id": "a", "user": "bob", "item": "dune"}, {"id": "b", "user": "bob", "item": "alien"}))
    assert log.set_aside() == {"unknown item": 1}
    assert log.streams()["s"].unread == {}
    assert written(log) == [("bob", "alien")]


def test_an_event_without_a_time_has_that_of_the_stream(log: EventLog, store: GraphStore) -> None:
    """Where the data have moments; a moment that is to come is a clock that is wrong, and the arrival counts."""
    now = time.time()
    known = replace(EventVocabulary.of_bundle(film_bundle(store.schema, store.graph_id)), cutoff=now - 1e6)
    with Entrance(log, lambda: EventReader(known)) as entrance:
        reports = [{"id": name, "user": "bob", "item": "alien"} for name in "abc"]
        entrance.follow("s", batch(reports[0], sent=now - 500))
        entrance.follow("s", batch(reports[1] | {"time": now - 900}, sent=now - 500))
        entrance.follow("s", batch(reports[2], sent=now + 900_000))
        times = [done.time for _, done in log.after(0, 9) if done]
    assert times[:2] == [now - 500, now - 900]
    assert times[2] is not None
    assert abs(times[2] - now) < 60
    positions = EventReader(EventVocabulary.of_bundle(film_bundle(store.schema, store.graph_id)))
    assert positions.read(reports[0], sent=now).interaction.time is None


def test_what_cannot_be_written_leaves_the_offset(entrance: Entrance, log: EventLog) -> None:
    entrance.follow("s", batch({"id": "a", "user": "bob", "item": "alien"}))
    log._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(EventLogError):
        entrance.follow("s", batch({"id": "b", "user": "bob", "item": "alien"}, start=1))
    log._writer.execute("PRAGMA query_only = OFF")
    assert (log.streams()["s"].offset, log.last_offset) == ("1", 1)
    entrance._commit._waiting = entrance._commit._most_waiting
    with pytest.raises(TooManyEventsError):
        entrance.follow("s", batch({"id": "b", "user": "bob", "item": "alien"}, start=1))
    entrance._commit._waiting = 0
    assert log.streams()["s"].offset == "1"


def test_it_goes_on_into_the_graph(entrance: Entrance, store: GraphStore) -> None:
    entrance.start()
    entrance.follow("s", batch({"id": "a", "user": "zoe", "item": "alien", "time": 70}))
    entrance.follow("s", batch({"id": "b", "user": "zoe", "item": "blade", "time": 60}, start=1))  # late
    entrance.close()
    assert [one.item for one in store.history("zoe")] == ["blade", "alien"][: len(store.history("zoe"))]
    assert entrance.counts().applied_offset == entrance.counts().last_offset


@given(st.lists(st.integers(0, 6), max_size=14), st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=12))
@settings(max_examples=10, deadline=None)
def test_whenever_it_ends_each_event_is_there_once(ids: list[int], steps: list[tuple[int, bool]]) -> None:
    """Some messages are read; then the process ends before they are written down, or after, and another goes on."""
    reader = EventReader(EventVocabulary.of_bundle(film_bundle()))
    stream = TestedStream(*[{"id": id, "user": f"u{id}", "item": "alien"} for id in ids])
    with TemporaryDirectory() as folder:
        for most, written_down in [*steps, (len(ids) + 1, True)]:
            with EventLog(Path(folder) / "e.db") as log, Entrance(log, lambda: reader) as entrance:
                standing = log.streams().get("s")
                read = stream.read("" if standing is None else standing.offset, most, 0)
                if written_down and read.messages:
                    entrance.follow("s", read)
        with EventLog(Path(folder) / "e.db") as log:
            assert written(log) == [(f"u{id}", "alien") for id in dict.fromkeys(ids)]
            assert sum(one.messages for one in log.streams().values()) == len(ids)
