"""Somebody with several accounts is answered as one person, and a link that goes leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.persons import Persons
from kgrec.data.records import Interaction
from kgrec.errors import UnknownUserError
from kgrec.graph import GraphStore
from kgrec.graph.link_editing import add_link, remove_link
from kgrec.recommendation import Recommendation, Recommender
from kgrec.recommendation.fold_in import PastInteraction
from kgrec.recommendation.publishing import publish
from tests.support.accounts import N_FILMS, Accounts, random_accounts
from tests.support.told_worlds import closed_form_bundle

GATES = {"short_term": 1.0, "next_item": 0.5, "long_term": 0.8, "knowledge": 0.3, "dislikes": 0.2}


def learned(store: GraphStore) -> Bundle:
    assert store.schema is not None
    return closed_form_bundle(store.schema, store, GATES, 0.1)


def scores(found: Sequence[Recommendation]) -> dict[str, float]:
    return {one.item: one.score for one in found}


def assert_same(one: Sequence[Recommendation], other: Sequence[Recommendation]) -> None:
    assert scores(one).keys() == scores(other).keys()
    assert list(scores(one).values()) == pytest.approx(list(scores(other).values()), abs=1e-9)


@pytest.fixture(scope="module")
def world() -> Accounts:
    return random_accounts(np.random.default_rng(1))


@pytest.fixture
def store(world: Accounts) -> Iterator[GraphStore]:
    with world.store() as opened:
        yield opened


@pytest.fixture
def recommender(store: GraphStore) -> Recommender:
    return Recommender(learned(store), store)


def several(world: Accounts) -> tuple[str, ...]:
    return max(world.persons().values(), key=len)


def alone(world: Accounts) -> list[str]:
    """Accounts with a history that are linked with no other."""
    did = {one.user for one in world.interactions}
    return [name for name, accounts in world.persons().items() if len(accounts) == 1 and name in did]


def test_every_account_is_answered_as_the_person_is(world: Accounts, recommender: Recommender) -> None:
    """The oracle: the same world in which everybody has one account."""
    with world.merged().store() as merged:
        expected = Recommender(learned(merged), merged)
        for name, accounts in world.persons().items():
            if any(one.user in accounts for one in world.interactions):
                assert_same(recommender.recommend(name, k=N_FILMS), expected.recommend(accounts[0], k=N_FILMS))
                assert recommender.score(name, ["f0", "f1"]) == pytest.approx(
                    expected.score(accounts[0], ["f0", "f1"]), abs=1e-9
                )
                past = recommender.history(name)
                assert past == expected.history(accounts[0])
                assert recommender.accounts(name) == accounts
    platforms = {one.platform for one in recommender.history(several(world)[0])}
    assert platforms == {"lens", "wiki"}


def test_without_the_graph_the_bundle_knows_the_accounts(world: Accounts, recommender: Recommender) -> None:
    away = Recommender(recommender.bundle)
    for name in several(world):
        assert_same(away.recommend(name, k=N_FILMS), recommender.recommend(name, k=N_FILMS))
        assert away.accounts(name) == several(world)
    assert [match.id for match in away.search(several(world)[-1], kind="user")] == [several(world)[-1]]


def test_a_bundle_keeps_the_accounts(tmp_path: Path, recommender: Recommender) -> None:
    recommender.bundle.save(tmp_path / "b")
    assert Bundle.load(tmp_path / "b").persons == Persons(recommender.bundle.persons.groups.values())
    assert recommender.bundle.persons.groups


def test_a_link_counts_at_once_and_leaves_nothing(world: Accounts, store: GraphStore, recommender: Recommender) -> None:
    """Taken back, lists are those asked for with each account's own history."""
    first, other = alone(world)[:2]
    before = {name: recommender.recommend(name, k=N_FILMS) for name in (first, other)}
    own = {name: recommender.history(name) for name in (first, other)}
    add_link(store, first, other)
    both = recommender.history(other)
    assert set(both) <= {*own[first], *own[other]}, "but for what the other account takes back"
    assert {one.platform for one in both} == {"lens", "wiki"}
    assert_same(recommender.recommend(first, k=N_FILMS), recommender.recommend(history=both, k=N_FILMS))
    assert scores(recommender.recommend(first, k=N_FILMS)) != scores(before[first])
    remove_link(store, other, first)
    for name in (first, other):
        assert recommender.history(name) == own[name]
        assert_same(recommender.recommend(name, k=N_FILMS), before[name])
        assert_same(before[name], recommender.recommend(history=own[name], k=N_FILMS))


def test_what_is_learned_after_unlinking_never_knew_the_link(world: Accounts) -> None:
    first, other = alone(world)[:2]
    with world.store() as never, world.store() as once:
        add_link(once, first, other)
        linked = learned(once)
        remove_link(once, first, other)
        one, two = learned(never), learned(once)
        assert one.users == two.users != linked.users
        assert one.interactions.digest == two.interactions.digest
        expected, found = Recommender(one, never), Recommender(two, once)
        for name in world.names:
            assert_same(found.recommend(name, k=N_FILMS), expected.recommend(name, k=N_FILMS))


def test_an_explanation_shows_what_all_accounts_did(world: Accounts, recommender: Recommender) -> None:
    name = several(world)[-1]
    best = recommender.recommend(name, k=1, explain=True)[0]
    assert best.explanation is not None
    assert best.explanation.user == name
    assert all(account in str(best.explanation.cypher) for account in several(world))


def test_every_account_gets_the_list_of_the_person(world: Accounts, store: GraphStore) -> None:
    recommender = Recommender(learned(store), store)
    publish(recommender.bundle, store, k=3, grace_s=0.0)
    for name in (*several(world), alone(world)[0]):
        text = "MATCH (u:User {uid: $user})-[r:RECOMMENDED]->(i) RETURN i.uid AS item, r.score AS score ORDER BY r.rank"
        rows = store._read(text, {"user": name}, None)  # type: ignore[attr-defined]
        expected = recommender.recommend(name, k=3)
        assert [row["item"] for row in rows] == [one.item for one in expected]
        assert [row["score"] for row in rows] == pytest.approx([one.score for one in expected], abs=1e-6)


class Reported:
    """Events that nobody has applied."""

    def __init__(self, events: Mapping[str, list[Interaction]]) -> None:
        self.events = dict(events)

    def of_user(self, user: str, *, in_graph: int = 0) -> list[Interaction]:
        return self.events.get(user, [])

    def since(self, offset: int, moment: float) -> tuple[int, list[Interaction]]:
        return 0, []

    def in_graph(self) -> int:
        return 0

    def forget(self, user: str) -> int | None:
        self.events.pop(user, None)
        return None


def test_an_event_of_one_account_counts_for_all(world: Accounts, recommender: Recommender) -> None:
    first, *_, last = several(world)
    before = recommender.history(first)
    seen = {one.item for one in before}
    item = next(f"f{n}" for n in range(N_FILMS) if f"f{n}" not in seen)
    event = Interaction("RATED", last, item, "rate", "wiki", 2e9, 5.0)
    recommender.answer_with(Reported({last: [event]}))
    now = recommender.history(first)
    assert now == [*before, PastInteraction(item, "rate", 2e9, 5.0, "wiki", "RATED")]
    assert recommender.history(last) == now
    away = Recommender(recommender.bundle)
    away.answer_with(Reported({last: [event]}))
    assert [one.item for one in away.history(first)] == [one.item for one in now]


def test_a_forgotten_person_is_forgotten_with_all_accounts(world: Accounts, tmp_path: Path) -> None:
    with world.store(f"kglite:{tmp_path / 'g.kgl'}") as store:
        learned(store).save(tmp_path / "b")
    accounts = several(world)
    did = sum(one.user in accounts for one in world.interactions)
    with Recommender.open(tmp_path / "b", f"kglite:{tmp_path / 'g.kgl'}") as recommender:
        assert recommender.forget(accounts[1]) == did
        for name in accounts:
            with pytest.raises(UnknownUserError):
                recommender.recommend(name)
    with Recommender.open(tmp_path / "b") as away:
        for name in accounts:
            with pytest.raises(UnknownUserError):
                away.recommend(name)
        assert away.recommend(alone(world)[0])


def test_an_unknown_account_is_unknown(recommender: Recommender) -> None:
    assert recommender.accounts("nobody") == ("nobody",)
    with pytest.raises(UnknownUserError):
        recommender.recommend("nobody")


def test_a_bundle_that_was_learned_before_the_link_answers_the_person(world: Accounts) -> None:
    with replace(world, links=(), keys=()).store() as apart, world.store() as store:
        bundle = replace(learned(apart), manifest=replace(learned(apart).manifest, graph_id=store.graph_id))
        recommender = Recommender(bundle, store)
        past = recommender.history(several(world)[0])
        assert {one.platform for one in past} == {"lens", "wiki"}
        assert_same(recommender.recommend(several(world)[0], k=N_FILMS), recommender.recommend(history=past, k=N_FILMS))
