"""How commands end: ctrl-c, a reader that goes away, and faults of kgrec itself."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from kgrec.cli.app import run
from kgrec.cli.exits import ResumableStop, resumable
from tests.support.shop import IMPORT, Said, Shell

PROGRAM = "from kgrec.cli.app import main; main()"


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Every long command fails with this."""

    def fail(*_: object, **__: object) -> None:
        raise error

    module: Any = SimpleNamespace(ingest=fail, train=fail, evaluate_store=fail, inspect=fail)
    for name in ("kgrec.pipeline", "kgrec.evaluation.store_evaluation"):
        monkeypatch.setitem(sys.modules, name, module)


def test_ctrl_c(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    for command in (("ingest", *IMPORT), ("train",)):
        assert shell(*command) == Said(130, "", "stopped; run the same command again to continue\n")
    assert shell("evaluate") == Said(130, "", "stopped\n")


def test_a_command_says_itself_whether_it_can_be_continued(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "kgrec_benchmarks.benchmark", SimpleNamespace(measure_folder=stopped))
    assert shell("benchmark", "data") == Said(130, "", "stopped\n")
    assert shell("benchmark", "data", "--out", "a.json").err == "stopped; run the same command again to continue\n"


@pytest.mark.parametrize("when", [True, False])
def test_only_ctrl_c_is_resumable(when: bool) -> None:
    with pytest.raises(KeyboardInterrupt) as caught, resumable(when):
        raise KeyboardInterrupt
    assert isinstance(caught.value, ResumableStop) == when
    with pytest.raises(ValueError, match="bad"), resumable(when):
        raise ValueError("bad")


def test_a_fault_of_kgrec(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ZeroDivisionError("division\nby zero"))
    advice = "please report it, with the traceback that KGREC_DEBUG=1 shows"
    line = f"kgrec stopped at an unexpected ZeroDivisionError: 'division by zero'; {advice}\n"
    assert shell("inspect") == Said(1, "", line)
    as_json = shell("inspect", "--json")
    assert (as_json.code, as_json.err) == (1, line)
    assert as_json.json == {
        "error": "ZeroDivisionError",
        "summary": "'division by zero'",
        "where": None,
        "found": None,
        "expected": None,
        "next": advice,
    }


def test_the_traceback_of_a_fault_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, ZeroDivisionError("division by zero"))
    monkeypatch.setenv("KGREC_DEBUG", "1")
    assert run(["inspect"]) == 1
    assert capsys.readouterr().err.startswith("Traceback (most recent call last):\n")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_goes_away_is_no_error(shell: Shell, form: list[str]) -> None:
    shell.learned()
    command = [sys.executable, "-c", PROGRAM, "recommend", "--user", "ann", *form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == 1


def test_a_terminal_without_chinese(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.learned()
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    command = [sys.executable, "-c", PROGRAM, "explain", "--user", "ann", "--item", "empire", "--lang", "zh"]
    shown = subprocess.run(command, capture_output=True, check=True)
    assert b"\\u56e0\\u4e3a" in shown.stdout
    as_json = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, encoding="latin-1")
    assert Said(0, as_json.stdout, "").json["sentence"]["zh"].startswith("因为您看过《Star Wars》")
