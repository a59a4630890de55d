"""Which accounts are one person, without a graph."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from kgrec.data.persons import Persons, linked_groups


def test_somebody_is_called_by_the_first_of_their_accounts() -> None:
    persons = Persons([["b", "c", "a"], ["y", "x"]])
    assert [persons.person_of(account) for account in ("a", "b", "c", "x", "y", "z")] == ["a", "a", "a", "x", "x", "z"]
    assert persons.accounts_of("c") == ("a", "b", "c")
    assert persons.accounts_of("z") == ("z",)
    assert persons.among(["a", "b", "z", "x", "y"]) == ["a", "z", "x"]
    assert persons.every_account(["a", "z", "x"]) == ["a", "b", "c", "z", "x", "y"]
    assert persons == Persons([["x", "y"], ["c", "b", "a"]])
    assert persons != Persons([["x", "y"]])
    assert repr(persons) == "Persons(2 of 5 accounts)"


def test_an_account_is_known_in_whichever_form_its_letters_are_composed() -> None:
    persons = Persons([["é", "z"]])
    assert persons.accounts_of("e\u0301") == ("z", "é")


def test_nobody_has_several_accounts() -> None:
    assert not Persons()
    assert Persons(apart=["9 accounts share a key"])
    assert Persons().accounts_of("a") == ("a",)


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_the_components_of_the_links(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [(str(a), str(b)) for a, b in rng.integers(0, 12, (rng.integers(0, 12), 2)).tolist()]
    expected = sorted(sorted(group) for group in nx.connected_components(nx.Graph(pairs)) if len(group) > 1)
    assert sorted(map(sorted, linked_groups(pairs))) == expected
    order = rng.permutation(len(pairs)).tolist()
    turned = [pairs[n][::-1] for n in order]
    assert sorted(map(sorted, linked_groups(turned))) == expected
