"""Kept answers: what is told from the cache is what would be told without it, whatever happened in between."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Interactions
from kgrec.graph.stores.kglite_store import KgliteStore
from kgrec.recommendation import Recommender
from kgrec.scoring.trend import DAY_S, Trend
from kgrec.service.answer_cache import _ENTRY_BYTES, AnswerCache, CacheFigures
from kgrec.service.app import service
from kgrec.service.guard import Limits
from kgrec.service.living import living
from tests.service.test_events import folder
from tests.service.test_model_versions import waited_for_a_version
from tests.service.test_monitoring import figures
from tests.support.bundles import FILMS
from tests.support.trends import START, with_trend

__all__ = ["folder"]

USERS = ("ann", "bob", "cold", "zoe")


def opened(stack: ExitStack, folder: Path, cache_bytes: int) -> TestClient:
    recommender = Recommender.open(folder / "a.bundle", f"kglite:{folder / 'g.kgl'}", writable=True)
    limits = Limits(seconds=600.0)  # the machine may be busy
    app = service(stack.enter_context(recommender), cache_bytes=cache_bytes, limits=limits)
    stack.enter_context(living(app, folder / "a.bundle", folder / "events.db"))
    client = TestClient(app)
    waited_for_a_version(client)
    return client


@pytest.fixture
def pair(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, TestClient]]:
    """The same service twice, with a cache that holds some twenty answers, and without one."""
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(folder, other, dirs_exist_ok=True)
    with ExitStack() as stack:
        yield opened(stack, folder, 40_000), opened(stack, other, 0)


def a_question(rng: random.Random) -> tuple[str, str, Any]:
    user, item = rng.choice(USERS), rng.choice(FILMS)
    explain = rng.choice(["none", "short", "standard"])
    return rng.choice(
        [
            ("GET", f"/v1/recommend?user={user}&k=3&explain={explain}", None),
            ("GET", f"/v1/recommend?history={item}&k=2&explain={explain}", None),
            ("POST", "/v1/recommend", {"user": user, "k": 3, "where": ["year>=1980"], "language": "zh"}),
            ("GET", f"/v1/explain?user={user}&item={item}", None),
            ("POST", "/v1/what-if", {"user": user, "add": [item], "k": 2, "explain": explain}),
            ("GET", f"/v1/similar?item={item}&k=3", None),
        ]
    )


def a_change(rng: random.Random, number: int, versions: list[str]) -> tuple[str, str, Any]:
    user, item = rng.choice(USERS), rng.choice(FILMS)
    report = {"id": number, "user": user, "item": item, "time": number}
    if rng.random() < 0.7:
        return "POST", "/v1/events", report
    if rng.random() < 0.3:
        return "DELETE", f"/v1/users/{user}", None
    return "POST", "/v1/model/versions", {"version": rng.choice(versions)}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_no_answer_is_stale(pair: tuple[TestClient, TestClient], folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    versions: list[str] = []
    for client in pair:
        at = client.app.state.swap.versions  # type: ignore[attr-defined]
        first = at.live
        client.app.state.swap.close()  # type: ignore[attr-defined]
        shutil.rmtree(at.path)
        shutil.copytree(at.path.with_name("next.bundle"), at.path)
        versions = [first, at.take_in()]
    questions = [a_question(rng) for _ in range(12)]
    for number in range(1, 151):
        asked = a_change(rng, number, versions) if rng.random() < 0.15 else rng.choice(questions)
        method, address, body = asked
        with_cache, without = (client.request(method, address, json=body) for client in pair)
        assert (with_cache.status_code, with_cache.headers.get("X-Kgrec-Model")) == (
            without.status_code,
            without.headers.get("X-Kgrec-Model"),
        ), (asked, with_cache.text, without.text)
        if with_cache.status_code == 200 and "/v1/model" not in address:
            assert with_cache.content == without.content, asked
    found, none = (client.app.state.cache.figures() for client in pair)  # type: ignore[attr-defined]
    assert found.hits > 20
    assert found.dropped > 0
    assert (none.hits, none.misses, none.answers) == (0, 0, 0)


def test_hits_are_counted_and_changes_drop_answers(pair: tuple[TestClient, TestClient]) -> None:
    client, _ = pair
    for _ in range(3):
        for user in ("ann", "bob"):
            client.get(f"/v1/recommend?user={user}&explain=short")
    found = figures(client)
    assert [found["kgrec_cache_answers_total", of] for of in ("hit", "miss", "passed")] == [4, 2, 0]
    assert (found["kgrec_cache_kept",], found["kgrec_cache_dropped_total",]) == (2, 0)
    client.post("/v1/events", json={"id": 1, "user": "ann", "item": "blade"})
    assert figures(client)["kgrec_cache_kept",] == 1
    client.delete("/v1/users/bob")
    assert (figures(client)["kgrec_cache_kept",], figures(client)["kgrec_cache_bytes",]) == (0, 0)


def test_what_others_do_changes_a_kept_answer_where_there_is_a_trend(folder: Path) -> None:
    for name in ("a.bundle", "next.bundle"):
        bundle = Bundle.load(folder / name)
        counts = Trend.of(Interactions.of_pairs([0], [0], [START]), len(bundle.items), DAY_S)
        manifest = replace(bundle.manifest, data_cutoff=START)
        replace(bundle, model=with_trend(bundle.model, counts, 3.0), manifest=manifest).save(folder / name)
    with ExitStack() as stack:
        client = opened(stack, folder, 40_000)
        addresses = "/v1/recommend?user=ann&k=9", "/v1/recommend?history=alien&k=9"
        before = [[client.get(address).json() for _ in range(2)] for address in addresses]
        assert client.app.state.cache.figures().hits == 2  # type: ignore[attr-defined]
        client.post("/v1/events", json={"id": 1, "user": "bob", "item": "aliens", "time": START + 9 * DAY_S})
        for (first, second), address in zip(before, addresses, strict=True):
            assert first == second
            now = client.get(address).json()["recommendations"]
            assert now != first["recommendations"]
            assert now[0]["item"] == "aliens"


def test_facts_that_others_can_change_are_read_each_time(
    pair: tuple[TestClient, TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = pair
    monkeypatch.setattr(KgliteStore, "facts_stay", False)
    for _ in range(2):
        client.get("/v1/recommend?user=ann&explain=short")
        client.get("/v1/recommend?user=ann&where=year>1")
        client.get("/v1/recommend?user=ann")
    found = figures(client)
    assert [found["kgrec_cache_answers_total", of] for of in ("hit", "miss", "passed")] == [1, 1, 4]


def test_answers_that_miss_something_are_not_kept(folder: Path) -> None:
    recommender = Recommender(Bundle.load(folder / "a.bundle"))
    client = TestClient(service(recommender))
    for _ in range(2):
        client.get("/v1/recommend?user=ann&explain=short")
    assert client.app.state.cache.figures().answers == 0  # type: ignore[attr-defined]


def test_the_oldest_make_room() -> None:
    cache = AnswerCache(3 * (_ENTRY_BYTES + 10))
    for n in range(4):
        cache.put(bytes([n]), b"0123456789", "ann", 0)
        assert cache.get(b"\0")[0] == b"0123456789"
    assert cache.get(b"\1")[0] is None  # the first was asked for since
    assert cache.figures().bytes == cache.limit_bytes
    cache.put(b"large", b"x" * 10_000, None, 0)
    assert cache.get(b"large")[0] is None
    cache.drop("ann")
    assert cache.figures() == CacheFigures(hits=4, misses=2, passed=0, dropped=3, answers=0, bytes=0)


def test_an_answer_that_was_begun_before_somebody_was_forgotten_is_not_kept() -> None:
    cache = AnswerCache(10_000)
    _, generation = cache.get(b"key")
    cache.drop("ann", forgotten=True)
    cache.put(b"key", b"ann did it", "ann", generation)
    assert cache.get(b"key")[0] is None


def test_threads_share_it() -> None:
    cache = AnswerCache(20 * (_ENTRY_BYTES + 4))

    def run(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(2_000):
            key = bytes([rng.randrange(60)])
            body, generation = cache.get(key)
            assert body in (None, key * 4)
            if body is None:
                cache.put(key, key * 4, str(key[0] % 5), generation)
            if rng.random() < 0.05:
                cache.drop(str(rng.randrange(5)))

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = cache.figures()
    assert found.hits + found.misses == 8_000
    assert found.bytes == found.answers * (_ENTRY_BYTES + 4) <= cache.limit_bytes
