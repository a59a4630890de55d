"""Every statement of docs/neo4j.md runs and finds something, and is what kgrec itself would print."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kgrec.graph import open_store
from kgrec.graph.cypher.look_ups import READ_QUERIES
from kgrec.graph.cypher.pasteable import explanation_statement, look_up_statement
from kgrec.graph.store_types import GraphPath, NodeRef, PathStep
from kgrec.testing.sample_graph import films_graph, films_schema
from tests.support import ROOT

PAGE = (ROOT / "docs/neo4j.md").read_text(encoding="utf-8").split("\n## Written back")[0]
STATEMENTS = re.findall(r"^```cypher\n(.*?)\n^```", PAGE, re.MULTILINE | re.DOTALL)
PARAMETER = re.compile(r"^:param (\w+) => (?:'([^'\\]*)'|(\d+));\n", re.MULTILINE)

HEAT, RONIN = NodeRef("Film", "heat", "Heat"), NodeRef("Film", "ronin", "Ronin")
DENIRO, CRIME = NodeRef("Person", "deniro", "Deniro"), NodeRef("Genre", "crime", "Crime")
PATHS = [
    GraphPath((PathStep(HEAT, over, type, type, forward), PathStep(over, RONIN, type, type, not forward)))
    for over, type, forward in ((CRIME, "HAS_GENRE", True), (DENIRO, "ACTED_IN", False))
]

Run = Callable[[str], list[Any]]


def parameters(statement: str) -> dict[str, str | int]:
    return {name: int(number) if number else text for name, text, number in PARAMETER.findall(statement)}


@pytest.fixture(params=["kglite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a statement of the page, with its parameters, on the five films."""
    url = "kglite::memory:" if request.param == "kglite" else request.getfixturevalue("neo4j_url")
    with open_store(url) as store:
        films_graph().put_into(store)
        reader: Any = store
        yield lambda statement: reader._read(PARAMETER.sub("", statement), parameters(statement), None)


def test_every_statement_finds_something(run: Run) -> None:
    assert len(STATEMENTS) == 2 + len(READ_QUERIES)
    for statement in STATEMENTS:
        assert run(statement), statement


@pytest.mark.parametrize("name", READ_QUERIES)
def test_the_look_ups_are_those_that_kgrec_prints(name: str) -> None:
    (statement,) = re.findall(rf"^### {name}\n.*?^```cypher\n(.*?)\n^```", PAGE, re.MULTILINE | re.DOTALL)
    values = parameters(statement)
    if name == "node_degree":
        values["type"] = "Person"
    assert statement == look_up_statement(films_schema(), name, values)


def test_the_explanation_is_one_that_kgrec_prints() -> None:
    assert explanation_statement(films_schema(), ["ann"], "ronin", ["heat"], ["stream"], PATHS) == STATEMENTS[-1]
