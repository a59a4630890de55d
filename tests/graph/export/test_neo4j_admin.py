"""The files for neo4j-admin: what is in them, and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kgrec.data.records import NodeRecord
from kgrec.errors import ConfigError, GraphError
from kgrec.graph import GraphStore, open_store
from kgrec.graph.export.neo4j_admin import MANIFEST, export_for_neo4j_admin
from kgrec.graph.store_types import StoredTable
from kgrec.progress import Event, Progress
from kgrec.testing.sample_graph import fact, films_graph, films_schema, node

LONG = 2_500_000


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with open_store("kglite::memory:") as opened:
        yield opened


@pytest.fixture
def films(store: GraphStore) -> GraphStore:
    films_graph().put_into(store)
    store.mark_batch("a source", 7)
    return store


def text(path: Path) -> str:
    return path.read_bytes().decode()


# the files


def test_the_files_of_a_small_world(films: GraphStore, tmp_path: Path) -> None:
    export = export_for_neo4j_admin(films, tmp_path / "out")
    read = {path.name: text(path) for path in export.folder.iterdir()}
    assert films.schema is not None
    schema = films.schema.model_dump_json().replace('"', '""')
    assert read["nodes-KgrecGraph.header.csv"] == (
        "uid:ID(KgrecGraph),format:long,graph_id:string,fingerprint:string,schema_json:string,pseudonym_key:string\n"
    )
    known = f'"graph",1,"{films.graph_id}","{films.schema.fingerprint()}"'
    assert read["nodes-KgrecGraph.csv"] == f'{known},"{schema}",\n'
    assert read["nodes-KgrecImport.header.csv"] == "uid:ID(KgrecImport),batches:long\n"
    assert read["nodes-KgrecImport.csv"] == '"a source",7\n'
    assert read["nodes-Film.header.csv"] == (
        "uid:ID(Film),name:string,year:double,tags:string,plot:string,aliases:string,platforms:string[]\n"
    )
    assert read["nodes-Film.csv"].splitlines()[:2] == [
        '"alien","Alien",1979.0,,,,"wiki"', '"aliens","Aliens",1986.0,,,,"wiki"'
    ]  # fmt: skip
    assert read["relationships-WORKED_WITH-Person-Person.header.csv"] == (
        ":START_ID(Person),:END_ID(Person),relation:string,platforms:string[]\n"
    )
    assert read["relationships-WORKED_WITH-Person-Person.csv"] == '"mann","scott","as producer","wiki"\n'
    assert read["relationships-WATCHED-User-Film.header.csv"] == (
        ":START_ID(User),:END_ID(Film),key:string,kind:string,platform:string,time:string,weight:double,context:string\n"
    )
    assert read["relationships-WATCHED-User-Film.csv"] == '"ann","heat","stream|wiki|","stream","wiki",,1.0,\n'
    assert (
        "CREATE CONSTRAINT kgrec_Film_uid IF NOT EXISTS FOR (n:`Film`) REQUIRE n.uid IS UNIQUE;\n"
        in (read["constraints.cypher"])
    )
    assert export.rows == {
        "KgrecGraph": 1, "KgrecImport": 1, "User": 2, "Film": 5, "Person": 6, "Genre": 1, "DIRECTED_BY": 3,
        "ACTED_IN": 6, "HAS_GENRE": 2, "SEQUEL_OF": 1, "WORKED_WITH": 1, "FOLLOWS": 2, "RATED": 3, "WATCHED": 1,
    }  # fmt: skip
    for name, rows in export.files.items():
        assert read[name].count("\n") == rows
    assert len(read) == 2 * len(export.files) + 3
    manifest = json.loads(read[MANIFEST])
    assert (manifest["graph_id"], manifest["database"]) == (films.graph_id, "neo4j")
    assert manifest["rows"] == export.rows
    assert manifest["command_line"] == export.command_line


def test_the_command(films: GraphStore, tmp_path: Path) -> None:
    export = export_for_neo4j_admin(films, tmp_path / "out", database="films.2")
    line = export.command_line
    assert line.startswith("neo4j-admin database import full --nodes=KgrecGraph=nodes-KgrecGraph.header.csv,nodes-Kg")
    assert " --relationships=RATED=relationships-RATED-User-Film.header.csv,relationships-RATED-User-Film.csv " in line
    assert line.endswith(
        " --id-type=string --array-delimiter=U+001F --multiline-fields=false --legacy-style-quoting=false "
        "--trim-strings=false --ignore-empty-strings=false --strict=true --read-buffer-size=4194304 films.2"
    )
    named = re.findall(r"(?:nodes|relationships)=\w+=([^,]+),(\S+)", line)
    assert [data for _, data in named] == list(export.files)
    assert all((export.folder / header).is_file() for header, _ in named)


def test_the_script_runs_the_command_in_its_folder(films: GraphStore, tmp_path: Path) -> None:
    export = export_for_neo4j_admin(films, tmp_path / "an 'odd' place")
    program = tmp_path / "admin"
    program.write_text('#!/bin/sh\npwd\nfor part in "$@"; do echo "$part"; done\n')
    program.chmod(0o755)
    for further in ([], ["--overwrite-destination"]):
        done = subprocess.run(
            [export.folder / "import.sh", *further],
            env=os.environ | {"NEO4J_ADMIN": str(program)},
            capture_output=True,
            text=True,
            check=True,
        )
        place, *arguments = done.stdout.splitlines()
        assert place == str(export.folder)
        assert arguments == [*export.command[1:-1], *further, "neo4j"]


def test_a_property_of_several_kinds_parts_into_several_files(store: GraphStore, tmp_path: Path) -> None:
    store.apply_schema(films_schema())
    values = [("a", 1), ("b", 1.5), ("c", "one"), ("d", None), ("e", True), ("f", ["x", "y"]), ("g", 2), ("h", [1, 2])]
    store.upsert_nodes([NodeRecord("Genre", "g", {}), NodeRecord("User", "u")])
    store.upsert_nodes([NodeRecord("Film", uid, {} if value is None else {"year": value}) for uid, value in values])  # type: ignore[dict-item]
    export = export_for_neo4j_admin(store, tmp_path / "out")
    films = [name for name in export.files if name.startswith("nodes-Film")]
    found = {
        text(export.folder / name.replace(".csv", ".header.csv")).split(",")[2]: text(export.folder / name)
        for name in films
    }
    assert films == ["nodes-Film.csv", *(f"nodes-Film-{n}.csv" for n in range(2, 7))]
    assert found == {
        "year:long": '"a","a",1,,,,\n"d","d",,,,,\n"g","g",2,,,,\n',
        "year:double": '"b","b",1.5,,,,\n',
        "year:string": '"c","c","one",,,,\n',
        "year:boolean": '"e","e",true,,,,\n',
        "year:string[]": '"f","f","x\x1fy",,,,\n',
        "year:long[]": '"h","h",1\x1f2,,,,\n',
    }


def test_labels_that_differ_in_case_only_have_files_of_their_own(store: GraphStore, tmp_path: Path) -> None:
    schema = films_schema()
    schema = schema.model_copy(update={"nodes": {**schema.nodes, "FILM": schema.nodes["Genre"]}})
    store.apply_schema(schema)
    store.upsert_nodes([node("Film", "a"), node("FILM", "b")])
    export = export_for_neo4j_admin(store, tmp_path / "out")
    assert "--nodes=Film=nodes-Film.header.csv,nodes-Film.csv" in export.command
    assert "--nodes=FILM=nodes-FILM-2.header.csv,nodes-FILM-2.csv" in export.command


def test_what_neo4j_admin_must_know_of_long_texts_and_lines(films: GraphStore, tmp_path: Path) -> None:
    films.upsert_nodes([node("Genre", "crime", "two\nlines"), node("Genre", "long", "x" * LONG)])
    export = export_for_neo4j_admin(films, tmp_path / "out")
    assert "--multiline-fields=true" in export.command
    assert "--read-buffer-size=16777216" in export.command


# what is refused, and what an interruption leaves


def test_a_refused_value_leaves_no_export(films: GraphStore, tmp_path: Path) -> None:
    films.upsert_edges([replace(fact("ACTED_IN", "Person:deniro", "Film:heat"), properties={"role": []})])
    with pytest.raises(GraphError) as caught:
        export_for_neo4j_admin(films, tmp_path / "out")
    assert str(caught.value) == (
        "GraphError: a value cannot go through neo4j-admin.\n"
        "  where     kglite::memory:, ACTED_IN 'deniro' -> 'heat'\n"
        "  found     an empty list\n"
        "  expected  a text, number, truth value or list of one kind; uids of at most 8000 bytes\n"
        "  next      import the sources into the server instead: kgrec ingest --store neo4j://HOST:PORT/DATABASE"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_uid_too_long_for_the_constraint_is_refused(films: GraphStore, tmp_path: Path) -> None:
    films.mark_batch("é" * 4000, 1)
    assert export_for_neo4j_admin(films, tmp_path / "out").rows["KgrecImport"] == 2
    films.mark_batch("é" * 4001, 1)
    with pytest.raises(GraphError, match="found     a uid of 8002 bytes"):
        export_for_neo4j_admin(films, tmp_path / "out")


def test_an_empty_store_is_refused(store: GraphStore, tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="the store is empty"):
        export_for_neo4j_admin(store, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_something_else_in_the_folder_is_refused(films: GraphStore, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for target, found in ((tmp_path, "a folder that holds something else than an export"), ("notes.txt", "a file")):
        path = tmp_path / target
        with pytest.raises(ConfigError) as caught:
            export_for_neo4j_admin(films, path)
        assert str(caught.value) == (
            "ConfigError: an export cannot be written here.\n"
            f"  where     {path}\n"
            f"  found     {found}\n"
            "  expected  a new path, an empty folder or an earlier export\n"
            "  next      name another folder"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_place_that_cannot_be_written_to(films: GraphStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        export_for_neo4j_admin(films, tmp_path / "file" / "out")
    assert str(caught.value) == (
        "ConfigError: the export cannot be written here.\n"
        f"  where     {tmp_path}/file/out\n"
        "  found     Not a directory\n"
        "  expected  a folder that can be written to, and room for the graph\n"
        "  next      name another folder"
    )


@pytest.mark.parametrize("name", ["", "ab", "1abc", "a b c", "neo4j;rm", "x" * 64])
def test_a_database_that_cannot_be(name: str, films: GraphStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        export_for_neo4j_admin(films, tmp_path / "out", database=name)
    assert str(caught.value) == (
        "ConfigError: the database cannot be called that.\n"
        "  where     database\n"
        f"  found     {name!r}\n"
        "  expected  3 to 63 letters, digits, dots and dashes, first a letter\n"
        "  next      choose another name"
    )


def test_an_earlier_export_is_replaced_as_a_whole(films: GraphStore, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export_for_neo4j_admin(films, tmp_path / "out")
    (tmp_path / "out" / "import.report").touch()
    (tmp_path / ".out.unfinished").mkdir()
    (tmp_path / ".out.unfinished" / "nodes-Gone.csv").touch()
    films.delete_user("ann")
    films.delete_user("bob")
    export = export_for_neo4j_admin(films, tmp_path / "out")
    assert "User" not in export.rows
    assert not list(export.folder.glob("*User*"))
    assert not list(export.folder.glob("*Gone*"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_interruption_keeps_the_earlier_export(films: GraphStore, tmp_path: Path) -> None:
    export_for_neo4j_admin(films, tmp_path / "out")
    before = {path.name: text(path) for path in (tmp_path / "out").iterdir()}
    films.upsert_nodes([node("User", "cid")])

    def stop(event: Event) -> None:
        if event.step == "table of RATED":
            raise KeyboardInterrupt

    for folder in ("out", "new"):
        with pytest.raises(KeyboardInterrupt):
            export_for_neo4j_admin(films, tmp_path / folder, progress=Progress(stop))
    assert {path.name: text(path) for path in (tmp_path / "out").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_rows_are_not_gathered(films: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ({"uid": str(n), "name": "x" * 100} for n in range(10_000))
    monkeypatch.setattr(films, "stored_tables", lambda: iter([StoredTable("Film", None, rows)]))
    tracemalloc.start()
    export = export_for_neo4j_admin(films, tmp_path / "out")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert export.rows == {"Film": 10_000}
    assert peak < 500_000


# the real program
