"""Items that may be one product, in a world where some are."""

from __future__ import annotations

import numpy as np

from kgrec.data.records import Interaction, NodeRecord
from kgrec.graph import open_store
from kgrec.graph.item_suggestions import SuggestedItems, suggest_same_items
from kgrec.testing.sample_graph import SampleGraph, link, linked_films_schema, node

PEOPLE, FILMS, TWICE = 60, 80, 10


def listed_twice() -> SampleGraph:
    """Everybody has two accounts; ten films are on both platforms, as ``a-N`` and ``b-N``, and most see them twice.

    Links make persons of all accounts but those of the last five people.
    """
    rng = np.random.default_rng(0)
    done = []
    for person in range(PEOPLE):
        for film in rng.choice(FILMS, 8, replace=False).tolist():
            sides = ("a", "b") if film < TWICE and rng.random() < 0.8 else ("ab"[film % 2],)
            done += [
                Interaction(
                    "WATCHED", f"{side}-{person:02}", f"{side}-{film}", "watch", "lens" if side == "a" else "wiki"
                )
                for side in sides
            ]
    users, films = sorted({one.user for one in done}), sorted({one.item for one in done})
    nodes = [*(NodeRecord("User", user, {}, "") for user in users), *(node("Film", film) for film in films)]
    links = [link(f"a-{n:02}", f"b-{n:02}") for n in range(PEOPLE - 5) if {f"a-{n:02}", f"b-{n:02}"} <= set(users)]
    return SampleGraph(linked_films_schema(), nodes, links, done)


def test_what_is_listed_twice_is_found() -> None:
    with open_store("kglite::memory:") as store:
        listed_twice().put_into(store)
        found = suggest_same_items(store)
    assert {(one.item, one.other) for one in found} <= {(f"a-{n}", f"b-{n}") for n in range(TWICE)}
    assert len(found) >= 0.6 * TWICE
    assert all(one.both >= 3 and one.score == one.both / one.either for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_without_links_nobody_is_on_two_platforms() -> None:
    graph = listed_twice()
    with open_store("kglite::memory:") as store:
        SampleGraph(graph.schema, graph.nodes, [], graph.interactions).put_into(store)
        assert suggest_same_items(store, least=0.0) == []


def test_as_plain_data() -> None:
    one = SuggestedItems("a", "b", ("Alien", "Alien"), 0.75, 3, 4)
    assert one.as_dict() == {
        "item": "a",
        "other": "b",
        "names": ("Alien", "Alien"),
        "score": 0.75,
        "both": 3,
        "either": 4,
    }
