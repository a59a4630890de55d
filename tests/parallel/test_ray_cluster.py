"""A real cluster of Ray on this machine: what becomes of work whose worker dies, and of one that is away."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from kgrec.errors import ExecutorError
from kgrec.learn.named_executors import open_executor
from kgrec.progress import silent
from tests.parallel.test_processes import killed_once


def test_what_a_lost_worker_of_a_cluster_had_is_done_by_another(tmp_path: Path) -> None:
    with open_executor("ray") as cluster:
        before = cluster.submit(partial(killed_once, tmp_path / "mark"))
        assert before.result(silent) != os.getpid()


def test_what_a_process_does_when_it_is_to_end_stays() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with open_executor("ray"):
        assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow  # half a minute is how long it is tried
def test_a_cluster_that_does_not_answer() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ExecutorError, match="cannot be reached"):
        open_executor("ray://127.0.0.1:9")
    assert signal.getsignal(signal.SIGTERM) is before
