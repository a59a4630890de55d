"""What stands in a file is found there, however it is written and wherever parts of the search meet."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from kgrec.graph import open_store
from kgrec.privacy import byte_search
from kgrec.privacy.byte_search import Needles, files_under
from tests.support.bundles import film_store


@pytest.mark.parametrize("uid", ["customer-17", 'Ann "Annie" Lee', "Zoë\\Bär", "王小明王小明", "tab\tand\nline"])
def test_a_text_is_found_as_it_is_written(tmp_path: Path, uid: str) -> None:
    needles = Needles.of([uid])
    (tmp_path / "plain").write_text(f"x{uid}y{uid}", encoding="utf-8")
    (tmp_path / "ascii.json").write_text(json.dumps([uid, "b"]))
    (tmp_path / "utf8.json").write_text(json.dumps({uid: 1}, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "csv").write_text('"' + uid.replace('"', '""') + '"\n', encoding="utf-8")
    with sqlite3.connect(tmp_path / "sqlite") as database:
        database.execute("CREATE TABLE t (a, b)")
        database.execute("INSERT INTO t VALUES (?, 'next')", (uid,))
    database.close()
    found = {path.name: needles.hits(path) for path in files_under([tmp_path])}
    assert found == {"plain": 2, "ascii.json": 1, "utf8.json": 1, "csv": 1, "sqlite": 1}
    (tmp_path / "other").write_text(uid[:-1] + "#")
    assert needles.hits(tmp_path / "other") == 0


def test_letters_composed_otherwise_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("Zoë Müller".encode() + "Zoë Müller".encode())
    assert Needles.of(["Zoë Müller"]).hits(tmp_path / "a") == 2


@pytest.mark.parametrize("at_once", [1, 2, 7, 11, 12, 64])
def test_nothing_is_lost_or_counted_twice_where_parts_meet(
    tmp_path: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byte_search, "_AT_ONCE", at_once)
    (tmp_path / "a").write_bytes(b"-customer-17customer-17--a name here-" * 3 + b"customer-1")
    assert Needles.of(["customer-17", "a name"]).hits(tmp_path / "a") == 9


@pytest.mark.parametrize("size", [1, 300, 20_000])
def test_what_is_packed_is_found_with_something_behind_it(tmp_path: Path, size: int) -> None:
    other = b"".join(b"somebody-%d," % (number * number % 977) for number in range(size))
    packed = pa.compress(other + b"customer-17" + other + b"customer-17", codec="zstd", asbytes=True)
    noise = np.random.default_rng(1).bytes(size)
    (tmp_path / "a").write_bytes(b"head" + packed + b"\x07\x00junk" + packed + noise)
    as_they_are = 2 * packed.count(b"customer-17")  # a packer leaves some bytes alone
    assert Needles.of(["customer-17"]).hits(tmp_path / "a") == 4 + as_they_are
    assert Needles.of(["customer-18"]).hits(tmp_path / "a") == 0
    (tmp_path / "b").write_bytes(b"\x28\xb5\x2f\xfdno frame")
    assert Needles.of(["customer-17"]).hits(tmp_path / "b") == 0


def test_an_embedded_graph_is_read_through(tmp_path: Path) -> None:
    """The store packs its columns: who is in the graph is found in its file, and by no plain search."""
    with film_store(users=("customer-17", "somebody", "cold"), url=f"kglite:{tmp_path / 'a.kgl'}"):
        pass
    assert Needles.of(["customer-17"]).hits(tmp_path / "a.kgl") > 0
    assert Needles.of(["customer-18"]).hits(tmp_path / "a.kgl") == 0


def test_short_texts_and_empty_files_say_nothing(tmp_path: Path) -> None:
    needles = Needles.of(["ann", "12345", "customer-17", "ann"])
    assert needles.too_short == ("ann", "12345")
    (tmp_path / "a").write_bytes(b"")
    assert needles.hits(tmp_path / "a") == 0
    (tmp_path / "a").write_bytes(b"ann 12345")
    assert needles.hits(tmp_path / "a") == 0
    with pytest.raises(FileNotFoundError):
        needles.hits(tmp_path / "b")


def test_files_are_each_named_once_and_links_not_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a").write_text("")
    (tmp_path / "b").write_text("")
    (tmp_path / "folder/link").symlink_to(tmp_path / "b")
    found = files_under([tmp_path / "folder", tmp_path / "b", tmp_path / "folder", tmp_path / "none"])
    assert found == [tmp_path / "folder/a", tmp_path / "b"]


def test_a_graph_in_memory_has_no_files() -> None:
    with open_store("kglite::memory:") as store:
        assert store.files() == []
