"""The scripts of examples/ run, in a folder of their own, and stay short enough to be read at a glance."""

from __future__ import annotations

import io
import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

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


@pytest.mark.slow
@pytest.mark.neo4j
def test_neo4j_takes_it_all(tmp_path: Path, neo4j_url: str) -> None:
    text = shown("use_neo4j", tmp_path, neo4j_url)
    assert "MATCH shown = (:`Customer`" in text
    assert "who else bought the stove: [{" in text


def test_a_web_page_shows_reasons_and_reports(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hour of a developer: the commands are those that the example's own text says."""
    folder = shutil.copytree(place, tmp_path / "shop")
    text = (FOLDER / "web_page.py").read_text(encoding="utf-8")
    key_line, serve_line = (
        shlex.split(line, comments=True) for line in re.findall(r"^\$ (kgrec .*)$", text, re.MULTILINE)
    )
    kgrec = [sys.executable, "-c", "from kgrec.cli.app import main; main()"]
    made = subprocess.run([*kgrec, *key_line[1:]], cwd=folder, capture_output=True, text=True, check=True)
    (key,) = re.findall(r"kgrec_\S+", made.stdout)
    command = [*kgrec, *serve_line[1:], "--port", "0", "--json"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = json.loads("".join(process.stdout.readline() for _ in range(3)))["url"]
        monkeypatch.setenv("KGREC_URL", url)
        monkeypatch.setenv("KGREC_KEY", key)
        example = loaded("web_page")
        page = example["page"]
        first = asked(page, "user=ada")
        assert first.count("Because you") == 3
        event, item = re.findall(r"name=event value=(\S+?)><button name=item value='(.*?)'", first)[0]
        second = asked(page, "user=ada", f"event={event}&item={item}")
        assert second.count("Because you") == 3
        assert f"value='{item}'" not in second
        for query in ("", "user="):  # and what a browser asks for by itself, such as /favicon.ico
            assert asked(page, query).count("name=user") == 1
        assert "there is no such user" in asked(page, "user=<b>nobody", status="502 Bad Gateway")
        example["service"].close()
    finally:
        process.terminate()
        process.communicate(timeout=20)


def loaded(name: str) -> dict[str, Any]:
    """What an example defines, without what it starts."""
    return runpy.run_path(str(FOLDER / f"{name}.py"), run_name=name)


def asked(page: Any, query: str, form: str | None = None, status: str = "200 OK") -> str:
    """What a WSGI application answers."""
    request: dict[str, Any] = {"QUERY_STRING": query, "REQUEST_METHOD": "GET" if form is None else "POST"}
    content = (form or "").encode()
    request |= {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
    setup_testing_defaults(request)
    said: list[str] = []
    answer = b"".join(page(request, lambda status, headers: said.append(status))).decode()
    assert said == [status]
    return answer


def test_each_is_run_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [script.stem for script in SCRIPTS if not re.search(rf'(shown|loaded)\("{script.stem}"', source)] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_is_short(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) < 40
