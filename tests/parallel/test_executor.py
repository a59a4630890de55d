"""What every executor must do, with real worker processes among them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError
from kgrec.parallel.executor import Executor, Here
from kgrec.parallel.processes import Processes
from kgrec.progress import Event, Progress, silent
from tests.support import ROOT


@pytest.fixture(scope="module", params=["here", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "here":
        yield Here()
        return
    with Processes(2) as processes:
        yield processes


@dataclass(frozen=True)
class Squares:
    """A call with data of its own, which tells how far it is."""

    values: Array

    def __call__(self, progress: Progress) -> Array:
        progress("squares", 1, 2, "half", unit="numbers")
        return self.values**2


def refused(progress: Progress) -> int:
    raise ConfigError("no.", where="a call", next="ask another")


def killed_once(mark: Path, progress: Progress) -> int:
    """Where no file marks that it was here before, the process ends without a word."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def process_and_threads(progress: Progress) -> tuple[int, int]:
    np.linalg.inv(np.eye(3))
    return os.getpid(), max(library["num_threads"] for library in threadpool_info())


def forever(mark: Path, progress: Progress) -> None:
    mark.write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(600)


def test_results_come_to_whom_they_belong_in_any_order(executor: Executor) -> None:
    pending = [executor.submit(Squares(np.arange(n, dtype=np.float64))) for n in range(1, 5)]
    for n in (3, 0, 2, 1):
        np.testing.assert_array_equal(pending[n].result(silent), np.arange(n + 1.0) ** 2)


def test_progress_is_told_in_the_share_of_whoever_waits(executor: Executor) -> None:
    told: list[Event] = []
    _, second = Progress(told.append).named("Choose").parts(1, 1)
    executor.submit(Squares(np.ones(2))).result(second)
    assert [(event.stage, event.step, event.done, event.note, event.of_run) for event in told] == [
        ("Choose", "squares", 1, "half", 0.75)
    ]


def test_an_error_is_raised_as_it_was(executor: Executor) -> None:
    with pytest.raises(ConfigError) as error:
        executor.submit(refused).result(silent)
    assert (error.value.summary, error.value.where, error.value.next) == ("no.", "a call", "ask another")


def test_workers_are_processes_that_compute_with_one_thread() -> None:
    with Processes(2) as processes:
        ids, threads = zip(*[processes.submit(process_and_threads).result(silent) for _ in range(3)], strict=True)
    assert os.getpid() not in ids
    assert set(threads) == {1}


def test_what_a_lost_worker_had_is_done_here(tmp_path: Path) -> None:
    told: list[str] = []
    with Processes(1) as processes:
        pending = processes.submit(partial(killed_once, tmp_path / "mark"))
        assert pending.result(Progress(lambda event: told.append(event.step))) == os.getpid()
    assert told == ["a worker process has ended: its work is done here"]


def test_an_interrupted_block_ends_its_workers_at_once(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(KeyboardInterrupt):
        _interrupted(mark)
    _worker(mark).wait(timeout=30)


def _interrupted(mark: Path) -> None:
    with Processes(1) as processes:
        processes.submit(partial(forever, mark))
        _worker(mark)
        raise KeyboardInterrupt


_PARENT = """
import sys
from functools import partial
from pathlib import Path
from kgrec.parallel.processes import Processes
from kgrec.progress import silent
from tests.parallel.test_executor import forever
if __name__ == "__main__":
    with Processes(1) as processes:
        processes.submit(partial(forever, Path(sys.argv[1]))).result(silent)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script, mark = tmp_path / "parent.py", tmp_path / "mark"
    script.write_text(_PARENT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, str(script), str(mark)], env=environment)
    worker = _worker(mark)
    parent.kill()
    parent.wait()
    worker.wait(timeout=30)


def _worker(mark: Path) -> psutil.Process:
    """The process that has written its number."""
    for _ in range(600):
        if mark.exists() and (text := mark.read_text(encoding="utf-8")):
            return psutil.Process(int(text))
        time.sleep(0.05)
    raise AssertionError("no worker has begun")
