"""Plug-ins are found as soon as their package is there, and no longer than it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kgrec.data.plugins import entry_points


def install(folder: Path, name: str) -> Path:
    package = folder / f"{name}-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[kgrec.tried]\n{name} = somewhere:made\n")
    return package


def names() -> list[str]:
    return sorted(point.name for point in entry_points("kgrec.tried"))


def test_a_package_that_comes_or_goes_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names() == []
    install(tmp_path, "first")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert names() == ["first"]
    second = install(tmp_path, "second")
    assert names() == ["first", "second"]
    shutil.rmtree(second)
    assert names() == ["first"]


def test_the_files_of_packages_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "first")
    monkeypatch.setattr("sys.path", [str(tmp_path)])  # nobody else writes there meanwhile
    found = entry_points("kgrec.tried")
    monkeypatch.setattr("kgrec.data.plugins.metadata.entry_points", lambda **_: pytest.fail("read again"))
    assert entry_points("kgrec.tried") is found
    assert found.names == {"first"}
    assert not entry_points("kgrec.of_none").names


def test_what_kgrec_comes_with_is_found() -> None:
    assert "kglite" in entry_points("kgrec.stores").names
    assert "en" in entry_points("kgrec.wording").names
