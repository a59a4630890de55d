"""The published MovieLens 100K, exactly. It comes from the cache, else from pip."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec_loaders.movielens100k import MovieLens100kLoader

pytestmark = pytest.mark.download

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def movielens() -> Rows:
    return {t.name: [r for b in t.batches for r in b.to_pylist()] for t in MovieLens100kLoader().tables()}


def test_movielens_counts(movielens: Rows) -> None:
    assert {name: len(rows) for name, rows in movielens.items()} == {
        "ratings": 100_000,
        "users": 943,
        "films": 1_682,
        "freebase_facts": 91_631,
        "freebase_entities": 33_030,
    }
    assert list(movielens["users"][0]) == ["user_id", "age", "gender", "occupation", "zip_code"]
    assert movielens["ratings"][0] == {"user_id": "196", "item_id": "242", "rating": "3", "timestamp": "881250949"}
    assert movielens["films"][0] == {
        "item_id": "1",
        "movie_title": "Toy Story",
        "release_year": "1995",
        "class": "Animation Children's Comedy",
    }


def test_movielens_facts_hold_together(movielens: Rows) -> None:
    films = {row["item_id"] for row in movielens["films"]}
    entities = {row["entity"] for row in movielens["freebase_entities"]}
    assert len(entities) == len(movielens["freebase_entities"])
    assert {row["type"] for row in movielens["freebase_entities"]} == {"Entity"}
    linked = set()
    for row in movielens["freebase_facts"]:
        for end in ("head", "tail"):
            assert row[end] in (films if row[f"{end}_type"] == "Movie" else entities)
            if row[f"{end}_type"] == "Movie":
                linked.add(row[end])
    assert len(linked) == 1_598
    assert movielens["freebase_facts"][0] == {
        "head_type": "Entity",
        "head": "m.04ctbw8",
        "relation": "film.producer.film",
        "tail_type": "Movie",
        "tail": "94",
    }
