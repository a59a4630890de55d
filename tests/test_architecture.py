"""The architecture is a test: .importlinter says who may import whom, this file what a folder and a file may be."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from importlinter import cli

from tests.support import ROOT

PACKAGES = {
    "kgrec": "kgrec",
    "kgrec_benchmarks": "benchmarks",
    "kgrec_loaders": "loaders",
    "kgrec_schemas": "graph_schemas",
}
"""Import name and folder of everything that is installed."""
SOURCES = [*PACKAGES.values(), "tools", "examples"]
MAX_LINES = 350

NAMESAKES = {
    "app": "what puts the command line together, and what puts the HTTP service together",
    "benchmark": "the loader of benchmark folders has the name that `--source` gives it; the other measures on them",
    "explain": "the same verb on the command line and over HTTP",
    "ingest": "a command, and the import that it runs",
    "model": "of a schema, of a score, of a network: each is what its room is about",
    "recommend": "the same verb on the command line and over HTTP",
    "similar": "the same question on the command line and over HTTP",
    "what_if": "what is worked out, and the same over HTTP",
    "tables": "the loader of tables has the name that `--source` gives it; the other writes tables of results",
}
"""Module names that stand twice, and why."""


def modules(*folders: str) -> list[Path]:
    """Source files without the ``__init__`` and ``__main__`` of a package."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in paths if not path.stem.startswith("__")]


def rooms() -> list[Path]:
    """The folders of ``kgrec`` and those within them."""
    return [path.parent for path in (ROOT / "kgrec").rglob("__init__.py") if path.parent.name != "kgrec"]


def test_import_rules_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda _: None)  # it silences all other loggers
    assert cli.lint_imports(config_filename=str(ROOT / ".importlinter"), no_logo=True) == cli.EXIT_STATUS_SUCCESS


def test_no_room_is_forgotten_by_a_rule() -> None:
    """The layers are exhaustive by themselves; the lists of the other rules are not."""
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter", encoding="utf-8")
    names = {f"kgrec.{path.stem}" for path in (ROOT / "kgrec").iterdir() if path.suffix == ".py" or path.is_dir()}
    names -= {"kgrec.__init__", "kgrec.__pycache__"}
    without_torch = set(rules["importlinter:contract:torch"]["source_modules"].split())
    learns = {"kgrec.learn", "kgrec.pipeline", "kgrec.evaluation", "kgrec.cli", "kgrec.testing"}
    assert names - learns == without_torch - {f"kgrec.learn.{part}" for part in ("limits", "channels", "fusion")}
    unknown_to_loaders = set(rules["importlinter:contract:loaders"]["forbidden_modules"].split())
    assert names - unknown_to_loaders == {"kgrec.data", "kgrec.errors"}


def test_importing_kgrec_stays_light() -> None:
    code = "import kgrec, sys; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_package_is_taken_in_at_a_glance() -> None:
    assert len([path for path in (ROOT / "kgrec").iterdir() if path.is_file()]) <= 7
    assert len(list((ROOT / "kgrec").glob("*/__init__.py"))) <= 18


def test_a_sentence_without_and_describes_a_room() -> None:
    sentences = {
        room: re.match(r'"""(.*?)(?:"""|\n\n)', (room / "__init__.py").read_text(encoding="utf-8"), re.DOTALL)
        for room in rooms()
    }
    assert {
        str(room.relative_to(ROOT)): found and found[1]
        for room, found in sentences.items()
        if not found or not re.fullmatch(r"[^.]+\.", found[1]) or re.search(r"\band\b", found[1])
    } == {}


def test_installed_are_all_folders() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = [
        ".".join([name, *path.parent.relative_to(ROOT / folder).parts])
        for name, folder in PACKAGES.items()
        for path in (ROOT / folder).rglob("__init__.py")
    ]
    assert sorted(packages) == sorted(folders)


def test_no_file_is_long() -> None:
    files = [path for folder in (*SOURCES, "tests") for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_module_name_stands_twice() -> None:
    places = defaultdict(list)
    for path in modules(*SOURCES):
        places[path.stem].append(str(path.relative_to(ROOT)))
    twice = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert {name: paths for name, paths in twice.items() if name not in NAMESAKES} == {}
    assert twice.keys() >= NAMESAKES.keys()


def test_no_file_has_a_vague_name() -> None:
    vague = {"utils", "helpers", "common", "misc", "core", "base", "manager"}
    assert [path for path in modules(*SOURCES, "tests") if path.stem in vague] == []


def test_nothing_pickles() -> None:
    """Nothing here: what runs in RecBole's environment reads RecBole's own files, workers their parent's."""
    workers = {"shared_values.py", "executed_calls.py"}
    ours = [path for path in modules(*SOURCES) if path.parent.name != "recbole" and path.name not in workers]
    texts = {path: path.read_text(encoding="utf-8") for path in ours}
    assert [path for path, text in texts.items() if "import pickle" in text or "torch.load(" in text] == []
