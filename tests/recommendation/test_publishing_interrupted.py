"""Publishing that is stopped, killed, read or overtaken meanwhile: readers see whole versions only."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kgrec.errors import GraphError
from kgrec.graph import open_store
from kgrec.graph.publication import Publication
from tests.support.bundles import film_store
from tests.support.published import LISTS, SERVER_AMONG_THE_SLOW, learned, left_of, quickly, rows
from tools.neo4j.server import Neo4jServer

STOPS_OF_A_SERVER = (11, 12, 100)
"""Just before another version is taken into use, just after, and nowhere."""


@pytest.fixture
def store(url: str) -> Iterator[Any]:
    with film_store(url=url) as opened:
        yield opened


def stopping(monkeypatch: pytest.MonkeyPatch, store: Any, at: int) -> None:
    """Lets a number of statements through, then it is ctrl-c."""
    real, done = type(store).write_back, iter(range(at))

    def write_back(statement: str, *names: str, **parameters: Any) -> Any:
        if statement != "index_states" and next(done, None) is None:  # how often that is asked depends on the server
            raise KeyboardInterrupt
        return real(store, statement, *names, **parameters)

    monkeypatch.setattr(store, "write_back", write_back)


def test_stopped_anywhere_readers_have_a_whole_version_and_another_run_finishes(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, next_one = learned(store), learned(store, 1)
    lists = {}
    for bundle in (next_one, published):
        quickly(bundle, store)
        lists[id(bundle)] = rows(store, LISTS)
    seen = set()
    for at in range(100) if "kglite" in store.url else STOPS_OF_A_SERVER:
        with monkeypatch.context() as patch:
            stopping(patch, store, at)
            try:
                quickly(next_one, store)
                break
            except KeyboardInterrupt:
                pass
        seen.add([lists[id(published)], lists[id(next_one)]].index(rows(store, LISTS)))
        report = quickly(next_one, store)
        assert rows(store, LISTS) == lists[id(next_one)]
        assert left_of(store) == ({report.model}, {report.slot})
        assert [row["uid"] for row in rows(store, "MATCH (m:KgrecModel) RETURN m.uid AS uid")] == ["current"]
        published, next_one = next_one, published
    assert seen == {0, 1}
    assert at > 20


KILLED = """
import os, pickle, signal, sys
from kgrec.graph import open_store
from kgrec.graph.stores.cypher_store import CypherStore
from kgrec.recommendation.publishing import publish
real, left = CypherStore.write_back, iter(range(int(sys.argv[3])))
def write_back(*given, **parameters):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **parameters)
CypherStore.write_back = write_back
with open(sys.argv[2], "rb") as file, open_store(sys.argv[1]) as store:
    publish(pickle.load(file), store, k=3, similar=2, grace_s=0.0)
"""


@SERVER_AMONG_THE_SLOW
def test_killed_while_it_writes(url: str, tmp_path: Path) -> None:
    import pickle

    with film_store(url=url) as store:
        quickly(learned(store), store)
        before = rows(store, LISTS)
        bundle = learned(store, 1)
    (tmp_path / "bundle").write_bytes(pickle.dumps(bundle))
    done = subprocess.run([sys.executable, "-c", KILLED, url, str(tmp_path / "bundle"), "6"], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_store(url) as again:
        assert rows(again, LISTS) == before
        assert len(left_of(again)[0]) == 2
        report = quickly(bundle, again)
        assert left_of(again) == ({report.model}, {"b"})


@pytest.mark.slow
@pytest.mark.neo4j
def test_a_reader_of_neo4j_never_sees_a_mixture(neo4j_url: str, neo4j_server: Neo4jServer) -> None:
    """It polls through the pointer, in a session of its own, while versions follow each other."""
    stop, seen = threading.Event(), list[tuple[tuple[Any, ...], ...]]()

    def poll() -> None:
        with neo4j_server.driver() as driver, driver.session(database="neo4j") as session:
            while not stop.wait(0.01):  # a mixture would last for a whole publishing
                seen.append(tuple(tuple(row.values()) for row in session.run(LISTS)))

    with film_store(url=neo4j_url) as store:
        whole = set()
        quickly(learned(store), store)
        reader = threading.Thread(target=poll)
        reader.start()
        try:
            for seed in (1, 2):
                whole.add(tuple(tuple(row.values()) for row in rows(store, LISTS)))
                quickly(learned(store, seed), store, batch_size=4, grace_s=0.2)
            whole.add(tuple(tuple(row.values()) for row in rows(store, LISTS)))
        finally:
            stop.set()
            reader.join()
    assert set(seen) <= whole
    assert len(whole) == 3
    assert {len(each) for each in whole} == {23}


@SERVER_AMONG_THE_SLOW
def test_of_two_that_overlap_the_later_one_wins(store: Any) -> None:
    quickly(learned(store), store)
    before = rows(store, LISTS)
    first = Publication(store, store.schema, "first", "now", 10)
    second = Publication(store, store.schema, "second", "now", 10)
    batch = [{"uid": "ann", "items": [{"uid": "blade", "rank": 1, "score": 1.0}]}]
    overtaken: list[Callable[[], Any]] = [
        lambda: first.put_lists("RECOMMENDED", batch),
        lambda: first.put_embeddings("Film", [{"uid": "alien", "vector": [1.0] * 4}]),
        lambda: first.take_into_use(),
    ]
    for act in overtaken:
        with pytest.raises(GraphError) as caught:
            act()
        assert str(caught.value) == (
            "GraphError: another publishing has begun meanwhile.\n"
            f"  where     {store.url}\n"
            "  found     its claim on the graph\n"
            "  expected  one at a time\n"
            "  next      let that one finish; readers have a whole version all the time"
        )
    assert rows(store, LISTS) == before
    assert second.put_lists("RECOMMENDED", batch) == 1
    second.take_into_use()
    second.finish(0.0)
    assert [(row["owner"], row["item"]) for row in rows(store, LISTS)] == [("ann", "blade")]
