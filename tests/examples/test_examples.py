"""The scripts of examples/ run, in a folder of their own, and stay short enough to be read at a glance."""

from __future__ import annotations

import io
import runpy
from contextlib import redirect_stdout
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the first example has left its graph and its bundle."""
    folder = tmp_path_factory.mktemp("examples")
    assert "1 " in shown("own_csv", folder).splitlines()[-3]
    return folder


def shown(name: str, folder: Path, *arguments: str) -> str:
    """What an example prints, run as a script of its own."""
    script = str(FOLDER / f"{name}.py")
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as monkeypatch, redirect_stdout(written):
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.argv", [script, *arguments])
        runpy.run_path(script, run_name="__main__")
    return written.getvalue()


def test_a_score_is_explained(place: Path) -> None:
    text = shown("explain_a_score", place)
    assert "Because you bought" in text
    assert "因为您" in text
    assert "of what speaks for it" in text


def test_a_history_is_folded_in(place: Path) -> None:
    assert "falls from rank 1 to" in shown("fold_in_and_counterfactual", place)


def test_a_channel_is_added(place: Path) -> None:
    assert "'same_maker': " in shown("add_a_channel", place)


def test_rdf_joins_the_graph(tmp_path: Path) -> None:
    assert "both tents COMES_FROM Norway" in shown("own_rdf", tmp_path)


@pytest.mark.neo4j
def test_neo4j_takes_it_all(tmp_path: Path, neo4j_url: str) -> None:
    text = shown("use_neo4j", tmp_path, neo4j_url)
    assert "MATCH shown = (:`Customer`" in text
    assert "who else bought the stove: [{" in text


def test_each_is_run_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [script.stem for script in SCRIPTS if f'shown("{script.stem}"' not in source] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_is_short(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) < 40
