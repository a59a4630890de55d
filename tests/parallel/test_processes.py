"""Workers in processes of their own: how they compute, and when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info

from kgrec.parallel.executor import Executor
from kgrec.parallel.processes import Processes
from kgrec.parallel.shared_values import SharedFile
from kgrec.progress import Progress, silent
from tests.support import ROOT


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


def test_workers_are_processes_that_compute_with_one_thread(ray_cluster: Executor) -> None:
    with Processes(1) as processes:
        for executor in (processes, ray_cluster):
            ids, threads = zip(*[executor.submit(process_and_threads).result(silent) for _ in range(3)], strict=True)
            assert os.getpid() not in ids
            assert set(threads) == {1}


def always_killed(process: int, progress: Progress) -> int:
    if os.getpid() != process:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_what_a_lost_worker_had_is_done_by_another(tmp_path: Path) -> None:
    told: list[str] = []
    with Processes(1) as processes:
        pending = processes.submit(partial(killed_once, tmp_path / "mark"))
        assert pending.result(Progress(lambda event: told.append(event.step))) != os.getpid()
    assert told == ["a worker process has ended: its work is done again"]


def test_what_ends_every_worker_is_done_here() -> None:
    told: list[str] = []
    with Processes(1) as processes:
        pending = processes.submit(partial(always_killed, os.getpid()))
        assert pending.result(Progress(lambda event: told.append(event.step))) == os.getpid()
    assert told[-1] == "workers have ended 4 times over it: its work is done here"


def test_a_shared_value_is_in_one_file_which_goes() -> None:
    numbers = np.arange(1_000_000.0)
    with Processes(1) as processes, processes.share(numbers) as handle:
        assert isinstance(handle, SharedFile)
        assert handle.path.stat().st_size < 1.01 * numbers.nbytes
        read = handle.value()
        assert not read.flags.writeable
        assert handle.path.exists()
    assert not handle.path.parent.exists()
    np.testing.assert_array_equal(read, numbers)  # whoever has it keeps it


_PARENT = """
import signal
import sys
from functools import partial
from pathlib import Path
from kgrec.learn.named_executors import open_executor
from kgrec.progress import silent
from tests.parallel.test_processes import forever
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background it is ignored
    before = signal.getsignal(signal.SIGTERM)
    with open_executor(sys.argv[1]) as executor:
        assert signal.getsignal(signal.SIGTERM) is before, "what this process does when it is to end has changed"
        executor.submit(partial(forever, Path(sys.argv[2]))).result(silent)
"""


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("processes:1", signal.SIGKILL),
        ("processes:1", signal.SIGINT),
        pytest.param("ray", signal.SIGKILL, marks=pytest.mark.slow),  # a cluster of its own takes its time
        ("ray", signal.SIGINT),
    ],
)
def test_workers_end_with_a_parent_that_is_killed_or_interrupted(
    name: str, how: signal.Signals, tmp_path: Path
) -> None:
    script, mark = tmp_path / "parent.py", tmp_path / "mark"
    script.write_text(_PARENT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), name, str(mark)]
    parent = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    worker = _worker(mark, parent)
    parent.send_signal(how)
    _, said = parent.communicate(timeout=60)
    assert ("KeyboardInterrupt" in said) is (how is signal.SIGINT)
    worker.wait(timeout=30)


def _worker(mark: Path, parent: subprocess.Popen[str]) -> psutil.Process:
    """The process that has written its number."""
    while parent.poll() is None:  # a cluster takes its time to start where others work, too
        if mark.exists() and (text := mark.read_text(encoding="utf-8")):
            return psutil.Process(int(text))
        time.sleep(0.05)
    raise AssertionError(f"no worker has begun: {parent.communicate()[1]}")
