"""Events get into the graph in order and once, whatever is interrupted."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from kgrec.data.records import Interaction
from kgrec.errors import StoreUnavailableError, UnknownUserError
from kgrec.extract.repeats import RepeatRules
from kgrec.graph import GraphStore
from kgrec.live.applying import Applier, put_together
from kgrec.live.event import Event
from kgrec.live.event_log import EventLog
from kgrec.schema.forms import Repeats
from kgrec.schema.model import GraphSchema
from tests.support.bundles import film_schema, film_store


def event(id: str, user: str, item: str, time: float, weight: float = 1.0) -> Event:
    return Event(id, Interaction("WATCHED", user, item, "watch", "cinema", time, weight))


def watched(store: GraphStore, user: str) -> list[tuple[str, float | None]]:
    return [(one.item, one.time) for one in store.history(user)]


def test_events_are_in_the_graph_and_so_is_their_offset(log: EventLog, store: GraphStore) -> None:
    log.append([event("a", "bob", "alien", 10.0), event("b", "zoe", "blade", 11.0), event("c", "zoe", "none", 12.0)])
    applier = Applier(log, lambda: store)
    assert applier.apply() == applier.applied == store.finished_batches(applier.source) == 3
    assert watched(store, "bob") == [("blade", 3.0), ("alien", 10.0)]
    assert watched(store, "zoe") == [("blade", 11.0)]  # who was new
    assert applier.dangling == 1


class CrashError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("at", ["upsert_nodes", "upsert_interactions", "mark_batch"])
@pytest.mark.parametrize("done", [True, False])
def test_a_crash_at_any_step_is_made_good(
    log: EventLog, store: GraphStore, monkeypatch: pytest.MonkeyPatch, at: str, done: bool
) -> None:
    """At each of the three writes, before it or after it."""
    log.append([event(f"{n}", "zoe", "alien", float(n)) for n in range(5)])
    write = getattr(store, at)

    def crash(*given: object) -> None:
        if done:
            write(*given)
        raise CrashError

    monkeypatch.setattr(store, at, crash)
    with pytest.raises(CrashError):
        Applier(log, lambda: store).apply()
    monkeypatch.undo()
    assert Applier(log, lambda: store).apply() == 5
    assert watched(store, "zoe") == [("alien", float(n)) for n in range(5)]


def test_a_graph_that_is_restored_from_a_copy_gets_what_came_after_it(log: EventLog) -> None:
    log.append([event("a", "bob", "alien", 10.0)])
    with film_store() as store:
        Applier(log, lambda: store).apply()
    log.append([event("b", "bob", "heat", 11.0), event("c", "bob", "aliens", 12.0)])
    with film_store() as restored:
        Applier(log, lambda: restored).apply()
        assert watched(restored, "bob") == [("blade", 3.0), ("alien", 10.0), ("aliens", 12.0)]


def test_events_of_another_log_have_offsets_of_their_own(log: EventLog, store: GraphStore, tmp_path: Path) -> None:
    log.append([event(f"{n}", "bob", "alien", float(n)) for n in range(9)])
    Applier(log, lambda: store).apply()
    with EventLog(tmp_path / "other.db") as other:
        other.append([event("x", "zoe", "blade", 1.0)])
        assert Applier(other, lambda: store).apply() == 1
    assert watched(store, "zoe") == [("blade", 1.0)]


def test_what_the_graph_does_not_take_now_is_applied_when_it_is_back(
    log: EventLog, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kgrec.live.applying.AGAIN_AFTER_S", 0.01)
    log.append([event("a", "zoe", "blade", 1.0)])
    tries = list[int]()

    def away() -> GraphStore:
        tries.append(1)
        if len(tries) < 3:
            raise StoreUnavailableError("it is away.")
        return store

    applier = Applier(log, away)
    applier.start()
    until = time.monotonic() + 20
    while not applier.applied:
        assert time.monotonic() < until
        time.sleep(0.001)
    applier.close()
    assert (applier.applied, applier.failure) == (1, None)
    assert watched(store, "zoe") == [("blade", 1.0)]


def test_who_is_forgotten_does_not_come_back(log: EventLog, store: GraphStore) -> None:
    log.append([event("a", "bob", "alien", 10.0), event("b", "zoe", "blade", 11.0)])
    applier = Applier(log, lambda: store)
    applier.apply()
    log.append([event("c", "bob", "heat", 12.0)])
    assert applier.forget("bob") == 3
    assert applier.apply() == 3
    assert store.node("User", "bob") is None
    assert watched(store, "zoe") == [("blade", 11.0)]
    with pytest.raises(UnknownUserError):
        applier.forget("nobody")
    log.append([event("d", "new", "alien", 13.0)])
    assert applier.forget("new") == 1  # whom the graph has not heard of yet
    assert applier.apply() == 4
    assert store.node("User", "new") is None


def repeating(repeats: Repeats) -> GraphSchema:
    schema = film_schema()
    watched = schema.interactions["WATCHED"].model_copy(update={"repeats": repeats})
    return schema.model_copy(update={"interactions": {"WATCHED": watched}})


@pytest.mark.parametrize(
    ("repeats", "weights"),
    [("last", [2.0]), ("sum", [9.0]), ("max", [4.0]), ("each", [3.0, 4.0, 2.0])],
)
def test_repeats_add_up_as_the_schema_says(
    log: EventLog, store: GraphStore, repeats: Repeats, weights: list[float]
) -> None:
    store.apply_schema(repeating(repeats))
    applier = Applier(log, lambda: store)
    for number, weight in enumerate((3.0, 4.0, 2.0)):
        log.append([event(str(number), "zoe", "alien", 10.0, weight)])
        applier.apply()
        again = Applier(log, lambda: store)
        again._applied = 0
        again.apply()  # as after a crash
    assert sorted(one.weight for one in store.history("zoe")) == sorted(weights)
    ahead = put_together(log.of_user("zoe"), RepeatRules(repeating(repeats)), log)
    assert sorted({one.key: one.weight for one in ahead}.values()) == sorted(weights)  # what is laid over the graph


def test_who_ends_does_not_wait_for_all_that_waits(
    log: EventLog, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([event(str(n), "bob", "alien", 10.0 + n) for n in range(5)])
    monkeypatch.setattr("kgrec.live.applying.END_S", 0.0)
    monkeypatch.setattr("kgrec.live.applying.BATCH", 2)
    first = Applier(log, lambda: store)
    first.close()  # the end is asked for before it has begun
    first.start()
    first.close()
    assert first.applied == 2
    assert Applier(log, lambda: store).apply() == 5
    assert [time for _, time in watched(store, "bob")] == [3.0, 10.0, 11.0, 12.0, 13.0, 14.0]


def test_ctrl_c_in_the_middle_of_a_write_loses_nothing_and_is_passed_on(
    log: EventLog, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded graph raises it in the thread that asks, once; who waits in the main thread has to hear of it."""
    passed_on: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: passed_on.append(number))
    write, heard = store.upsert_interactions, [KeyboardInterrupt()]

    def interrupted(records: Any) -> Any:
        if heard:
            raise heard.pop()
        return write(records)

    monkeypatch.setattr(store, "upsert_interactions", interrupted)
    log.append([Event("a", Interaction("WATCHED", "zoe", "alien", "watch", "cinema", 5.0))])
    applier = Applier(log, lambda: store)
    try:
        applier.start()
        applier.close()
    finally:
        signal.signal(signal.SIGINT, before)
    assert passed_on == [signal.SIGINT]
    assert (applier.applied, applier.failure) == (1, None)
    assert [one.item for one in store.history("zoe")] == ["alien"]
