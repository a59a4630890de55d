"""What the README shows, runs: its Python in order, its commands on the same shop; and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from kgrec.cli.app import run
from tests.support import ROOT, SHOP
from tools.readme_results import with_table

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(SHOP, tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_runs(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = blocks("python")
    assert len(python) == 2
    for block in python:
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "Because you" in printed
    assert "因为您" in printed
    assert (shop / "shop.bundle/manifest.json").is_file()


@pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")
def test_the_commands_run(shop: Path) -> None:
    commands = [
        line.split("#")[0][2:] for block in blocks("console") for line in block.splitlines() if line[:7] == "$ kgrec"
    ]
    names = [command.split()[1] for command in commands]
    assert names[:6] == ["schema", "check", "ingest", "inspect", "train", "recommend"]
    assert names[6:] == ["explain", "similar", "publish", "evaluate", "forget", "benchmark"]
    for command in commands[:-1]:  # the last one needs a published set, and has its own tests
        assert run(shlex.split(command)[1:]) == 0, command


def test_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_first_screen_shows_an_explained_recommendation() -> None:
    first = "\n".join(README.splitlines()[:45])
    assert "because you" in first.lower()
    assert "HKUDS/KGRec" in first


def test_shipped_schemas_and_loaders_are_all_named() -> None:
    from kgrec.extract import known_loaders
    from kgrec.schema.load import shipped_schemas

    assert [name for name in (*known_loaders(), *shipped_schemas()) if f"`{name}" not in README] == []


def test_it_is_short() -> None:
    assert len(README.split()) < 1200


def test_the_results_are_those_that_lie_beside_them() -> None:
    assert with_table(README) == README, "run python -m tools.readme_results"
    assert README.count(" | **0.") == 12
