"""Streams and signals: progress, ctrl-c, a reader that goes away, and faults of kgrec itself."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from kgrec.cli.progress_line import ProgressLine, progress_line
from kgrec.progress import silent
from tests.support.shop import IMPORT, Said, Shell

PROGRAM = "from kgrec.cli.app import main; main()"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows, as its only entry."""
    times = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: times[0])
    return times


def told(clock: list[float], *events: tuple[float, tuple[Any, ...]]) -> list[str]:
    stream = io.StringIO()
    with ProgressLine(Console(file=stream, width=100)) as progress:
        for at, event in events:
            clock[0] = at
            progress(*event)
    return stream.getvalue().splitlines()


def test_one_line_for_each_finished_stage(clock: list[float]) -> None:
    assert told(
        clock,
        (1.0, ("rows", 1000)),
        (2.0, ("rows", 3000)),
        (2.0, ("training", 0, 40)),
        (4.0, ("training", 1, 40, "loss 0.5")),
        (6.0, ("training", 2, 40, "loss 0.4")),
        (6.0, ("reading", 0, None, "folder [red]")),
        (9.0, ("fusing", 8, 8)),
    ) == [
        "rows: 3,000, 1,500/s, 2.0 s",
        "training: 2 of 40, 0.5/s, loss 0.4, 4.0 s",
        "reading: folder [red], 3.0 s",
        "fusing: 8, 0.0 s",
    ]


def test_a_stage_that_starts_again_is_a_new_one(clock: list[float]) -> None:
    again = [(float(at), ("fold", done, 2)) for at, done in enumerate([0, 1, 2, 1, 2])]
    assert told(clock, *again) == ["fold: 2, 1/s, 2.0 s", "fold: 2, 1/s, 2.0 s"]


def test_a_continued_stage_counts_its_own_work_only(clock: list[float]) -> None:
    """What a run that was stopped had done before makes no rate."""
    assert told(clock, (2.0, ("training", 31, 40)), (4.0, ("training", 33, 40))) == ["training: 33 of 40, 1/s, 4.0 s"]


def test_on_a_terminal_a_line_moves_and_the_finished_ones_stay() -> None:
    stream = io.StringIO()
    with ProgressLine(Console(file=stream, width=100, force_terminal=True, color_system=None)) as progress:
        progress("rows", 0, 10)
        progress("rows", 5, 10, "half")
        progress("texts", 1)
    assert "rows: 5 of 10, " in stream.getvalue()
    assert "texts: 1, " in stream.getvalue()


def test_a_stage_that_fails_is_not_said_to_be_finished() -> None:
    stream = io.StringIO()
    progress = ProgressLine(Console(file=stream))

    def fail() -> None:
        with progress:
            progress("rows", 5)
            raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        fail()
    assert stream.getvalue() == ""


def test_quiet() -> None:
    with progress_line(quiet=True) as progress:
        assert progress is silent


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Every long command fails with this."""

    def fail(*_: object, **__: object) -> None:
        raise error

    module: Any = SimpleNamespace(ingest_sources=fail, train=fail, evaluate_store=fail, inspect=fail)
    for name in ("kgrec.pipeline", "kgrec.evaluation.store_evaluation"):
        monkeypatch.setitem(sys.modules, name, module)


def test_ctrl_c(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    for command in (("ingest", *IMPORT), ("train",)):
        assert shell(*command) == Said(130, "", "stopped; run the same command again to continue\n")
    assert shell("evaluate") == Said(130, "", "stopped\n")


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
    from kgrec.cli.app import run

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
    assert b"\\u63a8\\u8350" in shown.stdout
    as_json = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, encoding="latin-1")
    assert Said(0, as_json.stdout, "").json["sentence"]["zh"].startswith("推荐理由")
