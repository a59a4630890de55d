"""Links as people look through them."""

from __future__ import annotations

import pytest

from kgrec.errors import UnknownUserError
from kgrec.graph import open_store
from kgrec.graph.link_listing import linked_accounts
from kgrec.testing.sample_graph import films_graph, linked_films_graph


def test_everybody_and_one() -> None:
    with open_store("kglite::memory:") as store:
        linked_films_graph().put_into(store)
        found, of_one = linked_accounts(store), linked_accounts(store, "ann")
        with pytest.raises(UnknownUserError, match="there is no such account"):
            linked_accounts(store, "nobody")
    assert found["persons"] == [["a.n.", "ann", "anna"]]
    assert [(row["account"], row["other"], row["by"], row["stated by"], row["says"]) for row in found["links"]] == [
        ("a.n.", "anna", "email 1f", "", "one person"),
        ("ann", "anna", "SAME_PERSON", "lens", "one person"),
        ("bert", "bob", "SAME_PERSON", "lens", "a proposal"),
        ("bob", "cid", "LIVES_WITH", "lens", "one household"),
    ]
    assert [(row["confidence"], row["since"]) for row in found["links"]] == [
        (None, None), (None, 1e9), (0.5, None), (None, None),
    ]  # fmt: skip
    assert found["left apart"] == ["2 accounts have email e3b0c442..., which stands for nothing"]
    assert of_one["persons"] == found["persons"]
    assert of_one["links"] == found["links"][:2]


def test_where_there_are_no_links_there_is_nothing() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        assert linked_accounts(store) == {"persons": [], "links": [], "left apart": []}
