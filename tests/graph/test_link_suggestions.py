"""Suggested links in a world whose persons are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from kgrec.data.records import Interaction, NodeRecord
from kgrec.graph import GraphStore, open_store
from kgrec.graph.link_editing import add_link
from kgrec.graph.link_suggestions import SuggestedLink, suggest_links
from kgrec.graph.person_links import read_persons
from kgrec.testing.sample_graph import SampleGraph, link, linked_films_graph, linked_films_schema, node

PEOPLE, FILMS, TAKEN, COMMON = 60, 400, 12, 5
DAY = 86_400.0


def twins(seed: int, shared: int) -> SampleGraph:
    """People with an account on each of two platforms; they take some films on both within hours, others on one.

    A few films are taken by everybody.
    """
    rng = np.random.default_rng(seed)
    done = []
    for person in range(PEOPLE):
        own = rng.choice(np.arange(COMMON, FILMS), TAKEN, replace=False)
        for n, platform in enumerate(("lens", "wiki")):
            films = [*range(COMMON), *own[:shared], *own[shared + n :: 2]]
            for film in films:
                at = 1e9 + DAY * float(film) + 3600.0 * n
                done.append(Interaction("WATCHED", f"{platform}-{person:02}", f"f{film}", "watch", platform, at))
    users = sorted({one.user for one in done})
    nodes = [
        *(NodeRecord("User", user, {}, user[:4]) for user in users),
        *(node("Film", f"f{n}") for n in range(FILMS)),
    ]
    return SampleGraph(linked_films_schema(), nodes, [], done)


def right(found: list[SuggestedLink]) -> list[bool]:
    return [one.account.partition("-")[2] == one.other.partition("-")[2] for one in found]


@pytest.mark.parametrize("seed", range(3))
def test_twins_are_found_and_hardly_anybody_else(seed: int) -> None:
    with open_store("kglite::memory:") as store:
        twins(seed, shared=6).put_into(store)
        found = suggest_links(store, most=1000)
        assert not read_persons(store), "nobody is linked by a suggestion"
    assert np.mean(right(found)) >= 0.95
    assert sum(right(found)) >= 0.9 * PEOPLE
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_where_nobody_has_two_accounts_hardly_anybody_is_suggested() -> None:
    """Alone by chance: two films in common of twelve are not enough."""
    with open_store("kglite::memory:") as store:
        twins(0, shared=0).put_into(store)
        assert len(suggest_links(store, most=1000)) <= 0.1 * PEOPLE


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with open_store("kglite::memory:") as opened:
        linked_films_graph().put_into(opened)
        yield opened


def take(store: GraphStore, user: str, *films: str, at: float | None) -> None:
    store.upsert_interactions([Interaction("WATCHED", user, film, "watch", "lens", at) for film in films])


def test_what_speaks_for_it_is_said(store: GraphStore) -> None:
    take(store, "cid", "ronin", "solo", at=1e9)
    take(store, "dee", "ronin", "solo", at=1e9 + DAY / 2)
    found = suggest_links(store)[0]
    assert (found.account, found.other) == ("cid", "dee")
    assert found.score == pytest.approx(0.5), "times are not all known, so that none is near"
    assert found.evidence == (
        "both took Ronin, which 2 of 8 accounts took",
        "both took Solo, which 2 of 8 accounts took",
    )


def test_things_of_one_day_count_more() -> None:
    with open_store("kglite::memory:") as store:
        world = linked_films_graph()
        SampleGraph(world.schema, world.nodes, []).put_into(store)
        take(store, "cid", "ronin", "solo", at=1e9)
        take(store, "dee", "ronin", "solo", at=1e9 + 30 * DAY)
        take(store, "eve", "ronin", at=1e9 + 30 * DAY)
        (far,) = suggest_links(store)
        take(store, "dee", "solo", at=1e9 + DAY / 2)
        (near,) = suggest_links(store)
    assert near.score > far.score
    assert near.evidence[0] == "both took Solo, which 2 of 8 accounts took, within a day"


def test_a_link_that_is_not_sure_is_suggested(store: GraphStore) -> None:
    (found,) = suggest_links(store)
    assert found == SuggestedLink("bert", "bob", 0.5, ("lens is 0.5 sure, of 0.8 asked for",))
    assert suggest_links(store, least=0.6) == []
    assert suggest_links(store, most=0) == []


def test_who_is_one_person_already_is_not_suggested(store: GraphStore) -> None:
    take(store, "cid", "ronin", "solo", at=1e9)
    take(store, "dee", "ronin", "solo", at=1e9)
    add_link(store, "cid", "dee")
    add_link(store, "bert", "bob")
    assert suggest_links(store) == []


def test_a_value_that_few_have_speaks_for_it(store: GraphStore) -> None:
    store.upsert_nodes([NodeRecord("User", uid, {"name": "Dorothea"}) for uid in ("cid", "dee")])
    store.upsert_edges([link("bert", "bob", 1.0)])
    take(store, "cid", "ronin", at=None)
    take(store, "dee", "ronin", at=None)
    (found,) = suggest_links(store)
    assert "both have name Dorothea, which 2 of 8 accounts have" in found.evidence
    assert found.score == pytest.approx(0.75)


def test_an_empty_graph_has_nobody() -> None:
    with open_store("kglite::memory:") as store:
        store.apply_schema(linked_films_schema())
        assert suggest_links(store) == []
