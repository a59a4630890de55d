"""Opening a graph by URL, and every way in which that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kgrec.errors import ConfigError, SchemaMismatchError, StoreUnavailableError
from kgrec.graph import known_schemes, open_store
from kgrec.graph.stores.kglite_store import KgliteStore
from kgrec.testing.sample_graph import films_graph


@pytest.mark.parametrize("url", ["kglite:", "kglite::memory:"])
def test_in_memory(url: str) -> None:
    with open_store(url) as store:
        films_graph().put_into(store)
        store.checkpoint()
        assert store.counts().nodes["Film"] == 5
    with open_store(url) as store:
        assert store.schema is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("graph.kgl", "'graph.kgl'"),
        ("sqlite:x", "'sqlite:x', did you mean 'kglite'?"),
        ("", "''"),
        ("/tmp/x", "'/tmp/x'"),
        ("neo4js://host", "'neo4js://host', did you mean 'neo4j+s'?"),
        ("postgres://me:secret@host", "'host'"),
    ],
)
def test_an_unknown_scheme(url: str, shown: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(url)
    assert str(caught.value) == (
        "ConfigError: the store's URL has no known scheme.\n"
        "  where     store\n"
        f"  found     {shown}\n"
        f"  expected  SCHEME:..., the scheme one of {', '.join(known_schemes())}\n"
        "  next      write kglite:PATH or neo4j://HOST:PORT/DATABASE, or install the package that has the scheme"
    )


def test_an_installation_without_entry_points_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.graph.schemes.entry_points", lambda group: ())
    with pytest.raises(ConfigError) as caught:
        open_store("kglite:")
    assert caught.value.expected == "SCHEME:..., the scheme one of those installed, which are none"
    assert caught.value.next == "install kgrec anew: its entry points are missing here"


def test_a_database_is_imported_when_it_is_opened_and_no_sooner() -> None:
    program = (
        "import sys, kgrec.pipeline, kgrec.recommendation.recommender\n"
        "from kgrec.graph import open_store\n"
        "def loaded(): return [name for name in ('kglite', 'neo4j') if name in sys.modules]\n"
        "before = loaded()\n"
        "open_store('kglite:').close()\n"
        "print(before, loaded())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[] ['kglite']\n"


def test_a_missing_folder(tmp_path: Path) -> None:
    path = tmp_path / "no" / "graph.kgl"
    with pytest.raises(StoreUnavailableError) as caught:
        open_store(f"kglite:{path}")
    assert str(caught.value) == (
        "StoreUnavailableError: the folder of the graph does not exist.\n"
        f"  where     kglite:{path}\n"
        f"  found     no folder '{path.parent}'\n"
        f"  next      create it: mkdir -p '{path.parent}'"
    )


@pytest.mark.parametrize("how", [{"read_only": True}, {"create": False}])
def test_nothing_to_read(tmp_path: Path, how: dict[str, bool]) -> None:
    url = f"kglite:{tmp_path / 'graph.kgl'}"
    with pytest.raises(StoreUnavailableError, match="there is no graph to read"):
        open_store(url, **how)
    assert list(tmp_path.iterdir()) == []
    with open_store(url) as store:
        films_graph().put_into(store)
    with open_store(url, **how) as store:
        assert store.counts().nodes["Film"] == 5


def test_a_file_that_is_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello " * 100)
    for read_only in (False, True):
        with pytest.raises(StoreUnavailableError, match="the graph cannot be opened"):
            open_store(f"kglite:{path}", read_only=read_only)
    assert path.read_text() == "hello " * 100


HOLD = "import sys; from kgrec.graph import open_store; s = open_store(sys.argv[1]); print('held'); sys.stdin.read()"
WRITE_AND_DIE = """
import os, sys
from kgrec.graph import open_store
from kgrec.testing.sample_graph import node
open_store(sys.argv[1]).upsert_nodes([node("Film", "late", "Late")])
os._exit(0)
"""


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "graph.kgl"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(StoreUnavailableError, match="the graph's path is no file"):
        open_store(f"kglite:{path}")
    assert path.is_dir() if kind == "folder" else path.is_fifo()


@pytest.mark.parametrize("killed", [False, True])
def test_a_reader_opens_the_file_for_writing_only_for_what_is_in_the_log_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    path = tmp_path / "graph.kgl"
    with open_store(f"kglite:{path}") as store:
        films_graph().put_into(store)
    if killed:
        subprocess.run([sys.executable, "-c", WRITE_AND_DIE, f"kglite:{path}"], check=True)
    opened = []
    to_write = KgliteStore._open_to_write

    def noted(store: KgliteStore, path: Path) -> Any:
        opened.append(path)
        return to_write(store, path)

    monkeypatch.setattr(KgliteStore, "_open_to_write", noted)
    with open_store(f"kglite:{path}", read_only=True) as reader:
        assert reader.counts().nodes["Film"] == 5 + killed
    assert opened == [path] * killed


def test_held_by_another_process(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'graph.kgl'}"
    with open_store(url) as store:
        films_graph().put_into(store)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(StoreUnavailableError) as caught:
            open_store(url)
        with open_store(url, read_only=True) as reader:
            assert reader.counts().nodes["Film"] == 5
        child.communicate()
    assert str(caught.value) == (
        "StoreUnavailableError: the graph is held for writing.\n"
        f"  where     {url}\n"
        f"  found     held by another process (pid {child.pid})\n"
        "  expected  one writer at a time\n"
        "  next      wait until it ends or close it there, or open the graph read-only"
    )
    with open_store(url) as store:
        assert store.counts().nodes["Film"] == 5


def test_held_by_this_process(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'graph.kgl'}"
    with open_store(url), pytest.raises(StoreUnavailableError) as caught:
        open_store(url)
    assert caught.value.found == f"held by this process, which has it open already (pid {os.getpid()})"


@pytest.mark.parametrize(
    ("change", "summary"),
    [
        ("SET m.format = 2", "the graph was written by another version of kgrec."),
        ("SET m.schema_json = '{}'", "the schema that the graph remembers cannot be read."),
    ],
)
def test_a_graph_of_another_version(tmp_path: Path, change: str, summary: str) -> None:
    path = tmp_path / "graph.kgl"
    with KgliteStore(f"kglite:{path}") as store:
        films_graph().put_into(store)
        store._write(f"MATCH (m:KgrecGraph) {change}", {})
    with pytest.raises(SchemaMismatchError) as caught:
        KgliteStore(f"kglite:{path}")
    assert caught.value.summary == summary
    with pytest.raises(SchemaMismatchError):
        KgliteStore(f"kglite:{path}")  # the first attempt gave the lease back
