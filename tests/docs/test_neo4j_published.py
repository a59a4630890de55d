"""Every statement of the page's part on publishing runs and finds something, on both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.recommendation.publishing import publish
from kgrec.testing.sample_graph import films_graph
from tests.support import ROOT
from tests.support.bundles import bundle_of, random_model

PAGE = (ROOT / "docs/neo4j.md").read_text(encoding="utf-8").split("\n## Written back")[1]
STATEMENTS = re.findall(r"^```cypher\n(.*?)\n^```", PAGE, re.MULTILINE | re.DOTALL)
PARAMETER = re.compile(r"^:param (\w+) => (?:'([^'\\]*)'|(\d+));\n", re.MULTILINE)


@pytest.fixture(params=["kglite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def published(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The five films with what a model that nobody trained says of them."""
    url = "kglite::memory:" if request.param == "kglite" else request.getfixturevalue("neo4j_url")
    with open_store(url) as store:
        films_graph().put_into(store)
        data = read_dataset(store)
        rng = np.random.default_rng(0)
        bundle = bundle_of(
            random_model(rng, 5),
            Interactions.of_pairs([], []),
            2,
            schema=store.schema,
            graph_id=store.graph_id,
            items=tuple(data.items),
            users=tuple(data.users),
        )
        vectors = rng.normal(size=(len(data.nodes), 8)).astype(np.float32)
        publish(replace(bundle, nodes=data.nodes, names=data.names, node_embeddings=vectors), store)
        yield store


def run(store: Any, statement: str) -> list[dict[str, Any]]:
    values = {name: int(number) if number else text for name, text, number in PARAMETER.findall(statement)}
    found: list[dict[str, Any]] = store._read(PARAMETER.sub("", statement), values, None)
    return found


def test_every_statement_finds_something(published: Any) -> None:
    assert len(STATEMENTS) == 7
    found = [run(published, statement) for statement in STATEMENTS]
    assert all(found)
    recommended, since_1990, crime, who, similar, alike, alike_since_1990 = found
    assert {row["item"] for row in recommended} == {"aliens", "heat", "ronin", "solo"}  # bob has seen alien
    assert [row["rank"] for row in recommended] == [1, 2, 3, 4]
    assert {row["name"] for row in since_1990} == {"Heat", "Ronin", "Solo"}
    assert {row["name"] for row in crime} == {"Heat", "Ronin"}
    assert {row["user"] for row in who} == {"ann", "bob"}
    assert len(similar) == 4
    assert len(alike) == 3
    assert {row["name"] for row in alike_since_1990} == {"Heat", "Ronin", "Solo"}
