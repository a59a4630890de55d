"""The service answers a person by any of their accounts, and does not keep what a link said once it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from kgrec.graph.link_editing import add_link, remove_link
from kgrec.recommendation import Recommender
from kgrec.service.app import service
from tests.support.accounts import Accounts, random_accounts
from tests.support.told_worlds import closed_form_bundle

WORLD = random_accounts(np.random.default_rng(1))
ALONE = [
    name
    for name, accounts in WORLD.persons().items()
    if len(accounts) == 1 and any(one.user == name for one in WORLD.interactions)
]
SEVERAL = max(WORLD.persons().values(), key=len)


def served(world: Accounts, url: str = "kglite::memory:") -> Recommender:
    store = world.store(url)
    assert store.schema is not None
    return Recommender(closed_form_bundle(store.schema, store, {"long_term": 1.0, "short_term": 0.5}, 0.1), store)


@pytest.fixture
def recommender() -> Iterator[Recommender]:
    with served(WORLD) as opened:
        yield opened


def test_any_account_has_the_same_list_and_history(recommender: Recommender) -> None:
    client = TestClient(service(recommender))
    lists = [client.get(f"/v1/recommend?user={name}&explain=short").json()["recommendations"] for name in SEVERAL]
    assert lists[0]
    assert all(one == lists[0] for one in lists)
    histories = [client.get(f"/v1/users/{name}").json()["history"] for name in SEVERAL]
    assert all(one == histories[0] for one in histories)


def test_a_kept_answer_goes_with_the_link(recommender: Recommender) -> None:
    client, (first, other) = TestClient(service(recommender)), ALONE[:2]
    store = recommender.writable_store() or recommender.store
    question = f"/v1/recommend?user={first}"
    before = client.get(question).json()
    add_link(store, first, other)  # type: ignore[arg-type]  # a store in memory is both
    linked = client.get(question).json()
    assert linked != before
    assert client.get(question).json() == linked
    remove_link(store, other, first)  # type: ignore[arg-type]
    assert client.get(question).json() == before


def test_a_forgotten_person_has_no_kept_answer_left(tmp_path: Path) -> None:
    with served(WORLD, f"kglite:{tmp_path / 'g.kgl'}") as writer:
        writer.bundle.save(tmp_path / "b")
    with Recommender.open(tmp_path / "b", f"kglite:{tmp_path / 'g.kgl'}") as recommender:
        app = service(recommender)
        client = TestClient(app)
        for name in SEVERAL:
            assert client.get(f"/v1/recommend?user={name}").status_code == 200
        assert app.state.cache.figures().answers == len(SEVERAL)
        assert client.delete(f"/v1/users/{SEVERAL[1]}").status_code == 200
        assert app.state.cache.figures().answers == 0
        for name in SEVERAL:
            assert client.get(f"/v1/recommend?user={name}").status_code == 404
