"""docs/plugins.md has a part for every entry point group, complete; its plug-ins are installed and pass their tests."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import ROOT

PAGE = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^## `(kgrec\.\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GROUPS: dict[str, dict[str, str]] = PROJECT["entry-points"]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_group_has_a_part() -> None:
    assert set(PARTS) == set(GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_a_part_names_its_protocol_and_all_that_ships(group: str) -> None:
    text = PARTS[group]
    (ships,) = re.findall(r"^- \*\*Ships\*\* (.*?)(?=^$)", text, re.MULTILINE | re.DOTALL)
    assert [name for name in GROUPS[group] if f"`{name}`" not in ships] == []
    assert text.count("- **Protocol** ") == 1
    (example,) = blocks(text, "toml")
    assert list(tomllib.loads(example)["project"]["entry-points"]) == [group]
    assert len(blocks(text, "python")) == 2


def test_names_of_kgrec_exist() -> None:
    for name in re.findall(r"`(kgrec(?:_\w+)?(?:\.\w+)+\.[A-Z]\w+)`", PAGE):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_every_contract_suite_is_named() -> None:
    suites = {
        f"kgrec.testing.{file.stem}.{name}"
        for file in (ROOT / "kgrec/testing").glob("*.py")
        for name in re.findall(r"^class (\w+Contract)\b", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    names = (".graph_", ".open_graph.", ".account_links.")
    parts = {suite for suite in suites if any(name in suite for name in names)}
    whole = {"kgrec.testing.graph_store.GraphStoreContract"}  # the sum of the parts
    assert [suite for suite in (suites - parts) | whole if f"`{suite}`" not in PAGE] == []


def test_the_plug_ins_are_found_and_pass(tmp_path: Path) -> None:
    for block in blocks(PAGE, "python"):
        name = block.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(block, encoding="utf-8")
    package = tmp_path / "plug_ins-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: plug-ins\nVersion: 1.0\n")
    points = "".join(block.replace("[project.entry-points.", "[").replace('"', "") for block in blocks(PAGE, "toml"))
    (package / "entry_points.txt").write_text(points)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " failed" not in done.stdout
