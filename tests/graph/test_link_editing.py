"""Links that are made and taken back by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kgrec.errors import ConfigError, UnknownIdError, UnknownUserError
from kgrec.graph import GraphStore, open_store
from kgrec.graph.link_editing import add_link, linked_by_source, remove_key, remove_link
from kgrec.graph.person_links import accounts_of
from kgrec.testing.sample_graph import films_graph, link, linked_films_graph
from tests.support.accounts import Accounts, schema_of_accounts


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with open_store("kglite::memory:") as opened:
        linked_films_graph().put_into(opened)
        yield opened


def test_a_link_by_hand_says_how_sure_and_since_when(store: GraphStore) -> None:
    assert add_link(store, "cid", "bob", confidence=0.9, since=1.5e9) == ("bob", "cid")
    (found,) = store.links("cid", 4)
    assert (found.other, found.confidence, found.since, found.platforms) == ("bob", 0.9, 1.5e9, ("by hand",))
    assert add_link(store, "dee", "eve", confidence=0.1) == ("dee",)


def test_made_twice_it_is_there_once(store: GraphStore) -> None:
    add_link(store, "cid", "bob", confidence=0.3)
    assert add_link(store, "bob", "cid", confidence=1.0) == ("bob", "cid")
    assert len(store.links("cid", 4)) == 1


@pytest.mark.parametrize(
    ("accounts", "given", "message"),
    [
        (("ann", "ann"), {}, "an account is not linked with itself"),
        (("ann", "bob"), {"confidence": 85}, "a confidence cannot be that"),
        (("ann", "bob"), {"confidence": float("nan")}, "a confidence cannot be that"),
        (("ann", "bob"), {"type": "LIVES_WITH"}, "which type of link it is is not clear"),
    ],
)
def test_what_cannot_be_is_refused(store: GraphStore, accounts: tuple[str, str], given: dict, message: str) -> None:  # type: ignore[type-arg]
    before = store.counts()
    with pytest.raises(ConfigError, match=message):
        add_link(store, *accounts, **given)
    assert store.counts() == before


def test_an_unknown_account_is_told(store: GraphStore) -> None:
    for names in (("ann", "nobody"), ("nobody", "ann")):
        with pytest.raises(UnknownUserError, match="there is no such account"):
            add_link(store, *names)
        with pytest.raises(UnknownUserError, match="there is no such account"):
            remove_link(store, *names)
    with pytest.raises(UnknownUserError):
        remove_key(store, "nobody", "email")


def test_a_schema_without_links_is_told() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        for change in (add_link, remove_link):
            with pytest.raises(ConfigError, match="the graph's schema has no links of accounts"):
                change(store, "ann", "bob")
        with pytest.raises(ConfigError, match="there is no such key of accounts"):
            remove_key(store, "ann", "email")


def test_too_many_accounts_are_not_one_person() -> None:
    chain = [link(f"a{n:02}", f"a{n + 1:02}") for n in range(3)]
    with Accounts(schema_of_accounts(most=4), [], chain).store() as store:
        with pytest.raises(ConfigError, match="so many accounts are not one person"):
            add_link(store, "a03", "a04")
        assert add_link(store, "a00", "a02") == ("a00", "a01", "a02", "a03")
        assert add_link(store, "a03", "a04", confidence=0.1) == ("a00", "a01", "a02", "a03")


def test_a_link_is_taken_back_whoever_states_it_and_however_often(store: GraphStore) -> None:
    store.upsert_edges([link("cid", "bob"), link("bob", "cid", platform="wiki"), link("cid", "bob", platform="wiki")])
    gone = remove_link(store, "cid", "bob")
    assert linked_by_source(gone) == ["lens", "wiki"]
    assert store.links("cid", 4) == []
    assert accounts_of(store, "bob") == ("bob",)


def test_what_holds_accounts_together_beside_a_link_is_told(store: GraphStore) -> None:
    with pytest.raises(UnknownIdError) as caught:
        remove_link(store, "anna", "a.n.")
    assert (caught.value.found, caught.value.next) == (
        "both have email 1f",
        "take the key from one of them: kgrec link remove 'anna' --key email",
    )
    with pytest.raises(UnknownIdError) as caught:
        remove_link(store, "ann", "a.n.")
    assert caught.value.found == "one person of 3 accounts; 'ann' is linked with 'anna'"
    with pytest.raises(UnknownIdError) as caught:
        remove_link(store, "ann", "bob")
    assert caught.value.found == "two persons"


def test_a_key_is_taken_from_one_account(store: GraphStore) -> None:
    assert remove_key(store, "a.n.", "email") == "1f"
    assert accounts_of(store, "a.n.") == ("a.n.",)
    assert accounts_of(store, "ann") == ("ann", "anna")
    with pytest.raises(UnknownIdError, match="the account has no such key"):
        remove_key(store, "a.n.", "email")
    with pytest.raises(ConfigError, match="there is no such key of accounts"):
        remove_key(store, "anna", "phone")
