"""Packages as a source of data: fetched by pip, checked by hash, renamed into the cache when complete."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from kgrec.errors import SourceError
from kgrec_loaders.wheels import Wheel, cache_folder

NAME = "kgrec_no_such_package-1.0-py3-none-any.whl"


def make_wheel(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/films.csv", "id\n1\n")
        info = "Metadata-Version: 2.1\nName: kgrec-no-such-package\nVersion: 1.0\n"
        archive.writestr("kgrec_no_such_package-1.0.dist-info/METADATA", info)
        archive.writestr("kgrec_no_such_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("kgrec_no_such_package-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip fetches from, and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


def wheel_of(path: Path) -> Wheel:
    return Wheel("kgrec-no-such-package==1.0", NAME, hashlib.sha256(path.read_bytes()).hexdigest())


def test_fetched_once_and_again_when_damaged(index: Path, tmp_path: Path) -> None:
    wheel = wheel_of(make_wheel(index / NAME))
    cache = tmp_path / "deep" / "cache"
    film = wheel.member("data/films.csv", cache)
    assert film.read_text() == "id\n1\n"
    kept = (index / NAME).rename(tmp_path / "moved")

    film.write_text("id\n2\n")
    assert wheel.member("data/films.csv", cache).read_text() == "id\n1\n", "unpacked again from the cached wheel"

    (cache / NAME).write_bytes(b"damaged")
    kept.rename(index / NAME)
    assert wheel.fetch(cache).read_bytes() == (index / NAME).read_bytes()
    assert {p.name for p in cache.iterdir()} == {NAME, NAME.removesuffix(".whl")}, "nothing half done is left behind"


def test_pip_fails(index: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        Wheel("kgrec-no-such-package==1.0", NAME, "0" * 64).fetch(tmp_path / "cache")
    assert str(caught.value) == (
        f"SourceError: pip could not fetch kgrec-no-such-package==1.0.\n  where     {NAME}\n"
        "  found     ERROR: No matching distribution found for kgrec-no-such-package==1.0\n"
        f"  expected  pip to reach a package index\n  next      put the file there yourself: {tmp_path}/cache/{NAME}"
    )


def test_another_file_than_expected(index: Path, tmp_path: Path) -> None:
    found = wheel_of(make_wheel(index / NAME)).sha256
    with pytest.raises(SourceError) as caught:
        Wheel("kgrec-no-such-package==1.0", NAME, "0" * 64).fetch(tmp_path / "cache")
    assert str(caught.value) == (
        f"SourceError: pip fetched another file than expected.\n  where     {NAME}\n  found     sha256 {found}\n"
        f"  expected  sha256 {'0' * 64}\n  next      ask where pip gets kgrec-no-such-package==1.0 from "
        "(`pip config list`); the file was not kept"
    )
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SourceError) as caught:
        Wheel("x==1", NAME, "0" * 64).fetch(tmp_path / "cache")
    assert str(caught.value) == (
        f"SourceError: the cache folder cannot be used.\n  where     {tmp_path}/cache\n  found     File exists\n"
        "  expected  a folder that can be written, with room for the data\n"
        "  next      set KGREC_CACHE to another folder"
    )


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path))
    assert cache_folder("") == tmp_path
    assert cache_folder("elsewhere") == Path("elsewhere")
    monkeypatch.delenv("KGREC_CACHE")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_folder("") == Path("/home/someone/.cache/kgrec")
