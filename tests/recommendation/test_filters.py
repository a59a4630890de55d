"""Filters: conditions on properties of items, and how they are read from text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kgrec.errors import ConfigError
from kgrec.graph import GraphStore
from kgrec.recommendation.filters import Condition, Filters, matching_items
from tests.support.bundles import film_schema, film_store


@pytest.fixture(scope="module")
def store() -> Iterator[GraphStore]:
    with film_store() as opened:
        yield opened


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ([("year", "=", 1979)], {"alien"}),
        ([("year", ">=", 1982)], {"aliens", "blade"}),
        ([("year", ">", 1980), ("year", "!=", 1986), ("year", "<=", 1982)], {"blade"}),
        ([("year", "<", 1979.5), ("tags", "=", "war")], {"star-wars"}),
        ([("tags", "=", "space")], {"star-wars", "empire"}),
        ([("tags", "!=", "war")], {"empire"}),
        ([("tags", "in", ["war", "love"])], {"star-wars"}),
        ([("year", "!=", 1977)], {"empire", "alien", "aliens", "blade"}),
        ([("name", "=", "Newcomer")], {"newcomer"}),
        ([("name", "=", "`) DETACH DELETE n //")], set()),
        ([], {"star-wars", "empire", "alien", "aliens", "blade", "newcomer", "stranger"}),
    ],
)
def test_conditions(store: GraphStore, where: list[tuple[str, str, Any]], expected: set[str]) -> None:
    assert matching_items(store, [Condition(*parts) for parts in where]) == expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            Condition("yaer", "=", 1990),
            "ConfigError: there is no such property to filter by.\n"
            "  where     filter of Film\n"
            "  found     'yaer'\n"
            "  expected  one of name, year, tags, plot\n"
            "  next      correct the name, or add the property to the graph schema and import again",
        ),
        (
            Condition("year", "~", 1990),
            "ConfigError: there is no such comparison.\n"
            "  where     filter of Film, property 'year'\n"
            "  found     '~'\n"
            "  expected  one of = != < <= > >= in\n"
            '  next      write a condition such as Condition("year", ">=", 1990)',
        ),
        (
            Condition("year", ">=", "1990"),
            "ConfigError: the filter's value cannot be compared with the property.\n"
            "  where     filter, property 'year'\n"
            "  found     '1990' (str)\n"
            "  expected  something to compare with float, such as 1977.0\n"
            "  next      give a value of the property's own type",
        ),
    ],
)
def test_conditions_that_cannot_be(store: GraphStore, condition: Condition, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        matching_items(store, [condition])
    assert str(caught.value).replace("such as 1980.0", "such as 1977.0").replace(
        "such as 1979.0", "such as 1977.0"
    ) == (message)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("year>=1980", Condition("year", ">=", 1980.0)),
        (" year < 1986 ", Condition("year", "<", 1986.0)),
        ("year in 1982, 1986", Condition("year", "in", [1982.0, 1986.0])),
        ("tags in war,space", Condition("tags", "in", ["war", "space"])),
        ("name=Blade = Runner", Condition("name", "=", "Blade = Runner")),
        ("unknown!=1", Condition("unknown", "!=", "1")),
    ],
)
def test_a_condition_is_read_from_text(text: str, condition: Condition) -> None:
    assert Condition.parse(text, film_schema()) == condition


def test_without_a_schema_every_value_is_a_text() -> None:
    assert Condition.parse("year>=1980", None) == Condition("year", ">=", "1980")


def test_texts_that_are_no_condition() -> None:
    with pytest.raises(ConfigError) as unreadable:
        Condition.parse("1990", film_schema())
    assert str(unreadable.value) == (
        "ConfigError: a filter cannot be read.\n"
        "  where     filter\n"
        "  found     '1990'\n"
        "  expected  a property, one of = != < <= > >= in, and a value: year>=1990, 'genres in Comedy,Drama'\n"
        "  next      in a shell put the filter into quotes, in an address write < as %3C and > as %3E"
    )
    with pytest.raises(ConfigError) as no_number:
        Condition.parse("year>=nan", film_schema())
    assert str(no_number.value) == (
        "ConfigError: a filter needs a number.\n"
        "  where     filter year>=nan\n"
        "  found     'nan'\n"
        "  expected  a number, because the graph schema says that the property is one\n"
        "  next      correct the value"
    )


def test_lists_that_are_empty_were_not_given() -> None:
    assert Filters.parse(None, allow=[], deny=[], where=[]) == Filters(where=[])


def test_cold_items_are_taken_in_one_of_three_ways() -> None:
    wrong: Any = "some"
    with pytest.raises(ConfigError) as caught:
        Filters(cold_items=wrong)
    assert str(caught.value) == (
        "ConfigError: there is no such way to take cold items.\n"
        "  where     filter, cold items\n"
        "  found     'some'\n"
        "  expected  one of include, only, exclude\n"
        "  next      choose one"
    )
