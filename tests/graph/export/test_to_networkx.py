"""The store as a networkx graph."""

from __future__ import annotations

from kgrec.graph import open_store
from kgrec.graph.export.to_networkx import to_networkx
from kgrec.testing.sample_graph import films_graph


def test_the_films_in_networkx() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        graph = to_networkx(store)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (14, 19)
    assert graph.nodes["Film:alien"] == {"type": "Film", "uid": "alien", "name": "Alien", "year": 1979.0}
    assert graph.edges["Person:mann", "Person:scott", ("WORKED_WITH", "as producer")]["part"] == "fact"
    rated = graph.edges["User:ann", "Film:alien", ("RATED", "rate|lens|10.0")]
    assert rated == {
        "part": "interaction",
        "type": "RATED",
        "relation": "rate",
        "kind": "rate",
        "platform": "lens",
        "time": 10.0,
        "weight": 4.0,
        "context": None,
    }
