"""Worker processes: all answer, the dead are replaced and nobody is left; others come where the parent has changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.waiting import waited_for

_BEGIN = """
import logging, os, signal, sys, threading, time
from pathlib import Path
from kgrec.errors import ConfigError
from kgrec.service.processes import workers
from kgrec.service.processes.forking import told_to_end
from kgrec.service.processes.workers import Workers

logging.basicConfig(stream=sys.stderr, format="%(message)s")
workers._LOOK_EVERY_S, workers._LATEST_AGAIN_S, workers._BEGINS_WITHIN_S = 0.05, 0.2, 1.0
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
folder, state = Path(sys.argv[1]), ["first"]

def work(number, answers):
    if state[0] == f"bad {number}":
        raise ConfigError("this one cannot.", found=str(number))
    if state[0] == f"dead {number}":
        os._exit(3)
    if state[0] == f"late {number}":
        time.sleep(60)
    at_work = folder / f"{state[0]}.{number}.{os.getpid()}"
    try:
        answers(f"{state[0]} {number}")
        at_work.touch()
        while not told_to_end(1.0):
            pass
    finally:
        at_work.unlink(missing_ok=True)

def stand_in(number):
    aside = folder / f"aside.{number}.{os.getpid()}"
    try:
        aside.touch()
        while not told_to_end(1.0):
            pass
    finally:
        aside.unlink(missing_ok=True)

def say(said):
    print(*said, sep=", ", flush=True)

def changed():
    asked = folder / "change"
    if not asked.exists():
        return False
    state[0] = asked.read_text()
    asked.unlink()
    os.fork = refused if state[0] == "no fork" else fork
    return True

fork = os.fork

def refused():
    raise BlockingIOError(11, "no more processes")
"""
_RUN = f"{_BEGIN}\nWorkers(2, work, stand_in).run(say, changed)\n"


@contextmanager
def running(folder: Path, program: str = _RUN) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def at_work(folder: Path) -> dict[str, int]:
    """Processes by what each works at and its number."""
    return {f"{path.stem}": int(path.suffix[1:]) for path in folder.glob("*.*.*")}


def kill(folder: Path, name: str) -> None:
    """Kill who works at something; it cannot take its own file away."""
    pid = at_work(folder)[name]
    (folder / f"{name}.{pid}").unlink()
    os.kill(pid, signal.SIGKILL)


def test_all_answer_and_end_with_their_parent(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        assert said(process) == "first 0, first 1\n"
        assert at_work(tmp_path).keys() == {"first.0", "first.1"}
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
        assert not at_work(tmp_path)


def test_ctrl_c_is_for_the_parent(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        said(process)
        for pid in (*at_work(tmp_path).values(), process.pid):
            os.kill(pid, signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=20)[1]
        assert not at_work(tmp_path)


def test_one_that_dies_is_started_again_under_its_number(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        said(process)
        before = at_work(tmp_path)
        kill(tmp_path, "first.1")
        waited_for(lambda: "first.1" in at_work(tmp_path))
        after = at_work(tmp_path)
        assert after["first.0"] == before["first.0"]
        assert after["first.1"] != before["first.1"]
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[1] == "worker 1 ended (by signal 9) and is started again\n"
        assert not at_work(tmp_path)


def test_they_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        said(process)
        process.kill()
        waited_for(lambda: not at_work(tmp_path))


def test_others_take_their_place_when_the_parent_has_changed(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        said(process)
        (tmp_path / "change").write_text("second")
        waited_for(lambda: at_work(tmp_path).keys() == {"second.0", "second.1"})
        kill(tmp_path, "second.0")
        waited_for(lambda: at_work(tmp_path).keys() == {"second.0", "second.1"})
        process.send_signal(signal.SIGTERM)
        assert "is started again" in process.communicate(timeout=20)[1]
        assert not at_work(tmp_path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("bad 1", "ConfigError: this one cannot.\n  found     1"),
        ("dead 1", "KgrecError: a worker ended before it answered.\n  found     exit code 3"),
        ("late 1", "KgrecError: a worker ended before it answered.\n  found     by signal 9"),
        ("no fork", "KgrecError: a worker cannot be started.\n  found     [Errno 11]"),
    ],
)
def test_where_none_can_take_a_place_who_is_there_stays_and_it_is_tried_again(
    tmp_path: Path, change: str, why: str
) -> None:
    with running(tmp_path) as process:
        said(process)
        before = at_work(tmp_path)
        (tmp_path / "change").write_text(change)
        assert process.stderr is not None
        errors = "".join(process.stderr.readline() for _ in range(2))
        assert errors.startswith("worker 1 did not begin and is tried again in 0.2 s: " + why) or change == "no fork"
        assert why in errors
        assert at_work(tmp_path)["first.1"] == before["first.1"]
        (tmp_path / "change").write_text("second")
        waited_for(lambda: at_work(tmp_path).keys() == {"second.0", "second.1"})
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert not at_work(tmp_path)


def test_in_the_place_of_one_that_died_and_cannot_begin_something_else_is_done(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        said(process)
        (tmp_path / "change").write_text("bad 1")
        waited_for(lambda: at_work(tmp_path).keys() == {"bad 1.0", "first.1"})
        kill(tmp_path, "first.1")
        waited_for(lambda: at_work(tmp_path).keys() == {"bad 1.0", "aside.1"})
        (tmp_path / "change").write_text("second")
        waited_for(lambda: at_work(tmp_path).keys() == {"second.0", "second.1"})
        (tmp_path / "change").write_text("bad 0")
        waited_for(lambda: at_work(tmp_path).keys() == {"second.0", "bad 0.1"})
        kill(tmp_path, "second.0")
        waited_for(lambda: at_work(tmp_path).keys() == {"aside.0", "bad 0.1"})
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert not at_work(tmp_path)


def test_a_question_that_fails_ends_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        said(process)
        before = at_work(tmp_path)
        (tmp_path / "change").mkdir()
        assert process.stderr is not None
        assert process.stderr.readline() == "whether the model is another one could not be told\n"
        (tmp_path / "change").rmdir()
        assert at_work(tmp_path) == before
        (tmp_path / "change").write_text("second")
        waited_for(lambda: at_work(tmp_path).keys() == {"second.0", "second.1"})


@pytest.mark.parametrize(
    ("state", "error"), [("bad 1", "ConfigError: this one cannot."), ("dead 0", "KgrecError: a worker ended before")]
)
def test_what_one_cannot_from_the_start_is_raised(tmp_path: Path, state: str, error: str) -> None:
    with running(
        tmp_path, f"{_BEGIN}\nstate[0] = {state!r}\nWorkers(2, work, stand_in).run(say, changed)\n"
    ) as process:
        out, errors = process.communicate(timeout=20)
        assert (out, process.returncode) == ("", 1)
        assert error in errors.splitlines()[-1] or error in errors
        assert not at_work(tmp_path)
