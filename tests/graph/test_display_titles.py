"""Titles as people say them."""

from __future__ import annotations

import pytest

from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.display_titles import display_title
from kgrec.testing.sample_graph import SampleGraph, films_schema, node


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Truth About Cats & Dogs, The", "The Truth About Cats & Dogs"),
        ("Usual Suspects, The (1995)", "The Usual Suspects (1995)"),
        ("Brief History of Time, A", "A Brief History of Time"),
        ("Affair to Remember, An (1957) (restored)", "An Affair to Remember (1957) (restored)"),
        ("Cook the Thief His Wife & Her Lover, The (1989)", "The Cook the Thief His Wife & Her Lover (1989)"),
        ("Good, The Bad and The Ugly, The", "The Good, The Bad and The Ugly"),
        ("Postino, Il", "Il Postino"),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura (The Adventure) (1960)"),
        ("Live, Die", "Live, Die"),
        ("Sunset, LA", "Sunset, LA"),
        ("Good, The Bad", "Good, The Bad"),
        ("Vitamin, a", "Vitamin, a"),
        (", The", ", The"),
        ("The Band", "The Band"),
    ],
)
def test_an_article_comes_first(title: str, shown: str) -> None:
    assert display_title(title) == shown


def test_titles_are_turned_round_and_names_of_people_are_not() -> None:
    films = [node("Film", uid, "Fly, The", year=year) for uid, year in (("a", 1958.0), ("b", 1986.0))]
    with open_store("kglite::memory:") as store:
        SampleGraph(films_schema(), [*films, node("Person", "p", "Edge, The")]).put_into(store)
        assert read_dataset(store).names == ("The Fly (1958)", "The Fly (1986)", "Edge, The")
