"""The store as a data set."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.data.records import NodeRecord
from kgrec.errors import GraphError
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.export.to_networkx import to_networkx
from kgrec.testing.sample_graph import films_graph, films_schema


def test_the_films_as_arrays() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        store.upsert_nodes([NodeRecord("Film", "alien", {"tags": ["space", "horror"], "plot": "A ship lands"})])
        data = read_dataset(store)
    assert list(data.users) == ["ann", "bob"]
    assert list(data.items) == ["alien", "aliens", "heat", "ronin", "solo"]
    assert list(data.nodes)[:6] == [
        *(f"Film:{uid}" for uid in data.items),
        "Person:cameron",
    ]
    assert len(data.nodes) == len(data.names) == 12
    assert data.names[0] == "Alien"
    assert data.names[data.nodes.row("Person:m.0x1") or 0] == "m.0x1"
    assert data.texts[:2] == ("Alien. space, horror. A ship lands", "Aliens")
    assert data.texts[5] == ""
    behaviour = data.interactions
    assert (behaviour.kinds, behaviour.platforms) == (("rate", "stream"), ("lens", "wiki"))
    told = [
        (data.users[u], data.items[i], behaviour.kinds[k], t, w)
        for u, i, k, t, w in zip(
            behaviour.user, behaviour.item, behaviour.kind, behaviour.time, behaviour.weight, strict=True
        )
    ]
    assert told[:3] == [
        ("ann", "alien", "rate", 10.0, 4.0),
        ("ann", "aliens", "rate", 20.0, 5.0),
        ("bob", "alien", "rate", 15.0, 3.0),
    ]
    assert told[3][:3] == ("ann", "heat", "stream")
    assert np.isnan(told[3][3])
    facts = data.facts
    assert facts.relations == ("ACTED_IN", "DIRECTED_BY", "HAS_GENRE", "SEQUEL_OF", "WORKED_WITH/as producer")
    triples = {
        (data.nodes[h], facts.relations[r], data.nodes[t])
        for h, r, t in zip(facts.head, facts.relation, facts.tail, strict=True)
    }
    assert len(triples) == len(facts) == 13
    assert ("Person:mann", "WORKED_WITH/as producer", "Person:scott") in triples
    assert ("Film:aliens", "SEQUEL_OF", "Film:alien") in triples


def test_a_graph_without_behaviour_or_facts() -> None:
    with open_store("kglite::memory:") as store:
        store.apply_schema(films_schema())
        data = read_dataset(store)
    assert repr(data) == "Dataset(0 users, 0 items, 0 nodes, 0 interactions, 0 facts)"


def test_an_empty_store_has_no_graph_to_read() -> None:
    with open_store("kglite::memory:") as store:
        with pytest.raises(GraphError, match="the store is empty"):
            read_dataset(store)
        with pytest.raises(GraphError, match="the store is empty"):
            to_networkx(store)
