"""Exact top-k with stable ties, ranks, and property filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.errors import ConfigError
from kgrec.graph import GraphStore
from kgrec.recommendation.candidates import matching_items
from kgrec.scoring.top_k import rank_of, top_k
from tests.support.bundles import film_store

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(SCORES, st.integers(1, 35), st.integers(0, 2**32 - 1))
def test_top_k_is_the_head_of_a_full_sort(values: list[float], k: int, seed: int) -> None:
    scores = np.array(values)
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(values)) < 0.7)
    expected = sorted(rows.tolist(), key=lambda row: (-scores[row], row))
    assert top_k(scores, rows, k).tolist() == expected[:k]
    for place, row in enumerate(expected, start=1):
        assert rank_of(row, scores, rows) == place


def test_rank_of_an_item_that_is_no_candidate_is_the_place_it_would_take() -> None:
    assert rank_of(1, np.array([3.0, 2.0, 1.0]), np.array([0, 2])) == 2


@pytest.fixture(scope="module")
def store() -> Iterator[GraphStore]:
    with film_store() as opened:
        yield opened


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"year": 1979}, {"alien"}),
        ({"year": (">=", 1982)}, {"aliens", "blade"}),
        ({"year": ("<", 1979.5), "tags": "war"}, {"star-wars"}),
        ({"tags": "space"}, {"star-wars", "empire"}),
        ({"tags": ("!=", "war")}, {"empire"}),
        ({"tags": ("in", ["war", "love"])}, {"star-wars"}),
        ({"year": ("!=", 1977)}, {"empire", "alien", "aliens", "blade"}),
        ({"name": "Newcomer"}, {"newcomer"}),
        ({"name": "`) DETACH DELETE n //"}, set()),
        ({}, {"star-wars", "empire", "alien", "aliens", "blade", "newcomer", "stranger"}),
    ],
)
def test_filters(store: GraphStore, where: dict[str, Any], expected: set[str]) -> None:
    assert matching_items(store, where) == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            {"yaer": 1990},
            "ConfigError: there is no such property to filter by.\n"
            "  where     filter of Film\n"
            "  found     'yaer'\n"
            "  expected  one of name, year, tags, plot\n"
            "  next      correct the name, or add the property to the graph schema and import again",
        ),
        (
            {"year": ("~", 1990)},
            "ConfigError: there is no such comparison.\n"
            "  where     filter of Film, property 'year'\n"
            "  found     '~'\n"
            "  expected  one of = != < <= > >= in\n"
            '  next      write a value for equality, or a pair such as (">=", 1990)',
        ),
        (
            {"year": (">=", "1990")},
            "ConfigError: the filter's value cannot be compared with the property.\n"
            "  where     filter, property 'year'\n"
            "  found     '1990' (str)\n"
            "  expected  something to compare with float, such as 1977.0\n"
            "  next      give a value of the property's own type",
        ),
    ],
)
def test_filters_that_cannot_be(store: GraphStore, where: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        matching_items(store, where)
    assert str(caught.value).replace("such as 1980.0", "such as 1977.0").replace(
        "such as 1979.0", "such as 1977.0"
    ) == (message)
