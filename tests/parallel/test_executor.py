"""The contract of executors, on all that ship: real worker processes and a real cluster among them."""

from __future__ import annotations

import pytest

from kgrec.parallel.executor import Executor
from kgrec.testing.executed_calls import ExecutorContract


class TestHere(ExecutorContract):
    name = "here"
    has_processes = False


class TestProcesses(ExecutorContract):
    name = "processes:2"


class TestRay(ExecutorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def executor(cls, ray_cluster: Executor) -> Executor:
        return ray_cluster
