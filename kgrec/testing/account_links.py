"""What every graph store promises of links of accounts, as tests: found from either end, and gone without a trace."""

from __future__ import annotations

import pytest

from kgrec.data.persons import AccountLink
from kgrec.data.records import NodeRecord
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.link_editing import add_link, remove_link
from kgrec.graph.person_links import accounts_of, read_persons
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import UpsertCounts
from kgrec.testing.open_graph import OpenGraphContract, everything
from kgrec.testing.sample_graph import link, linked_films_graph


class AccountLinksContract(OpenGraphContract):
    """Tests of links."""

    @pytest.fixture
    def linked(self, store: GraphStore) -> GraphStore:
        """The store with the graph of :func:`linked_films_graph` in it."""
        linked_films_graph().put_into(store)
        return store

    def test_a_link_is_found_from_either_end(self, linked: GraphStore) -> None:
        stated = {"by": "SAME_PERSON", "relation": "SAME_PERSON", "stated": True, "platforms": ("lens",)}
        assert linked.links("ann", 4) == [AccountLink("ann", "anna", forward=True, since=1e9, **stated)]  # type: ignore[arg-type]
        assert linked.links("anna", 4) == [
            AccountLink("anna", "ann", forward=False, since=1e9, **stated),  # type: ignore[arg-type]
            AccountLink("anna", "a.n.", "email", "1f", False, platforms=("wiki",)),
        ]
        assert linked.links("bob", 4) == [AccountLink("bob", "bert", forward=False, confidence=0.5, **stated)]  # type: ignore[arg-type]

    def test_who_has_no_link_has_none(self, linked: GraphStore) -> None:
        assert linked.links("cid", 4) == []
        assert linked.links("nobody", 4) == []

    def test_a_schema_without_links_has_none(self, films: GraphStore) -> None:
        assert films.links("ann", 4) == []
        assert accounts_of(films, "ann") == ("ann",)
        assert not read_persons(films)

    def test_of_a_key_that_many_share_some_are_found(self, linked: GraphStore) -> None:
        linked.upsert_nodes([NodeRecord("User", f"u{n}", {"email": "1f"}) for n in range(9)])
        found = linked.links("u1", 3)
        assert len(found) == 3
        assert {one.relation for one in found} == {"1f"}
        assert "u1" not in {one.other for one in found}

    def test_persons_are_what_links_lead_to(self, linked: GraphStore) -> None:
        person = ("a.n.", "ann", "anna")
        assert [accounts_of(linked, account) for account in person] == [person] * 3
        assert accounts_of(linked, "bob") == ("bob",)
        assert accounts_of(linked, "dee") == ("dee",)
        persons = read_persons(linked)
        assert dict(persons.groups) == {"a.n.": person}
        assert persons.apart == ("2 accounts have email e3b0c442..., which stands for nothing",)
        data = read_dataset(linked)
        assert list(data.users) == ["a.n.", "bert", "bob", "cid", "dee", "eve"]
        assert {data.users[row] for row in data.interactions.user.tolist()} == {"a.n.", "bob"}

    def test_a_link_to_nobody_dangles(self, linked: GraphStore) -> None:
        assert linked.upsert_edges([link("ann", "nobody"), link("nobody", "ann")]) == UpsertCounts(0, 0, 2)
        assert accounts_of(linked, "ann") == ("a.n.", "ann", "anna")

    def test_a_link_that_is_taken_back_was_never_there(self, linked: GraphStore) -> None:
        before = everything(linked), read_persons(linked), read_dataset(linked).users
        assert add_link(linked, "cid", "bob") == ("bob", "cid")
        assert accounts_of(linked, "cid") == ("bob", "cid")
        assert [one.platforms for one in remove_link(linked, "bob", "cid")] == [("by hand",)]
        assert (everything(linked), read_persons(linked), read_dataset(linked).users) == before

    def test_a_link_goes_with_the_last_who_states_it(self, linked: GraphStore) -> None:
        linked.upsert_edges([link("cid", "eve", platform="lens"), link("cid", "eve", platform="wiki")])
        assert linked.retract([link("cid", "eve", platform="lens")]) == 0
        assert [one.platforms for one in linked.links("eve", 4)[:1]] == [("wiki",)]
        assert accounts_of(linked, "eve") == ("cid", "eve")
        assert linked.retract([link("cid", "eve", platform="wiki")]) == 1
        assert accounts_of(linked, "eve") == ("eve",)

    def test_a_forgotten_account_takes_its_links_along(self, linked: GraphStore) -> None:
        linked.delete_user("anna")
        assert accounts_of(linked, "ann") == ("ann",)
        assert accounts_of(linked, "a.n.") == ("a.n.",)
        assert not read_persons(linked).groups
