"""The store as a data set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import AGAINST, FOR
from kgrec.data.records import Interaction, NodeRecord
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


def test_what_speaks_against_its_item_is_apart() -> None:
    behaviour = [
        Interaction("RATED", "ann", "alien", "rate", "lens", 1.0, 4.0),
        Interaction("RATED", "ann", "heat", "rate", "lens", 2.0, -1.0),
        Interaction("WATCHED", "bob", "alien", "skip", "lens", 3.0),
        Interaction("WATCHED", "bob", "heat", "stream", "lens", 4.0),
    ]
    world = films_graph()
    with open_store("kglite::memory:") as store:
        replace(world, interactions=behaviour).put_into(store)
        data = read_dataset(store)
    told = [
        [(data.users[u], data.items[i], part.types[t]) for u, i, t in zip(part.user, part.item, part.type, strict=True)]
        for part in (data.interactions, data.against)
    ]
    assert told == [[("ann", "alien", "RATED"), ("bob", "heat", "WATCHED")], [("ann", "heat", "RATED")]]
    assert data.behaviour.says.tolist() == [FOR, FOR, AGAINST]


def test_items_of_one_name_are_told_apart() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        store.upsert_nodes([NodeRecord("Film", "solo", {"name": "Heat", "year": 2018.0})])
        store.upsert_nodes([NodeRecord("Film", "heat", {"year": 1995.0})])
        data = read_dataset(store)
    names = dict(zip(data.items, data.names[: len(data.items)], strict=True))
    assert (names["heat"], names["solo"], names["alien"]) == ("Heat (1995)", "Heat (2018)", "Alien")
