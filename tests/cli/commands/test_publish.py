"""`kgrec publish`: what it writes and says."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec.errors import GraphError
from kgrec.graph import open_store
from kgrec.graph.stores.cypher_store import CypherStore
from tests.support.shop import Shell


def test_publish(shell: Shell) -> None:
    shell.learned()
    said = shell("publish", "-k", "2", "--similar", "1", "--json", "--quiet")
    gone = (
        "note: left out, because they have gone from the graph since: 1 nodes\n"  # the bundle's genre never was there
    )
    assert (said.code, said.err) == (0, gone)
    assert {name: said.json[name] for name in ("users", "items", "recommended", "similar", "vector_index", "slot")} == {
        "users": 3,
        "items": 7,
        "recommended": 6,
        "similar": 7,
        "vector_index": True,
        "slot": "a",
    }
    before = shell("inspect", "--json").json
    said = shell("publish", "-k", "2", "--similar", "1", "--quiet")
    assert said.code == 0
    assert ", as before" in said.out
    assert "RECOMMENDED" in said.out
    assert shell("inspect", "--json").json == before


def test_a_graph_that_is_not_there_is_not_made(shell: Shell) -> None:
    shell.learned()
    said = shell("publish", "--store", "kglite:kgrek.kgl")
    assert said.code == 4
    assert "there is no graph to read" in said.err
    assert list(shell.folder.glob("kgrek*")) == []


def test_somebody_has_left_and_the_server_has_no_vector_index(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.learned()
    with open_store("kglite:kgrec.kgl") as store:
        store.delete_user("bob")
    real = CypherStore.write_back

    def write_back(self: CypherStore, statement: str, *names: str, **parameters: Any) -> Any:
        if statement == "create_index":
            raise GraphError("the graph store refused a statement.", found="no such index type")
        return real(self, statement, *names, **parameters)

    monkeypatch.setattr(CypherStore, "write_back", write_back)
    said = shell("publish", "--quiet")
    assert said.code == 0
    assert said.err == (
        "note: left out, because they have gone from the graph since: 1 nodes, 1 users\n"
        "note: no vector index: the graph store refused a statement. no such index type "
        "Embeddings are stored, and SIMILAR works without one.\n"
    )


def test_a_list_of_nothing(shell: Shell) -> None:
    shell.learned()
    said = shell("publish", "-k", "0")
    assert said.code == 2
    assert "ConfigError: k must be at least 1." in said.err
