"""Updates in a process of their own: when they are due, how they end, and that a stop leaves nothing running."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from kgrec.live import automatic_updates as module
from kgrec.live.automatic_updates import Updates, update_command
from tests.support.waiting import waited_for

LONG = 1_000.0


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_after_some_time_the_command_is_run_again_and_again(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    said: list[str] = []
    updates = Updates(_python(f"open({str(runs)!r}, 'a').write('x')"), 0.0, lambda: False, said.append, 0.01)
    assert updates.figures() == module.UpdateFigures({}, None, None, False)
    updates.start()
    waited_for(lambda: updates.figures().outcomes.get("done", 0) >= 2)
    updates.close()
    figures = updates.figures()
    assert (figures.last, figures.running, set(figures.outcomes)) == (None, False, {"done"})
    assert figures.age_s is not None
    assert len(runs.read_text()) >= 2
    assert said[0] == "the model was brought up to date"


def test_drift_makes_one_update_and_not_one_after_the_other(tmp_path: Path) -> None:
    said: list[str] = []
    updates = Updates(_python("pass"), LONG, lambda: True, said.append, 0.01)
    updates.start()
    waited_for(lambda: bool(said))
    time.sleep(0.2)
    updates.close()
    assert updates.figures().outcomes == {"done": 1}


def test_nothing_is_due_without_drift_before_the_time_has_passed() -> None:
    updates = Updates(_python("pass"), LONG, lambda: False, lambda text: None, 0.01)
    updates.start()
    time.sleep(0.1)
    updates.close()
    assert updates.figures().outcomes == {}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (_python("import sys; sys.exit('UpdateRefusedError: finds less')"), "UpdateRefusedError: finds less"),
        (_python("import sys; sys.exit(3)"), "exit code 3"),
        (["/no/such/program"], "it could not be started"),
    ],
)
def test_what_came_to_nothing_is_said_with_its_reason(command: list[str], told: str) -> None:
    said: list[str] = []
    updates = Updates(command, LONG, lambda: True, said.append, 0.01)
    updates.start()
    waited_for(lambda: bool(said))
    updates.close()
    assert told in said[0]
    figures = updates.figures()
    assert figures.outcomes == {"failed": 1}
    assert told in str(figures.last)


def test_a_stop_ends_what_is_under_way(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    updates = Updates(_python(code), LONG, lambda: True, lambda text: None, 0.01)
    updates.start()
    waited_for(lambda: file.exists() and bool(file.read_text()))
    assert updates.figures().running
    assert os.getpriority(os.PRIO_PROCESS, int(file.read_text())) >= 10
    updates.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)
    assert updates.figures().outcomes == {}


def test_the_command_updates_the_bundle_from_its_graph() -> None:
    command = update_command("kglite:shop.kgl", "shop.bundle")
    assert command[0] == sys.executable
    assert command[3:] == ["update", "--store", "kglite:shop.kgl", "--bundle", "shop.bundle", "--quiet"]
