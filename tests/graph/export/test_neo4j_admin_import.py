"""The files say what the graph holds, and a real Neo4j imports them as the graph that it would have been written."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.graph import GraphStore, open_store
from kgrec.graph.export.neo4j_admin import AdminExport, export_for_neo4j_admin
from kgrec.testing.sample_graph import SampleGraph, films_graph, hostile_strings, node
from tools.neo4j.server import Neo4jServer

LONG = 2_500_000


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with open_store("kglite::memory:") as opened:
        yield opened


def trying_world() -> SampleGraph:
    """The films, every hostile text wherever a text can be, every kind of value, and no, one and several platforms."""
    films = films_graph()
    texts = [t for t in hostile_strings() if len(t) < 8_000]
    texts += ["\r", "a\rb", "\x00", "\x0b\x0c", '"\n"', "\u2028", "a,b", "中" * 9]
    kinds: list[Any] = [7, 7.25, True, "7", -(2**63), 1e-320, math.inf, ["a", "b"], ["", ""], [1.5, -2.0], [1, 2]]
    nodes = [NodeRecord("Film", f"f{t}", {"name": t, "plot": t, "tags": [t, t]}, t, [f"wiki:{t}"]) for t in texts]
    nodes += [NodeRecord("User", t, {}, "lens") for t in texts] + [NodeRecord("Film", t) for t in texts]
    nodes += [NodeRecord("User", t, {}, "wiki") for t in texts[:5]]
    nodes += [NodeRecord("Person", f"p{n}", {"born": value}) for n, value in enumerate(kinds)]
    nodes += [node("Genre", "long", "y" * LONG)]
    edges = [EdgeRecord("ACTED_IN", "Person", "scott", "Film", t, t, {"role": t}, t) for t in texts]
    edges += [EdgeRecord("ACTED_IN", "Person", f"p{n}", "Film", "heat", "", {"role": v}) for n, v in enumerate(kinds)]
    behaviour = [Interaction("RATED", t, f"f{t}", t, t, 1.0) for t in texts]
    behaviour += [Interaction("RATED", t, "heat", "rate", "lens", None, 2.5) for t in texts]
    return replace(
        films,
        nodes=[*films.nodes, *nodes],
        edges=[*films.edges, *edges],
        interactions=[*films.interactions, *behaviour],
    )


def contents(server: Neo4jServer) -> tuple[list[str], list[str]]:
    """Every node and relationship with all its properties, but for the random identity of the graph."""
    with server.driver() as driver, driver.session(database="neo4j") as session:
        nodes = [
            repr((list(row["n"].labels), sorted({**row["n"], "graph_id": None}.items())))
            for row in session.run("MATCH (n) RETURN n")
        ]
        ends = "labels(a)[0] AS al, a.uid AS a, type(r) AS type, labels(b)[0] AS bl, b.uid AS b, properties(r) AS r"
        edges = [
            repr((*row.values()[:5], sorted(row["r"].items())))
            for row in session.run(f"MATCH (a)-[r]->(b) RETURN {ends}")
        ]
    return sorted(nodes), sorted(edges)


def imported(server: Neo4jServer, export: AdminExport) -> str:
    """Run the exact command on the server's home, its database stopped; the files by their full names."""
    files = re.compile(r"(?<=[=,])(?=(?:nodes|relationships)-)")
    server.stop()
    arguments = [files.sub(f"{export.folder}/", part) for part in export.command[1:-1]]
    said = server.admin(*arguments, f"--report-file={export.folder}/import.report", "--overwrite-destination", "neo4j")
    server.restart()
    return said


READ: dict[str, Callable[[str], Any]] = {"string": str, "long": int, "double": float, "boolean": "true".__eq__}
"""How a field is read, by the type in its header."""


def read_back(export: AdminExport, name: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Type, ends and values of every row of a file, by the rules of neo4j-admin's command line."""
    type, *ends = re.sub(r"-\d+$", "", name.removesuffix(".csv").partition("-")[2]).split("-")
    header = (export.folder / name.replace(".csv", ".header.csv")).read_text().strip().split(",")
    csv.field_size_limit(2 * LONG)
    for row in csv.reader(io.StringIO((export.folder / name).read_bytes().decode(), newline="")):
        values: dict[str, Any] = {}
        for column, field in zip(header, row, strict=True):
            key, kind = column.split(":")
            key = {"START_ID": "_source", "END_ID": "_target"}.get(kind.partition("(")[0], key)
            one = READ.get(kind.removesuffix("[]"), str)
            if field:
                values[key] = [one(part) for part in field.split("\x1f")] if kind.endswith("[]") else one(field)
        yield type, tuple(ends), repr(sorted(values.items()))


def test_the_files_say_what_the_graph_holds(store: GraphStore, tmp_path: Path) -> None:
    trying_world().put_into(store)
    export = export_for_neo4j_admin(store, tmp_path / "out")
    held = sorted(
        # A field cannot tell an empty text in quotes from none with this reader; neo4j-admin can.
        (table.type, table.ends or (), repr(sorted((k, v) for k, v in row.items() if v is not None and v != "")))
        for table in store.stored_tables()
        for row in table.rows
    )
    assert sorted(row for name in export.files for row in read_back(export, name)) == held


@pytest.mark.slow
@pytest.mark.neo4j
def test_neo4j_admin_imports_what_the_server_would_have_been_written(
    store: GraphStore, tmp_path: Path, neo4j_managed: Neo4jServer, neo4j_url: str
) -> None:
    world, sources = trying_world(), [t for t in hostile_strings() if len(t) < 8_000][::4]
    with open_store(neo4j_url) as online:
        for each in (store, online):
            world.put_into(each)
            for n, source in enumerate(sources):
                each.mark_batch(source, n)
        expected, counts = contents(neo4j_managed), online.counts()
    export = export_for_neo4j_admin(store, tmp_path / "out")
    said = imported(neo4j_managed, export)
    nodes, edges = len(expected[0]), len(expected[1])
    assert f"  {nodes} nodes\n  {edges} relationships\n" in said
    assert sum(export.rows.values()) == nodes + edges
    found = contents(neo4j_managed)
    assert found[0] == expected[0]
    assert found[1] == expected[1]
    with open_store(neo4j_url) as offline:
        assert offline.schema == store.schema
        assert offline.graph_id == store.graph_id
        assert offline.counts() == counts == store.counts()
        assert [offline.finished_batches(source) for source in sources] == list(range(len(sources)))
        assert offline.upsert_interactions(world.interactions).created == 0
        # A graph read from the server and exported is the same export but for the order of rows.
        again = export_for_neo4j_admin(offline, tmp_path / "again")
    assert again.rows == export.rows
    # The import makes no constraints; opening for writing does.
    with neo4j_managed.driver() as driver:
        names = driver.execute_query("SHOW CONSTRAINTS YIELD name", database_="neo4j").records
    assert {row["name"] for row in names} >= {"kgrec_Film_uid", "kgrec_User_uid", "kgrec_KgrecImport_uid"}
