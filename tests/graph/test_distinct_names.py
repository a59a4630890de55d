"""Names that people can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kgrec.graph.distinct_names import distinct_names


def test_a_name_of_one_node_stays() -> None:
    assert distinct_names(["Emma", "Heat"], ["1", "2"], {"year": [1996.0, 1995.0]}) == ["Emma", "Heat"]


def test_the_first_short_property_that_differs_tells_them_apart() -> None:
    properties: dict[str, Sequence[Any]] = {
        "text": ["x" * 50, "y"],
        "tags": [["a"], ["b"]],
        "maker": ["A", "A"],
        "year": [1996.0, 2020.0],
        "price": [1, 2],
    }
    assert distinct_names(["Emma", "Emma"], ["1", "2"], properties) == ["Emma (1996)", "Emma (2020)"]


def test_the_id_does_where_no_property_is_there_for_all() -> None:
    names = distinct_names(["Emma", "Emma", "Emma"], ["1", "2", "3"], {"year": [1996.0, None, 2020.0]})
    assert names == ["Emma (1)", "Emma (2)", "Emma (3)"]


def test_who_has_such_a_name_in_truth_keeps_it() -> None:
    names = distinct_names(["Emma", "Emma", "Emma (1996)"], ["1", "2", "3"], {"year": [1996, 2020, 1996]})
    assert names == ["Emma (1)", "Emma (2020)", "Emma (1996)"]
