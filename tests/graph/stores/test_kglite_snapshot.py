"""A reader beside a writer has everything that was acknowledged when it was opened."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrec.errors import StoreUnavailableError
from kgrec.graph import open_store
from kgrec.graph.store import GraphStore
from kgrec.graph.stores import kglite_snapshot
from kgrec.testing.open_graph import everything
from kgrec.testing.sample_graph import films_graph, node


def films(path: Path) -> GraphStore:
    """A graph that is open for writing, all of it in its file."""
    store = open_store(f"kglite:{path}")
    films_graph().put_into(store)
    store.checkpoint()
    return store


def test_a_reader_beside_a_writer_has_what_is_in_the_log_alone(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'g.kgl'}"
    with films(tmp_path / "g.kgl") as writer:
        writer.upsert_nodes([node("Film", "new")])
        writer.delete_user("ann")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reader = open_store(url, read_only=True)
        before = everything(writer)
        assert everything(reader) == before
        writer.upsert_nodes([node("Film", "newer")])
        assert everything(reader) == before
        with open_store(url, read_only=True) as second:
            assert everything(second) == everything(writer) != before
        reader.close()
        after = everything(writer)
    with open_store(url) as store:  # the copies have taken nothing away
        assert everything(store) == after


def test_a_file_that_changes_while_it_is_copied_is_copied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, copyfile = tmp_path / "g.kgl", shutil.copyfile
    films(path).close()
    monkeypatch.setattr(kglite_snapshot, "_PAUSE_S", 0.0)
    copied: list[str] = []

    def changing(times: int) -> Callable[[Path, str], None]:
        def copy(source: Path, target: str) -> None:
            copyfile(source, target)
            copied.append(source.name)
            if copied.count("g.kgl") <= times:
                os.utime(path, (len(copied), len(copied)))

        return copy

    monkeypatch.setattr(shutil, "copyfile", changing(2))
    (tmp_path / "copy").mkdir()
    assert kglite_snapshot.snapshot(path, tmp_path / "copy").read_bytes() == path.read_bytes()
    assert copied.count("g.kgl") == 3
    monkeypatch.setattr(shutil, "copyfile", changing(10**6))
    with pytest.raises(StoreUnavailableError, match="written anew"):
        kglite_snapshot.snapshot(path, tmp_path / "copy")


def test_copies_of_killed_processes_go_and_those_of_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They hold everybody who was in the graph when they were made."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, others, mine = (tmp_path / f"kgrec-graph-{of}" for of in (f"{gone.pid}-a", "1-b", f"{os.getpid()}-c"))
    for folder in (left, others, mine):
        folder.mkdir()
        for name in ("g.kgl", "g.kgl-wal", "h.kgl"):
            (folder / name).write_text("")
    with open_store(f"kglite:{tmp_path / 'g.kgl'}") as store:
        found = [path for path in store.files() if path.parent != tmp_path]
    assert set(found) == {folder / name for folder in (others, mine) for name in ("g.kgl", "g.kgl-wal")}
    assert not left.exists()
    left.mkdir()
    assert Path(kglite_snapshot.temporary_folder()).is_dir()
    assert not left.exists()
