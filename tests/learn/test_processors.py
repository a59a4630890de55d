"""Processors by affinity and by quota, threads that sleep while they wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from kgrec.learn import processors
from kgrec.learn.processors import set_up_threads, thread_limit, threads_limited_to, usable_processors


@pytest.fixture(autouse=True)
def four(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of which this process may run on four processors."""
    monkeypatch.setattr(processors, "_may_run_on", lambda: 4)


def machine(root: Path, groups: str, **files: str) -> Path:
    """A file system with the groups of this process, and files by path with ``__`` for a slash."""
    named = {"proc/self/cgroup": groups} | {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in named.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


V1 = "9:name=systemd:/\n5:cpuset:/docker/ab\n1:cpu,cpuacct:/docker/ab\n"


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 4),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "10000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "800000 100000\n"}, 4),
        ("0::/\n", {}, 4),
        # The group around sets the quota, whichever is the smaller.
        ("0::/pod/box\n", {"pod__cpu.max": "100000 100000\n", "pod__box__cpu.max": "300000 100000\n"}, 1),
        ("0::/pod/box\n", {"pod__cpu.max": "max 100000\n", "pod__box__cpu.max": "300000 100000\n"}, 3),
        # v1, as the host names the group, and as the container sees it.
        (V1, {"cpu__docker__ab__cpu.cfs_quota_us": "300000", "cpu__docker__ab__cpu.cfs_period_us": "100000"}, 3),
        (V1, {"cpu,cpuacct__cpu.cfs_quota_us": "50000", "cpu,cpuacct__cpu.cfs_period_us": "25000"}, 2),
        (V1, {"cpu__cpu.cfs_quota_us": "-1", "cpu__cpu.cfs_period_us": "100000"}, 4),
        # Of a group that does not count processors.
        ("5:cpuset:/\n", {"cpu__cpu.cfs_quota_us": "100000", "cpu__cpu.cfs_period_us": "100000"}, 4),
    ],
)
def test_a_quota_counts_where_it_is_less_than_the_processors(
    groups: str, files: dict[str, str], expected: int, tmp_path: Path
) -> None:
    assert usable_processors(machine(tmp_path, groups, **files)) == expected


def test_where_there_are_no_groups_the_processors_count(tmp_path: Path) -> None:
    assert usable_processors(tmp_path) == 4


def test_of_the_processors_those_count_that_the_process_may_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this system does not say which processors a process may run on")
    monkeypatch.undo()
    own = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(own)})
        assert usable_processors() == 1
    finally:
        os.sched_setaffinity(0, own)


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_what_the_user_has_said_about_waiting_stays(name: str) -> None:
    said = {name: "7"}
    set_up_threads(said)
    assert said == {name: "7"}


@pytest.mark.parametrize(("granted", "said", "expected"), [(2, None, "2"), (2, "3", "3"), (4, None, None)])
def test_threads_are_as_many_as_a_quota_grants_unless_the_user_has_said_it(
    granted: int, said: str | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processors, "usable_processors", lambda: granted)
    environment = {} if said is None else {"OMP_NUM_THREADS": said}
    set_up_threads(environment)
    assert environment.get("OMP_NUM_THREADS") == expected


@pytest.mark.parametrize("module", ["kgrec.learn.fit", "kgrec.learn.neural", "kgrec.learn.encoders.transformer"])
def test_waiting_threads_sleep_before_torch_is_loaded(module: str) -> None:
    code = f"""
import os, sys
import kgrec

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise SystemExit(f"torch comes with {{os.environ.get('OMP_WAIT_POLICY')}}")

sys.meta_path.insert(0, Watch())
import {module}
import torch
"""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == "torch comes with PASSIVE\n"


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_work_is_shared_among_as_many_threads_as_are_allowed() -> None:
    assert thread_limit() == usable_processors()
    np.ones((2, 2)) @ np.ones((2, 2))
    before = blas_threads()
    with threads_limited_to(1):
        assert thread_limit() == 1
        assert blas_threads() == {1}
        with threads_limited_to(1000, in_linear_algebra=500):
            assert thread_limit() == 1000
            assert blas_threads() == {1}, "it was set to fewer"
    with threads_limited_to(1000, in_linear_algebra=1):
        assert (thread_limit(), blas_threads()) == (1000, {1})
    assert thread_limit() == usable_processors()
    assert blas_threads() == before
