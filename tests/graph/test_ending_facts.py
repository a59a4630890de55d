"""Facts with an end, as rows of a model: those that it does not know are passed over."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph import open_store
from kgrec.graph.ending_facts import ending_facts
from kgrec.testing.sample_graph import films_graph
from tests.support.ending_graphs import ending_schema, put_facts

NODES = Vocabulary(["Film:i0", "Film:i1", "Genre:e0"])
RELATIONS = ("HAS_GENRE", "LINKED/near")


def test_rows_are_those_of_the_model() -> None:
    with open_store("kglite::memory:") as store:
        put_facts(
            store,
            [
                ("Film:i0", "HAS_GENRE", "Genre:e0", 9.0),
                ("Film:i1", "HAS_GENRE", "Genre:e0", None),
                ("Genre:e0", "LINKED/near", "Film:i1", 5.5),
                ("Film:i0", "LINKED/far", "Film:i1", 1.0),
                ("Film:i7", "HAS_GENRE", "Genre:e0", 2.0),
                ("Film:i0", "HAS_GENRE", "Genre:e3", 3.0),
            ],
        )
        found = ending_facts(store, NODES, RELATIONS, Facts.none())
    rows = zip(found.head.tolist(), found.relation.tolist(), found.tail.tolist(), found.until.tolist(), strict=True)
    assert list(rows) == [(0, 0, 2, 9.0), (2, 1, 1, 5.5)]
    assert found.relations == RELATIONS


def test_of_too_many_those_that_were_known_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.graph.ending_facts.MOST_ENDING", 1)
    row = partial(np.full, 1, dtype=np.int64)
    known = Facts(row(1), row(0), row(2), RELATIONS, until=np.array([7.0]))
    with open_store("kglite::memory:") as store:
        put_facts(store, [("Film:i0", "HAS_GENRE", "Genre:e0", 9.0), ("Film:i1", "HAS_GENRE", "Genre:e0", 8.0)])
        found = ending_facts(store, NODES, RELATIONS, known)
        assert (found.head.tolist(), found.until.tolist()) == ([0, 1], [9.0, 7.0])
        put_facts(store, [("Film:i1", "HAS_GENRE", "Genre:e0", 9.5)])
        found = ending_facts(store, NODES, RELATIONS, known)
        assert (found.head.tolist(), found.until.tolist()) == ([1], [9.5])


def test_where_nothing_can_end_nobody_is_asked() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        assert len(ending_facts(store, NODES, RELATIONS, Facts.none())) == 0


def test_the_schema_says_what_may_end() -> None:
    assert set(ending_schema().edges) == {"HAS_GENRE", "LINKED"}
