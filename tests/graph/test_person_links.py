"""Who is one person, read from a graph, beside what networkx finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.persons import AccountLink, is_key
from kgrec.data.records import EdgeRecord
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.link_editing import add_link, remove_link
from kgrec.graph.person_links import LinkRules, accounts_of, read_persons
from kgrec.testing.sample_graph import films_schema, link, linked_films_schema
from tests.support.accounts import Accounts, random_accounts, schema_of_accounts, shuffled


def groups(world: Accounts) -> set[tuple[str, ...]]:
    return {accounts for accounts in world.persons().values() if len(accounts) > 1}


@pytest.mark.parametrize("seed", range(25))
def test_everybody_and_each_are_the_persons_of_the_oracle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    world = random_accounts(rng, links=int(rng.integers(0, 14)), most=int(rng.choice([2, 3, 5, 20])))
    with world.store() as store:
        persons = read_persons(store)
        assert set(persons.groups.values()) == groups(world)
        assert {name: accounts_of(store, name) for name in world.names} == world.persons()
        assert {name: persons.accounts_of(name) for name in world.names} == world.persons()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_and_the_direction_of_links_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    world = random_accounts(rng)
    with world.store() as one, replace(world, links=shuffled(rng, world.links)).store() as other:
        assert read_persons(one) == read_persons(other)
        assert read_dataset(one).users == read_dataset(other).users


def test_links_lead_on_and_cycles_are_harmless() -> None:
    ring = [link("a00", "a01"), link("a01", "a02"), link("a02", "a00"), link("a02", "a02"), link("a01", "a00")]
    with Accounts(schema_of_accounts(), [], ring).store() as store:
        assert accounts_of(store, "a01") == ("a00", "a01", "a02")
        assert set(read_persons(store).groups.values()) == {("a00", "a01", "a02")}


def test_a_link_that_is_not_sure_is_a_proposal() -> None:
    unsure = [link("a00", "a01", 0.79), link("a02", "a03", 0.8), link("a04", "a05", 0.0)]
    with Accounts(schema_of_accounts(0.8), [], unsure).store() as store:
        assert set(read_persons(store).groups.values()) == {("a02", "a03")}
        assert accounts_of(store, "a00") == ("a00",)
    with Accounts(schema_of_accounts(1.0), [], unsure).store() as store:
        assert not read_persons(store)


@pytest.mark.parametrize("confidence", [85.0, -1.0])
def test_a_confidence_that_cannot_be_joins_nobody(confidence: float) -> None:
    rules = LinkRules.of(linked_films_schema())
    assert not rules.joins(AccountLink("a", "b", "SAME_PERSON", "SAME_PERSON", True, confidence=confidence))


def test_a_key_that_too_many_share_is_told_and_joins_nobody() -> None:
    world = Accounts(schema_of_accounts(most=4), [], keys=["same"] * 5 + ["few"] * 4 + [""] * 5)
    with world.store() as store:
        persons = read_persons(store)
        assert set(persons.groups.values()) == {("a05", "a06", "a07", "a08")}
        assert persons.apart == ("5 accounts share email same, more than the 4 that one person may have",)
        assert accounts_of(store, "a00") == ("a00",)


def test_links_that_join_too_many_are_told_and_join_nobody() -> None:
    chain = [link(f"a{n:02}", f"a{n + 1:02}") for n in range(4)]
    with Accounts(schema_of_accounts(most=4), [], [*chain, link("a10", "a11")]).store() as store:
        persons = read_persons(store)
        assert set(persons.groups.values()) == {("a10", "a11")}
        assert persons.apart == (
            "links join 5 accounts, such as a00 and a01, more than the 4 that one person may have",
        )
        assert [accounts_of(store, f"a{n:02}") for n in range(5)] == [(f"a{n:02}",) for n in range(5)]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "NULL",
        "unknown",
        "d41d8cd98f00b204e9800998ecf8427e",
        "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b",
    ],
)
def test_what_stands_for_nothing_is_no_key(value: str) -> None:
    assert not is_key(value)
    assert is_key("1f2e")


def test_added_and_taken_back_is_as_if_it_had_never_been() -> None:
    world = random_accounts(np.random.default_rng(3), links=2)
    with world.store() as store:
        alone = [name for name, accounts in world.persons().items() if len(accounts) == 1]
        before, data = read_persons(store), read_dataset(store)
        add_link(store, alone[0], alone[1])
        add_link(store, alone[1], alone[2], confidence=1.0)
        assert read_persons(store) != before
        remove_link(store, alone[1], alone[0])
        assert accounts_of(store, alone[1]) == tuple(sorted(alone[1:3]))
        remove_link(store, alone[1], alone[2])
        again = read_dataset(store)
        assert read_persons(store) == before
        assert again.users == data.users
        assert again.interactions.digest == data.interactions.digest
        assert again.against.digest == data.against.digest


@pytest.mark.parametrize("seed", range(8))
def test_a_person_learns_as_if_they_had_one_account(seed: int) -> None:
    """What speaks for an item on one account and against it on another comes to what holds in the end."""
    world = random_accounts(np.random.default_rng(seed))
    with world.store() as store, world.merged().store() as merged:
        linked, one = read_dataset(store), read_dataset(merged)
    assert linked.users == one.users
    for of_linked, of_one in ((linked.interactions, one.interactions), (linked.against, one.against)):
        rows = [
            sorted(zip(part.user, part.item, part.time, part.weight, part.kind, part.platform, part.says, strict=True))
            for part in (of_linked, of_one)
        ]
        assert rows[0] == rows[1]
        assert len(rows[0]) > 0


def test_households_are_kept_and_stay_apart() -> None:
    world = Accounts(schema_of_accounts(), [], [EdgeRecord("LIVES_WITH", "User", "a00", "User", "a01", "LIVES_WITH")])
    with world.store() as store:
        assert not read_persons(store)
        assert accounts_of(store, "a00") == ("a00",)
        assert store.counts().edges["LIVES_WITH"] == 1


def test_a_schema_that_says_nothing_has_no_rules() -> None:
    assert not LinkRules.of(films_schema())
    assert LinkRules.of(linked_films_schema()) == LinkRules(("SAME_PERSON",), ("email",), 0.8, 4)
